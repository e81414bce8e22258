"""The service: hears providers, keeps notifications, hands them to devices. Trio.

The folders follow a push from left to right: ``provider`` → ``validation`` → ``routing`` →
``store`` → ``courier``.
"""
