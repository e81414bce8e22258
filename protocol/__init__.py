"""The language: what providers, the gateway and devices say to one another.

No IO, no tasks, no clock, no dice: bytes become values and values become bytes. Everything here
is safe to call from any thread or event loop, and a test in ``tests/test_architecture.py`` keeps
it that way.
"""
