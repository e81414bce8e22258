"""A courier link: the stream, the protocol, and the bytes that wait to be written.

One task reads (``async for messages in link``), one task writes (:meth:`Link.write`); everybody
else says :meth:`Link.send`, which never blocks. What is said while the writer is busy leaves
together in its next write.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import trio

import worldtime
from gateway.courier.bell import Bell
from protocol.courier.connection import CourierConnection
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.states import Role

if TYPE_CHECKING:
    from gateway.courier.terms import CourierSettings
    from protocol.courier.codec import Codec
    from protocol.courier.messages import GatewayMessage, Message

# The largest TLS record's worth: enough for hundreds of acknowledgements in one chunk.
_RECEIVE_BYTES = 16 * 1024


class Link:
    """The gateway's end of one link, from TLS on.

    Resource handling: the link owns the stream; :meth:`aclose` closes it.

    Error handling: whatever ends the link (the peer's goodbye, its mistakes, a broken stream,
    :meth:`end`) ends the iteration and leaves its ``reason``; nothing is raised to the reader.

    Args:
        stream: where the bytes go; its handshake is done.
        codec: the dialect that ALPN chose.
        settings: bounds.
    """

    __slots__ = (
        "_bell",
        "_connection",
        "_outbox",
        "_room",
        "_settings",
        "_stream",
        "heard_at",
        "reason",
        "said_goodbye",
    )

    def __init__(self, stream: trio.abc.Stream, codec: Codec, settings: CourierSettings) -> None:
        self._stream = stream
        self._connection = CourierConnection(Role.GATEWAY, codec, settings.max_frame_bytes)
        self._settings = settings
        self._outbox = bytearray()
        self._bell = Bell()
        self._room = trio.Event()
        # When the last chunk came, by the world's time.
        self.heard_at = worldtime.current_time()
        # Why the link has ended; empty while it has not.
        self.reason = ""
        # Whether the device has closed it, and so knows what it did not get.
        self.said_goodbye = False

    @property
    def has_room(self) -> bool:
        """Whether more may be said without waiting."""
        return len(self._outbox) <= self._settings.high_water_bytes

    @property
    def dialect(self) -> str:
        """What is spoken on it, by the name that ALPN chose."""
        return self._connection.dialect

    @property
    def max_frame_bytes(self) -> int:
        """The largest frame that may pass."""
        return self._connection.max_frame_bytes

    def send(self, message: GatewayMessage) -> None:
        """Say something with the next write; once the link has ended, nobody hears it.

        Raises:
            LocalProtocolError: it may not be said now: our bug.
        """
        if not self.reason:
            self._outbox += self._connection.send(message)
            self._bell.ring()

    def end(self, reason: str) -> None:
        """Read no more; the writer writes what is unsent and ends. The first reason stays."""
        if not self.reason:
            self.reason = reason
            self._bell.ring()

    async def wait_for_room(self) -> None:
        """Return once :attr:`has_room`."""
        while not self.has_room:
            await self._room.wait()

    def __aiter__(self) -> Link:
        return self

    async def __anext__(self) -> list[Message]:
        """The messages of the next chunk; maybe none."""
        if self.reason:
            raise StopAsyncIteration
        # What we are told may have to be answered: a peer that only talks must wait.
        await self.wait_for_room()
        try:
            data = bytes(await self._stream.receive_some(_RECEIVE_BYTES))
            self.heard_at = worldtime.current_time()
            messages = self._connection.receive_data(data)
        except RemoteProtocolError as error:
            self.end(f"protocol error: {error}")
            return list(error.messages)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self.end(f"connection lost ({error.__cause__ or error})")
            raise StopAsyncIteration from None
        if not data:
            self.said_goodbye = True
            self.end("closed by the device")
        return messages

    async def write(self) -> None:
        """Write what is said until the link has ended; the only task that may.

        Raises:
            trio.BrokenResourceError: the peer is gone, or has not read for ``send_seconds``.
        """
        while self._outbox or not self.reason:
            if not self._outbox:
                await self._bell.wait()
            await self.flush()

    async def flush(self) -> None:
        """Write what is unsent, in one piece; for the writer, or while there is none.

        Raises:
            trio.BrokenResourceError: as :meth:`write`.
        """
        data, self._outbox = self._outbox, bytearray()
        if not data:
            return
        self._room.set()
        self._room = trio.Event()
        with trio.move_on_after(self._settings.send_seconds) as scope:
            await self._stream.send_all(data)
        if scope.cancelled_caught:
            self.end(f"the device did not read for {self._settings.send_seconds:g} s")
            raise trio.BrokenResourceError(self.reason)

    async def aclose(self) -> None:
        """Close the stream, politely if that takes no longer than ``close_seconds``."""
        self.end("closed by the gateway")
        with trio.move_on_after(self._settings.close_seconds, shield=True):
            with contextlib.suppress(trio.BrokenResourceError):  # it had gone already
                await self._stream.aclose()
