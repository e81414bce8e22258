"""Connections that only the gateway still believes in."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

import trio

import worldtime

if TYPE_CHECKING:
    from trio.abc import Stream

# How many lost connections stay open at the gateway's side before the oldest is let go.
MAX_LOST_STREAMS = 1024
# And for how long: longer than a gateway's patience with a silent device.
LOST_STREAM_SECONDS = 7200.0
# What one of them may swallow per sweep.
_SWALLOW_BYTES = 1024 * 1024


class LostStreams:
    """Sockets whose phone believes them gone while the gateway does not.

    Closing one would send the FIN that the lost network swallows, so they are kept for
    ``LOST_STREAM_SECONDS`` and at most ``MAX_LOST_STREAMS`` at once. What the gateway sends
    meanwhile is swallowed: it must not notice by a full buffer that nobody reads.
    """

    def __init__(self) -> None:
        self._streams: deque[tuple[float, Stream]] = deque()

    def __len__(self) -> int:
        return len(self._streams)

    def keep(self, stream: Stream) -> None:
        """Take over a stream that its owner has done with."""
        self._streams.append((worldtime.current_time(), stream))

    async def sweep(self) -> None:
        """Swallow what came, and close what is too old or too many."""
        oldest = worldtime.current_time() - LOST_STREAM_SECONDS
        while self._streams and (
            len(self._streams) > MAX_LOST_STREAMS or self._streams[0][0] <= oldest
        ):
            await trio.aclose_forcefully(self._streams.popleft()[1])
        for _, stream in self._streams:
            _swallow(stream)

    async def aclose(self) -> None:
        """Close all of them."""
        while self._streams:
            await trio.aclose_forcefully(self._streams.popleft()[1])


def _swallow(stream: Stream) -> None:
    """Read what the kernel has, without waiting; other streams have no buffer that fills up."""
    if not isinstance(stream, trio.SocketStream):
        return
    swallowed = 0
    try:
        while swallowed < _SWALLOW_BYTES and (data := os.read(stream.socket.fileno(), 65536)):
            swallowed += len(data)
    except OSError:  # nothing there, or the gateway has given up
        pass
