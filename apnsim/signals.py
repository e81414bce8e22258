"""How commands that run until they are told to end are told."""

from __future__ import annotations

import signal

import trio


def that_end() -> tuple[signal.Signals, ...]:
    """SIGINT, SIGTERM, and SIGHUP: the terminal was closed. With ``nohup`` that is ignored."""
    usual = (signal.SIGINT, signal.SIGTERM)
    is_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    return usual if is_ignored else (*usual, signal.SIGHUP)


async def cancel_on_signal(scope: trio.CancelScope) -> None:
    """End what is in the scope at one of these signals."""
    with trio.open_signal_receiver(*that_end()) as signals:
        async for _ in signals:
            scope.cancel()
