"""The one task that sends on a provider connection."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import trio

from gateway import tcp

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.provider.http2 import Http2

CLOSE_SECONDS = 5
"""How long TLS may take to say goodbye."""


class Writer:
    """Sends what ``Http2`` has ready whenever it is rung for, and closes the stream at the end.

    The bell is a flag: any number of answers made since the last look leave in one piece.

    Args:
        stream: where to send.
        http2: what to send.
        write_seconds: how long the peer may leave one piece unread.
    """

    def __init__(self, stream: trio.abc.Stream, http2: Http2, write_seconds: float) -> None:
        self.bytes_sent = 0
        self._stream = stream
        self._http2 = http2
        self._write_seconds = write_seconds
        self._bell = trio.Event()
        self._room = trio.Event()
        self._finishing = False
        self._peer_left = False
        self._breaks_off: Callable[[trio.abc.Stream], Awaitable[None]] | None = None

    def ring(self) -> None:
        """Something is ready to be sent."""
        self._bell.set()

    def finish(self) -> None:
        """Send what is ready, close the stream, end."""
        self._finishing = True
        self._bell.set()

    def hush(self) -> None:
        """Say nothing any more; what is ready is dropped."""
        self._peer_left = True

    def break_off(self, *, is_reset: bool) -> None:
        """Say nothing any more, and close below TLS: by RST, or by FIN."""
        self.hush()
        self._breaks_off = tcp.reset if is_reset else tcp.close_below

    async def until_there_is_room(self) -> None:
        """Wait until everything that was ready before has been sent."""
        self._room = trio.Event()
        await self._room.wait()

    async def run(self) -> bool:
        """Send until finished, then close the stream.

        A peer that has left may have said something before: its requests are still read and
        answered, and the answers dropped here.

        Returns:
            Whether the peer kept reading. If not, the stream is closed by force.
        """
        while await self._send_what_is_ready():
            if self._finishing:
                await self._close()
                return True
            self._bell = trio.Event()
            await self._bell.wait()
        await trio.aclose_forcefully(self._stream)
        return False

    async def _send_what_is_ready(self) -> bool:
        while data := self._http2.take():
            with trio.move_on_after(self._write_seconds) as patience:
                await self._send(data)
            if patience.cancelled_caught:
                return False
            self._room.set()
        return True

    async def _send(self, data: bytes) -> None:
        if self._peer_left:
            return
        try:
            await self._stream.send_all(data)
            self.bytes_sent += len(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._peer_left = True

    async def _close(self) -> None:
        with trio.move_on_after(CLOSE_SECONDS), suppress(trio.BrokenResourceError):
            if self._breaks_off is not None:
                await self._breaks_off(self._stream)
            else:
                await self._stream.aclose()
