"""A provider at the other end of a stream: a real HTTP/2 client core that keeps every frame."""

# ruff: noqa: ANN401 - the HTTP/2 client core is untyped

from __future__ import annotations

import importlib
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import trio
from hyperframe.frame import Frame, GoAwayFrame
from trio.testing import memory_stream_pair

from gateway.provider.connection import ProviderConnection
from gateway.provider.contract import ConnectionFacts, ConnectionHandle, ConnectionSettings
from protocol.notification import Environment
from protocol.provider.http import HttpRequest, HttpResponse
from protocol.provider.response import reason_json

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
EMPTY_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
APNS_ID = "a1b2c3d4-0000-4000-8000-0123456789aB"
PATIENCE_SECONDS = 20
FACTS = ConnectionFacts(7, "provider:1", Environment.DEVELOPMENT)

AnyAnswer = Callable[[HttpRequest], HttpResponse | Awaitable[HttpResponse]]


def accepted(request: HttpRequest) -> HttpResponse:
    """200 without a body, ``apns-id`` echoed."""
    return HttpResponse(200, tuple(h for h in request.headers if h[0] == "apns-id"))


def refused(reason: str, status: int = 400) -> AnyAnswer:
    """An answer with a body."""
    body = reason_json(reason)
    return lambda _request: HttpResponse(status, (("apns-id", APNS_ID),), body)


def shutdown(_request: HttpRequest) -> HttpResponse:
    return HttpResponse(503, (("apns-id", APNS_ID),), b'{"reason":"Shutdown"}')


def unrecorded(*_refusal: object) -> None:
    """Nobody keeps a record."""


class Held:
    """Answers that wait until they are let go; remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []
        self.finished = 0
        self._go = trio.Event()

    async def __call__(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request)
        await self._go.wait()
        self.finished += 1
        return accepted(request)

    def let_go(self) -> None:
        self._go.set()


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """An HTTP/2 frame, however wrong."""
    length = len(payload).to_bytes(3, "big")
    return length + bytes([kind, flags]) + stream_id.to_bytes(4, "big") + payload


@dataclass
class Gateway:
    """The side under test."""

    connection: ProviderConnection
    handle: ConnectionHandle
    stream: trio.abc.Stream
    ended: trio.Event = field(default_factory=trio.Event)

    async def run(self) -> None:
        await self.connection.run()
        self.ended.set()


def new_gateway(
    stream: trio.abc.Stream, answer: AnyAnswer, settings: ConnectionSettings
) -> Gateway:
    handles: list[ConnectionHandle] = []

    def make_answer(_facts: ConnectionFacts, handle: ConnectionHandle) -> AnyAnswer:
        handles.append(handle)
        return answer

    connection = ProviderConnection(stream, make_answer, shutdown, FACTS, settings, unrecorded)
    return Gateway(connection, handles[0], stream)


def connect(
    nursery: trio.Nursery, answer: AnyAnswer, library: str = "jh2", **settings: Any
) -> tuple[Provider, Gateway]:
    """A running connection over memory, and a provider who has not said anything yet."""
    ours, theirs = memory_stream_pair()
    gateway = new_gateway(ours, answer, ConnectionSettings(library=library, **settings))
    nursery.start_soon(gateway.run)
    return Provider(theirs), gateway


class Provider:
    """Speaks HTTP/2 through h2's client core and takes every frame of the answer apart."""

    def __init__(self, stream: Any, library: str = "h2") -> None:
        connection: Any = importlib.import_module(f"{library}.connection")
        config: Any = importlib.import_module(f"{library}.config")
        self.core: Any = connection.H2Connection(
            config.H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
            )
        )
        self.stream = stream
        self.frames: list[Frame] = []
        self.events: list[Any] = []
        self.received = bytearray()
        self.at_end = False
        self._parsed = 0

    async def hello(self, **settings: int) -> None:
        """The connection preface."""
        if settings:
            library: Any = importlib.import_module("h2.settings")
            values = {library.SettingCodes[name]: value for name, value in settings.items()}
            self.core.local_settings = library.Settings(client=True, initial_values=values)
        self.core.initiate_connection()
        await self.flush()

    async def flush(self) -> None:
        """Send what the core has ready; to a gateway that has closed it is lost, as over TCP."""
        if data := self.core.data_to_send():
            with suppress(trio.BrokenResourceError):
                await self.stream.send_all(data)

    def exceed_the_limit(self) -> None:
        """Open as many streams as wanted, as clients do that have not read our SETTINGS."""
        self.core.remote_settings.max_concurrent_streams = 1 << 20
        self.core.remote_settings.acknowledge()

    def ask(
        self,
        body: bytes | None = b"{}",
        headers: tuple[tuple[str | bytes, str | bytes], ...] = (("apns-id", APNS_ID),),
        *,
        stream_id: int | None = None,
        end: bool = True,
    ) -> int:
        """Prepare a request; ``flush`` sends it."""
        number = stream_id or self.core.get_next_available_stream_id()
        pseudo = [(":method", "POST"), (":scheme", "https"), (":path", "/3/device/00")]
        self.core.send_headers(number, [*pseudo, *headers], end_stream=body is None and end)
        if body is not None:
            self.core.send_data(number, body, end_stream=end)
        return number

    async def post(self, *args: Any, **kwargs: Any) -> int:
        """Send a request at once."""
        number = self.ask(*args, **kwargs)
        await self.flush()
        return number

    async def hear(self) -> bool:
        """One piece from the gateway; whether there was one."""
        data = await self.stream.receive_some()
        if not data:
            self.at_end = True
            return False
        self._take_apart(bytes(data))
        self.events += self.core.receive_data(data)
        await self.flush()
        return True

    def _take_apart(self, data: bytes) -> None:
        self.received += data
        while len(self.received) - self._parsed >= 9:
            head = memoryview(bytes(self.received[self._parsed : self._parsed + 9]))
            frame, length = Frame.parse_frame_header(head)
            start, stop = self._parsed + 9, self._parsed + 9 + length
            if stop > len(self.received):
                return
            frame.parse_body(memoryview(bytes(self.received[start:stop])))
            self.frames.append(frame)
            self._parsed = stop

    async def hear_until(self, said: Callable[[], Any]) -> Any:
        """Listen until something has been said; fails if the gateway hangs up first."""
        with trio.fail_after(PATIENCE_SECONDS):
            while not (result := said()):
                assert await self.hear(), "the gateway hung up"
        return result

    async def hear_out(self) -> None:
        """Listen until the gateway closes."""
        with trio.fail_after(2 * PATIENCE_SECONDS):
            while await self.hear():
                pass

    async def settle(self) -> None:
        """Until every request sent so far has been heard: a PING comes back."""
        await self.stream.send_all(b"\0\0\x08\6\0\0\0\0\0settled!")
        await self.hear_until(
            lambda: any(getattr(f, "opaque_data", b"") == b"settled!" for f in self.frames)
        )
        self.frames = [f for f in self.frames if getattr(f, "opaque_data", b"") != b"settled!"]

    def frames_on(self, stream_id: int) -> list[Frame]:
        return [frame for frame in self.frames if frame.stream_id == stream_id]

    def ended(self, stream_id: int) -> bool:
        return any("END_STREAM" in frame.flags for frame in self.frames_on(stream_id))

    async def answer(self, stream_id: int) -> Answered:
        """Listen for the whole answer to a request."""
        await self.hear_until(lambda: self.ended(stream_id))
        (response,) = (
            event
            for event in self.events
            if type(event).__name__ == "ResponseReceived" and event.stream_id == stream_id
        )
        body = b"".join(
            event.data
            for event in self.events
            if type(event).__name__ == "DataReceived" and event.stream_id == stream_id
        )
        shape = [(type(f).__name__, "END_STREAM" in f.flags) for f in self.frames_on(stream_id)]
        return Answered(dict(response.headers), body, shape)

    @property
    def goaways(self) -> list[GoAwayFrame]:
        return [frame for frame in self.frames if isinstance(frame, GoAwayFrame)]


@dataclass
class Answered:
    """An answer as a provider sees it; ``shape`` is the kind of each frame and whether it ends."""

    headers: dict[str, str]
    body: bytes
    shape: list[tuple[str, bool]]

    @property
    def status(self) -> int:
        return int(self.headers[":status"])

    @property
    def reason(self) -> Any:
        return json.loads(self.body)["reason"]
