"""An HTTP CONNECT proxy that leads to this gateway and nowhere else (RFC 9110 §9.3.6).

For clients whose host is fixed but that know a proxy. What such a client takes for a tunnel to
Apple is a connection of our own fronts: after the 200 the same socket is served as if it had been
accepted on the port that was asked for. So no byte is copied, half a close is still half a close,
the peer keeps its address, and a drain says its goodbye inside TLS as on any other connection.
"""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import h11
import trio

from certs.server_names import APPLE_HOST_NAMES
from gateway.handshakes import Handshakes
from gateway.tcp import AcceptedSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

log = logging.getLogger(__name__)

MAX_HEAD_BYTES = 8 * 1024
"""Of the request line and header fields together; longer ones earn 431."""
_READ_BYTES = 4 * 1024
_REFUSAL_SECONDS = 1.0
_AT_ONCE = 2000
_TARGET = re.compile(r"(?P<host>.+):(?P<port>\d{1,5})", re.ASCII)
_NUMBERED_COURIER = re.compile(r"\d{1,3}-(courier\..+)", re.ASCII)


class Destination(StrEnum):
    """What listens behind Apple's names."""

    PUSH = "the provider API"
    CHANNELS = "channel management"
    COURIER = "devices"


# apns-provider-api.md §1.1; courier-wire.md §1: devices whose 5223 is blocked come by 443.
_PORTS = {
    Destination.PUSH: {443, 2197},
    Destination.CHANNELS: {2195, 2196},
    Destination.COURIER: {443, 5223},
}

Door: TypeAlias = "Callable[[trio.SocketStream, bytes], Awaitable[None]]"
"""Serves a connection to its end: the socket, and what has been heard of it already."""


class RefusedError(Exception):
    """The client gets no tunnel.

    Args:
        status: of HTTP.
        why: for people; also the reason phrase, which is all that most clients show.
    """

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


def destination_of(host: str, port: int) -> Destination | None:
    """What Apple serves at this address; None for every address that is not Apple's."""
    name = host.lower().removesuffix(".")
    if numbered := _NUMBERED_COURIER.fullmatch(name):
        name = numbered[1]
    if name not in APPLE_HOST_NAMES:
        return None
    label = name.partition(".")[0]
    destinations = {"courier": Destination.COURIER, "api-manage-broadcast": Destination.CHANNELS}
    destination = destinations.get(label, Destination.PUSH)
    return destination if port in _PORTS[destination] else None


@dataclass(slots=True)
class ProxyFront:
    """Hears what a client wants to be connected with, and opens that door.

    Attributes:
        doors: what this gateway serves.
        handshake_seconds: how long a client may take to say what it wants.
    """

    doors: Mapping[Destination, Door]
    handshake_seconds: float = 10
    _handshakes: Handshakes = field(default_factory=Handshakes)
    _is_draining: bool = False

    def drain(self) -> None:
        """Turn away whoever has no tunnel yet; the tunnels belong to their fronts."""
        self._is_draining = True
        self._handshakes.end()

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one accepted connection to its end. Never raises for what the peer does."""
        if len(self._handshakes) >= _AT_ONCE:
            log.warning("connection dropped: %d have not said what they want", _AT_ONCE)
            await trio.aclose_forcefully(stream)
            return
        try:
            await self._serve(stream)
        except Exception:  # our bug: this connection ends, the server lives (architecture.md 6)
            log.exception("a connection of the proxy ends: our mistake")
            await trio.aclose_forcefully(stream)

    async def _serve(self, stream: trio.SocketStream) -> None:
        tcp = AcceptedSocket(stream)
        core = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        try:
            door = await self._find_door(tcp, core)
            granted = h11.Response(status_code=200, headers=[], reason=b"Connection established")
            await tcp.send_all(core.send(granted) or b"")  # the first bytes of a socket: no wait
        except RefusedError as refusal:
            log.info("%s: no tunnel: %d, %s", tcp.peer, refusal.status, refusal)
            await _refuse(tcp, core, refusal)
        except trio.BrokenResourceError:  # it left
            await trio.aclose_forcefully(tcp)
        else:
            await door(stream, core.trailing_data[0])

    async def _find_door(self, tcp: AcceptedSocket, core: h11.Connection) -> Door:
        """Hear the CONNECT: what the client wants to be connected with."""
        try:
            with self._handshakes.within(self.handshake_seconds):
                return self._door_of(await _hear_target(tcp, core))
        except trio.TooSlowError:
            if self._is_draining:
                raise _shutdown() from None
            raise RefusedError(408, f"no request within {self.handshake_seconds:g} s") from None

    def _door_of(self, target: str) -> Door:
        asked = _TARGET.fullmatch(target)
        if asked is None:
            raise RefusedError(400, f"expected CONNECT HOST:PORT, not {target[:80]}")
        destination = destination_of(asked["host"], int(asked["port"]))
        if destination is None:
            raise RefusedError(403, f"{target[:80]} is none of Apple's push hosts and ports")
        if self._is_draining:
            raise _shutdown()
        if destination not in self.doors:
            raise RefusedError(502, f"this gateway does not serve {destination}")
        return self.doors[destination]


def _shutdown() -> RefusedError:
    return RefusedError(503, "the gateway shuts down")


async def _hear_target(tcp: AcceptedSocket, core: h11.Connection) -> str:
    """Where the client wants to go: ``HOST:PORT``, if it keeps to the form."""
    request = await _next_event(tcp, core)
    if not isinstance(request, h11.Request):
        raise trio.BrokenResourceError  # it left without a word
    if request.method != b"CONNECT":
        raise RefusedError(405, "only CONNECT is understood here")
    if not isinstance(await _next_event(tcp, core), h11.EndOfMessage):
        raise RefusedError(400, "a CONNECT has no content")
    return request.target.decode("ascii")


async def _next_event(tcp: AcceptedSocket, core: h11.Connection) -> object:
    try:
        while (event := core.next_event()) is h11.NEED_DATA:
            core.receive_data(bytes(await tcp.receive_some(_READ_BYTES)))
    except h11.RemoteProtocolError as error:
        raise RefusedError(error.error_status_hint, f"not HTTP/1.1: {error}") from None
    return event


async def _refuse(tcp: AcceptedSocket, core: h11.Connection, refusal: RefusedError) -> None:
    """Say no, and close; for a client that does not listen, just close."""
    text = f"{refusal}\n".encode()
    headers = [
        ("content-type", "text/plain; charset=utf-8"),
        ("content-length", str(len(text))),
        ("connection", "close"),
        *([("allow", "CONNECT")] if refusal.status == 405 else []),
    ]
    said: list[h11.Event] = [
        h11.Response(status_code=refusal.status, headers=headers, reason=str(refusal).encode()),
        h11.Data(data=text),
        h11.EndOfMessage(),
    ]
    with suppress(trio.BrokenResourceError), trio.move_on_after(_REFUSAL_SECONDS):
        await tcp.send_all(b"".join(core.send(event) or b"" for event in said))
    await tcp.aclose()
