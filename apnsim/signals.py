"""How commands that run until they are told to end are told."""

from __future__ import annotations

import signal

import trio


async def cancel_on_signal(scope: trio.CancelScope) -> None:
    """End what is in the scope at SIGINT or SIGTERM."""
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()
