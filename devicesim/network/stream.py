"""One connection of a phone, as its network treats it.

A phone whose path died without a FIN (a NAT that forgot, a router that lost its WAN side) sees a
healthy link: what it writes vanishes, what it waits for never comes. :class:`PhoneStream` does
exactly that once it has gone dark, for its whole remaining life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from trio.abc import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.network.lost import LostStreams


class PhoneStream(Stream):
    """A byte stream through a phone's network.

    Args:
        stream: the real one; owned.
        lost: who keeps the real one if it goes dark.
    """

    def __init__(self, stream: Stream, lost: LostStreams) -> None:
        self._stream = stream
        self._lost = lost
        self._is_dark = False
        self._is_closed = False
        self.on_close: Callable[[PhoneStream], None] | None = None

    def go_dark(self) -> None:
        """From now on bytes vanish both ways, and so does the end of the stream."""
        self._is_dark = True

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send, or seem to."""
        if self._is_dark and not self._is_closed:
            await trio.lowlevel.checkpoint()
            return
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """A network that swallows bytes always has room."""
        if self._is_dark and not self._is_closed:
            await trio.lowlevel.checkpoint()
            return
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive; once dark, wait for ever (until cancelled)."""
        data: bytes | bytearray = b""
        if not self._is_dark:
            try:
                data = await self._stream.receive_some(max_bytes)
            except trio.BrokenResourceError:
                if not self._is_dark:  # a reset does not reach a dark phone
                    raise
        # It may have gone dark while waiting: what arrived since then did not.
        if self._is_dark and not self._is_closed:
            await trio.sleep_forever()
        return bytes(data)

    async def aclose(self) -> None:
        """Close; a dark stream only ceases to exist on the phone."""
        if self._is_closed:
            return
        self._is_closed = True
        if self.on_close is not None:
            self.on_close(self)
        if self._is_dark:
            self._lost.keep(self._stream)
            await trio.lowlevel.checkpoint()
            return
        await self._stream.aclose()
