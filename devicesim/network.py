"""The phone's network, as a stream wrapper below TLS.

A phone whose path died without a FIN (a NAT that forgot, a router that lost its WAN side) sees a
healthy link: what it writes vanishes, what it waits for never comes. :class:`PhoneStream` does
exactly that once its network goes half-open, for that stream's whole remaining life.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

import trio
from trio.abc import Stream

if TYPE_CHECKING:
    from collections.abc import Callable

# How many lost connections stay open at the gateway's side before the oldest is let go.
MAX_LOST_STREAMS = 1024
# And for how long: longer than a gateway's patience with a silent device.
LOST_STREAM_SECONDS = 3600.0


class NetworkKind(StrEnum):
    """What carries the phone's link."""

    WIFI = "wifi"
    CELLULAR = "cellular"
    NONE = "none"
    HALF_OPEN = "half-open"


class LostStreams:
    """Sockets whose phone believes them gone while the gateway does not.

    Closing one would send the FIN that the lost network swallows, so they are kept for
    ``LOST_STREAM_SECONDS`` and at most ``MAX_LOST_STREAMS`` at once.
    """

    def __init__(self) -> None:
        self._streams: deque[tuple[float, Stream]] = deque()

    def __len__(self) -> int:
        return len(self._streams)

    def keep(self, stream: Stream) -> None:
        """Take over a stream that its owner has done with."""
        self._streams.append((trio.current_time(), stream))

    async def sweep(self) -> None:
        """Close what is too old or too many."""
        oldest = trio.current_time() - LOST_STREAM_SECONDS
        while self._streams and (
            len(self._streams) > MAX_LOST_STREAMS or self._streams[0][0] <= oldest
        ):
            await trio.aclose_forcefully(self._streams.popleft()[1])

    async def aclose(self) -> None:
        """Close all of them."""
        while self._streams:
            await trio.aclose_forcefully(self._streams.popleft()[1])


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


class PhoneNetwork:
    """Which network a phone is on, and the streams that go through it."""

    __slots__ = ("_lost", "_streams", "kind")

    def __init__(self, lost: LostStreams, kind: NetworkKind = NetworkKind.WIFI) -> None:
        self._lost = lost
        self._streams: set[PhoneStream] = set()
        self.kind = kind

    @property
    def interface(self) -> str:
        """What the device calls it in its Connect."""
        return "Cellular" if self.kind is NetworkKind.CELLULAR else "WiFi"

    def wrap_stream(self, stream: Stream) -> Stream:
        """The hook that a dialer puts below TLS."""
        phone_stream = PhoneStream(stream, self._lost)
        phone_stream.on_close = self._streams.discard
        self._streams.add(phone_stream)
        return phone_stream

    async def wait(self) -> None:
        """Before a connection is opened: a dead path never answers."""
        if self.kind is NetworkKind.HALF_OPEN:
            await trio.sleep_forever()

    def switch(self, kind: NetworkKind) -> None:
        """Move to another network; half-open darkens what is open."""
        self.kind = kind
        if kind is NetworkKind.HALF_OPEN:
            for stream in self._streams:
                stream.go_dark()
