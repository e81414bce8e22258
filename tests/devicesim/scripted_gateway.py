"""A gateway that says what a test tells it to: a script around the real ``CourierConnection``.

The bytes go through Trio's memory streams; what is legal is judged by the real protocol core.
"""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

import trio
import trio.testing

from devicesim.daemon import Daemon
from devicesim.link.backoff import Backoff
from devicesim.link.dial import LinkError, SecureStream
from devicesim.link.intervals import FixedInterval
from devicesim.link.keepalive import KeepAliveSweeper
from devicesim.link.links import Links
from devicesim.network import Interface
from devicesim.state.device_state import DeviceState
from protocol.courier.channels import Channels, ChannelsResponse, ChannelsStatus
from protocol.courier.compact import CompactCodec
from protocol.courier.connection import CourierConnection
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    Message,
    NoStorage,
    Push,
    PushAck,
    StorageFlags,
    TokenStatus,
)
from protocol.courier.states import Role
from protocol.identifiers import (
    APP_PURPOSE,
    ApnsId,
    DeviceToken,
    TokenPurpose,
    Topic,
    UniqueId,
)
from protocol.notification import Environment, Priority, PushType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from devicesim.app import App

    MemoryStream: TypeAlias = trio.StapledStream[
        trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream
    ]


class ScriptedGateway:
    """The gateway's end of one device's links, one link at a time, and a tiny directory.

    ``answers`` names the kinds of message that are answered by themselves; a test that wants to
    be the gateway itself empties it. ``heard`` is all that the device ever said.
    """

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self.answers = {Connect, Filter, KeepAlive, AppTokenRequest, AppTokenInvalidate, Channels}
        self.is_reachable = True
        self.refusal = ""
        self.tokens: dict[str, DeviceToken] = {}  # topic, or topic and purpose
        self.unregistered: set[DeviceToken] = set()
        self.expired: set[DeviceToken] = set()
        self.refused_topics: set[str] = set()
        self.unknown_channels: set[str] = set()
        self.links = 0
        self.dialled_at: list[float] = []
        self._serial = itertools.count(1)
        self._sending = trio.Lock()
        self._heard_something = trio.lowlevel.ParkingLot()
        self.stream: MemoryStream | None = None
        self.core: CourierConnection | None = None
        self.nursery: trio.Nursery | None = None

    async def dial(self) -> SecureStream:
        await trio.lowlevel.checkpoint()
        self.dialled_at.append(trio.current_time())
        if not self.is_reachable:
            raise LinkError("nobody there")
        device_end, self.stream = trio.testing.memory_stream_pair()
        self.core = CourierConnection(Role.GATEWAY, CompactCodec())
        self.links += 1
        assert self.nursery is not None
        self.nursery.start_soon(self._listen, self.stream, self.core)
        return SecureStream(device_end, CompactCodec(), "device:1", "gateway:5223")

    async def _listen(self, stream: MemoryStream, core: CourierConnection) -> None:
        try:
            async for data in stream:
                for message in core.receive_data(bytes(data)):
                    self.heard.append(message)
                    if type(message) in self.answers:
                        await self._send(stream, self._answer(core, message))
                self._heard_something.unpark_all()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            return
        await stream.aclose()

    def _answer(self, core: CourierConnection, message: Message) -> bytes:
        match message:
            case Connect():
                status = ConnectStatus.REFUSED if self.refusal else ConnectStatus.OK
                return core.send(ConnectResponse(status, 0.0, 64 * 1024, self.refusal))
            case Filter():
                return core.send(NoStorage())
            case KeepAlive():
                return core.send(KeepAliveResponse())
            case AppTokenRequest(topic, renew, purpose):
                return core.send(self.token_answer(topic, purpose, renew=renew))
            case AppTokenInvalidate(token, is_expired):
                (self.expired if is_expired else self.unregistered).add(token)
                return core.send(AppTokenInvalidateResponse(TokenStatus.OK, token))
            case Channels():
                return core.send(self.channels_answer(message))
        raise AssertionError(message)

    def channels_answer(self, said: Channels) -> ChannelsResponse:
        named = [mark.channel_id for topic in said.topics for mark in topic.channels]
        unknown = tuple(each for each in named if each in self.unknown_channels)
        status = ChannelsStatus.UNKNOWN_CHANNEL if unknown else ChannelsStatus.OK
        return ChannelsResponse(said.index, status, unknown)

    async def reset(self) -> None:
        """End the link without a word, as a killed gateway does."""
        assert self.stream is not None
        await trio.aclose_forcefully(self.stream)

    def token_answer(
        self, topic: Topic, purpose: TokenPurpose = APP_PURPOSE, *, renew: bool = False
    ) -> AppTokenResponse:
        if topic in self.refused_topics:
            return AppTokenResponse(TokenStatus.REFUSED, topic, None, purpose)
        name = f"{topic} {purpose}" if purpose else topic
        if renew or name not in self.tokens:
            self.tokens[name] = DeviceToken(next(self._serial).to_bytes(32))
        return AppTokenResponse(TokenStatus.OK, topic, self.tokens[name], purpose)

    async def say(self, *messages: Message) -> None:
        """All in one chunk."""
        assert self.stream is not None
        assert self.core is not None
        await self._send(self.stream, b"".join(map(self.core.send, messages)))

    async def _send(self, stream: MemoryStream, data: bytes) -> None:
        async with self._sending:
            await stream.send_all(data)

    async def hears(self, kind: type[Message], count: int = 1) -> list[Any]:
        """Wait until the device has said ``count`` messages of this kind in all."""
        while len(self.all_heard(kind)) < count:
            await self._heard_something.park()
        return self.all_heard(kind)

    def all_heard(self, kind: type[Message]) -> list[Any]:
        return [message for message in self.heard if isinstance(message, kind)]

    async def close(self) -> None:
        assert self.stream is not None
        await self.stream.aclose()


class Taker:
    """Apps in this process: each takes its pushes at once, unless it is on the list of the slow."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Push]] = []
        self.slow: set[str] = set()
        self.woken: list[str] = []

    def deliver(self, app: App, push: Push) -> bool:
        if app.bundle_id in self.slow:
            return False
        self.taken.append((app.bundle_id, push))
        return True

    def wake(self, app: App) -> None:
        self.woken.append(app.bundle_id)

    def payloads(self, bundle_id: str) -> list[bytes]:
        return [push.payload for name, push in self.taken if name == bundle_id]


class FairDice(Random):
    """Always the upper bound, so that delays can be told."""

    def uniform(self, a: float, b: float) -> float:  # noqa: ARG002
        return b


class Phone:
    """A daemon with everything around it, ready for a test."""

    def __init__(self, state: DeviceState | None = None, *, online: bool = True) -> None:
        self.gateway = ScriptedGateway()
        self.apps = Taker()
        self.state = state or DeviceState("phone-1", "Phone", Environment.DEVELOPMENT)
        self.sweeper = KeepAliveSweeper(FixedInterval(60), response_seconds=15, tick_seconds=1)
        self.links = Links(
            f"apsd[{self.state.name}]",
            {Interface.WIFI: self.gateway.dial},
            lambda: Backoff(FairDice()),
            is_wanted=online,
        )
        self.daemon = Daemon(self.state, self.links, self.sweeper, self.apps)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Phone]:
        """The gateway outlives the phone, so the phone's goodbye is heard."""
        async with trio.open_nursery() as gateways:
            self.gateway.nursery = gateways
            async with trio.open_nursery() as phones:
                phones.start_soon(self.sweeper.run)
                phones.start_soon(self.daemon.run)
                yield self
                phones.cancel_scope.cancel()
            gateways.cancel_scope.cancel()

    def token(self, topic: str) -> DeviceToken:
        return self.gateway.tokens[topic]


_ids = itertools.count(1)


def push_to(
    token: DeviceToken | None, topic: str, payload: bytes = b"{}", **others: object
) -> Push:
    """A push with a fresh id; ``others`` replaces fields."""
    number = next(_ids).to_bytes(16)
    fields: dict[str, Any] = {
        "message_id": UniqueId.from_random(number),
        "token": token,
        "topic": Topic(topic),
        "payload": payload,
        "apns_id": ApnsId.from_random(number),
        "push_type": PushType.ALERT,
        "priority": Priority.IMMEDIATE,
        "collapse_id": None,
        "expires_at": 2_000_000_000.0,
        "sent_at": 1_700_000_000.0,
        "storage": StorageFlags.LIVE,
    }
    return Push(**(fields | others))


def acknowledged(gateway: ScriptedGateway) -> list[UniqueId]:
    return [ack.message_id for ack in gateway.all_heard(PushAck)]
