"""CourierLink: a Trio shell around the device's end of a courier connection.

One link = the caller, who reads, and one writer task. ``send()`` never blocks: it encodes into the
outbox, and the writer sends what has gathered there in one piece, so the answers to one received
chunk leave in one write. The outbox is bounded twice: beyond ``OUTBOX_ROOM_BYTES`` the reader
reads nothing more, beyond ``OUTBOX_MAX_BYTES`` the link is given up.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

import worldtime
from devicesim.link.dial import LinkError, say_goodbye
from protocol.courier.connection import CourierConnection
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.messages import Connect, ConnectResponse, ConnectStatus
from protocol.courier.states import Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devicesim.link.dial import Dial, SecureStream
    from protocol.courier.messages import DeviceMessage, Message

OUTBOX_ROOM_BYTES = 64 * 1024
OUTBOX_MAX_BYTES = 1024 * 1024
# From the first packet to the gateway's welcome.
CONNECT_SECONDS = 10.0
# How long saying goodbye may take: flush, TLS close, and the gateway's own close.
CLOSE_SECONDS = 1.0
OS_VERSION, HARDWARE = "18.5", "apnsim"


class CourierLink:
    """One link from its welcome to its end; made by :func:`open_link`.

    Iterate over it for the messages of each received chunk; the iteration ends with the link, and
    ``reason`` then says why.
    """

    def __init__(self, secure: SecureStream) -> None:
        self.local, self.remote, self.interface = secure.local, secure.remote, secure.interface
        self.reason = ""
        self._stream = secure.stream
        self._core = CourierConnection(Role.DEVICE, secure.codec)
        self._outbox = bytearray()
        self._unread: list[Message] = []
        self._bell = trio.Event()
        self._room = trio.Event()
        self._written = trio.Event()
        self._is_closing = False
        self._is_lost = False
        self.scope = trio.CancelScope()
        self._writer_scope = trio.CancelScope(shield=True)

    def __str__(self) -> str:
        return f"{self.local} -> {self.remote}"

    @property
    def is_lost(self) -> bool:
        """Whether it ended without a word of the gateway."""
        return self._is_lost

    def send(self, *messages: DeviceMessage) -> None:
        """Say something; it leaves with the next write. Once the link has ended it is lost."""
        if self.reason:
            return
        for message in messages:
            self._outbox += self._core.send(message)
        if len(self._outbox) > OUTBOX_MAX_BYTES:
            self.end("the gateway does not read", is_lost=True)
        self._bell.set()

    def end(self, reason: str, *, is_lost: bool = False) -> None:
        """End the link; whoever is inside :func:`open_link` leaves it.

        Args:
            reason: for the log; the first one stays.
            is_lost: nobody listens at the other end: leave without a goodbye.
        """
        self._note_end(reason, is_lost=is_lost)
        self.scope.cancel()

    def __aiter__(self) -> CourierLink:
        return self

    async def __anext__(self) -> list[Message]:
        while len(self._outbox) > OUTBOX_ROOM_BYTES:
            self._room = trio.Event()
            await self._room.wait()
        messages, self._unread = self._unread, []
        while not messages:
            if self.reason:
                raise StopAsyncIteration
            messages = await self._receive()
        return messages

    async def _receive(self) -> list[Message]:
        """The messages of the next chunk; an end of any kind sets ``reason``."""
        try:
            data = bytes(await self._stream.receive_some())
            messages = self._core.receive_data(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            self._note_end(_lost(error), is_lost=True)
            return []
        except RemoteProtocolError as error:
            self._note_end(f"the gateway broke the protocol: {error}")
            return list(error.messages)
        if not data:
            self._note_end("closed by the gateway")
        return messages

    def _note_end(self, reason: str, *, is_lost: bool = False) -> None:
        if not self.reason:
            self.reason, self._is_lost = reason, is_lost

    async def greet(self, connect: Connect) -> LinkError | None:
        """Say Connect; None is a welcome."""
        self.send(connect)
        async for messages in self:
            answer, self._unread = messages[0], messages[1:]
            if isinstance(answer, ConnectResponse) and answer.status is not ConnectStatus.OK:
                why = answer.detail or answer.status.name
                self._note_end(f"refused: {why}")
                return LinkError(f"{self.remote} refused this device: {why}")
            return None
        return LinkError(f"{self.remote} let go before it welcomed this device: {self.reason}")

    async def write(self) -> None:
        """The writer: everything that leaves, leaves here; ends after ``close()``."""
        with self._writer_scope:
            try:
                while not (self._is_closing and not self._outbox):
                    await self._flush()
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                self.end(_lost(error), is_lost=True)
        self._written.set()

    async def _flush(self) -> None:
        if not self._outbox:
            self._bell = trio.Event()
            await self._bell.wait()
        data, self._outbox = self._outbox, bytearray()
        await self._stream.send_all(data)
        self._room.set()

    async def close(self) -> None:
        """Send what is in the outbox, say goodbye, close; within ``CLOSE_SECONDS``."""
        self._note_end("closed by the device")
        with trio.move_on_after(CLOSE_SECONDS, shield=True):
            if not self._is_lost:
                self._is_closing = True
                self._bell.set()
                await self._written.wait()
                await say_goodbye(self._stream)
        self._writer_scope.cancel()
        await trio.aclose_forcefully(self._stream)


@asynccontextmanager
async def open_link(
    dial: Dial, connect_seconds: float = CONNECT_SECONDS
) -> AsyncIterator[CourierLink]:
    """A link, welcomed by the gateway; closed on the way out.

    Leaving is quiet whether the link ended by itself, by :meth:`CourierLink.end` or by the body.

    Raises:
        LinkError: it did not come about within ``connect_seconds``, or was refused.
    """
    deadline = worldtime.current_time() + connect_seconds
    late = LinkError(f"the gateway did not answer within {connect_seconds:g} s")
    secure: SecureStream | None = None
    with worldtime.move_on_at(deadline):
        secure = await dial()
    if secure is None:
        raise late
    link = CourierLink(secure)
    failure: LinkError | None = late
    async with trio.open_nursery() as nursery:
        nursery.start_soon(link.write)
        try:
            with worldtime.move_on_at(deadline):
                failure = await link.greet(
                    Connect(interface=secure.interface, os_version=OS_VERSION, hardware=HARDWARE)
                )
            if failure is None:
                with link.scope:
                    yield link
        finally:
            await link.close()
    if failure is not None:
        raise failure


def _lost(error: Exception) -> str:
    return f"connection lost: {error.__cause__ or str(error) or 'reset by the gateway'}"
