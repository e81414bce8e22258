"""A courier front on real parts, and phones at the other end of memory streams."""

from __future__ import annotations

import itertools
import ssl
from typing import TYPE_CHECKING, TypeVar

import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from gateway.courier.link import Link
from gateway.courier.listener import CourierFront
from gateway.courier.terms import CourierSettings, Services, Stranger
from gateway.journal import Journal
from gateway.routing.broadcasts import Broadcaster
from gateway.routing.channels import ChannelDirectory
from gateway.routing.directory import DeviceDirectory
from gateway.routing.router import Router
from gateway.routing.sessions import SessionTable
from gateway.store.memory import MemoryStore
from gateway.store.store import StoreUnavailableError
from protocol.broadcast import StoragePolicy, topic_of
from protocol.courier.channels import ChannelMark, Channels, ChannelsResponse, TopicChannels
from protocol.courier.compact import CompactCodec
from protocol.courier.connection import CourierConnection
from protocol.courier.messages import Connect, Filter, Push, PushAck
from protocol.courier.states import Role
from protocol.identifiers import BundleId, DeviceId
from protocol.notification import Environment
from tests.builders import (
    BUNDLE_ID,
    DEVICE,
    TOPIC,
    SettableTime,
    broadcast,
    counting_bytes,
    registration,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.records import Audience
    from gateway.store.store import Registration
    from protocol.broadcast import Channel
    from protocol.courier.messages import Message
    from protocol.identifiers import ChannelId, Topic
    from protocol.notification import Notification

M = TypeVar("M")
StreamPair = tuple[trio.abc.HalfCloseableStream, trio.abc.HalfCloseableStream]

settled = wait_all_tasks_blocked


class FailingStore(MemoryStore):
    """A store that is out while ``is_out``, and that answers no sooner than ``answers`` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.is_out = False
        self.answers = trio.Event()
        self.answers.set()

    async def begin(self) -> None:
        if self.is_out:
            await trio.lowlevel.checkpoint()
            raise StoreUnavailableError("the disk is full")
        await super().begin()
        await self.answers.wait()


class Phone:
    """The device's end of a link: says what it is told to, remembers what it hears."""

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self.stream = stream
        self.core = CourierConnection(Role.DEVICE, CompactCodec())
        self.heard: list[Message] = []
        self.is_closed = False

    async def listen(self) -> None:
        """Hear everything until the gateway closes."""
        try:
            async for data in self.stream:
                self.heard += self.core.receive_data(bytes(data))
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        self.is_closed = True

    async def says(self, *messages: Message) -> None:
        await self.stream.send_all(b"".join(self.core.send(message) for message in messages))
        await settled()

    async def wants(self, *topics: Topic) -> None:
        await self.says(Filter(enabled=topics or (TOPIC,)))

    async def follows(
        self,
        *channels: Channel,
        since: int = 0,
        no_longer: tuple[ChannelId, ...] = (),
        replace: bool = False,
        topic: Topic | None = None,
    ) -> ChannelsResponse:
        """Name channels of the app; the gateway's answer."""
        marks = tuple(ChannelMark(each.channel_id, since) for each in channels)
        named = TopicChannels(topic or topic_of(BUNDLE_ID), marks, no_longer)
        count = len(self.all(ChannelsResponse))
        await self.says(Channels(count + 1, (named,), replace))
        answer = self.all(ChannelsResponse)[-1]
        assert answer.index == count + 1
        return answer

    async def sends(self, data: bytes) -> None:
        """Bytes past the phone's own protocol."""
        await self.stream.send_all(data)
        await settled()

    async def acknowledges(self, *pushes: Push) -> None:
        await self.says(*(PushAck(push.message_id) for push in pushes))

    async def leaves(self) -> None:
        await self.stream.aclose()
        await settled()

    def all(self, kind: type[M]) -> list[M]:
        return [message for message in self.heard if isinstance(message, kind)]

    @property
    def pushes(self) -> list[Push]:
        return self.all(Push)

    @property
    def numbers(self) -> list[int]:
        """Which pushes of ``tests.builders.notification(number)`` it heard, in order."""
        return [int(push.message_id.replace("-", ""), 16) for push in self.pushes]


class Gateway:
    """Store, directory, table, journal, router and a courier front, without sockets."""

    def __init__(
        self, nursery: trio.Nursery, settings: CourierSettings, time: SettableTime | None = None
    ) -> None:
        self.nursery = nursery
        self.settings = settings
        self.time = time or SettableTime()
        self.store = FailingStore()
        self.directory = DeviceDirectory(self.store, self.time.now, counting_bytes())
        self.sessions = SessionTable()
        self.journal = Journal(self.time.now)
        self.router = Router(self.store, self.sessions, self.journal, self.time.now)
        self.channels = ChannelDirectory(self.store, self.time.now, counting_bytes())
        self.broadcaster = Broadcaster(self.channels, self.journal)
        services = Services(
            self.store,
            self.directory,
            self.channels,
            self.sessions,
            self.journal,
            self.time.now,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.front = CourierFront(services, context, settings=settings)
        self._numbers = itertools.count(1)

    async def calls(
        self,
        device: str = DEVICE,
        streams: Callable[[], StreamPair] = memory_stream_pair,
        *,
        listens: bool = True,
    ) -> Phone:
        """A phone whose TLS handshake is done; it has not said Connect."""
        far, near = streams()
        link = Link(near, CompactCodec(), self.settings)
        caller = Stranger(next(self._numbers), Environment.DEVELOPMENT, "phone:1", DeviceId(device))
        self.nursery.start_soon(self.front.serve_link, link, caller)
        phone = Phone(far)
        if listens:
            self.nursery.start_soon(phone.listen)
        return phone

    async def connects(self, device: str = DEVICE, connect: Connect | None = None) -> Phone:
        """A phone that has been welcomed."""
        phone = await self.calls(device)
        await phone.says(connect or Connect())
        return phone

    async def listens(self, *topics: Topic, device: str = DEVICE) -> Phone:
        """A phone that has been welcomed and has said which topics it wants."""
        phone = await self.connects(device)
        await phone.wants(*topics)
        return phone

    async def accepts(self, *notifications: Notification, to: Registration | None = None) -> None:
        """Pushes that validation has let through."""
        whose = to or registration()
        if self.directory.registration_of(whose.token) is None:
            await self.directory.adopt(whose)
        for notification in notifications:
            record = self.journal.begin(None, "provider:1")
            self.journal.received(record, notification, whose.device)
            await self.router.route(notification, whose)
        await settled()

    async def makes_channel(
        self, policy: StoragePolicy = StoragePolicy.MOST_RECENT_MESSAGE_STORED
    ) -> Channel:
        """A channel of the app."""
        return await self.channels.create(Environment.DEVELOPMENT, BundleId(BUNDLE_ID), policy)

    async def publishes(self, channel: Channel, *numbers: int, **changes: object) -> None:
        """Broadcasts that validation has let through; the fan-out is running."""
        await self.publishes_at_once(channel, *numbers, **changes)
        await settled()

    async def publishes_at_once(self, channel: Channel, *numbers: int, **changes: object) -> None:
        """The same, without waiting for what follows."""
        for number in numbers:
            message = broadcast(number, channel_id=channel.channel_id, **changes)
            record = self.journal.begin(None, "provider:1")
            self.journal.received(record, message, None)
            await self.broadcaster.publish(message, channel.policy)

    def audience(self, number: int) -> Audience:
        """How a broadcast fared."""
        unique_id = broadcast(number).unique_id
        (record,) = self.journal.find(
            lambda r: r.notification is not None and r.notification.unique_id == unique_id
        )
        assert record.audience is not None
        return record.audience

    def states(self, notification: Notification) -> list[str]:
        """The timeline of a push after its reception."""
        (record,) = self.journal.find(lambda r: r.notification == notification)
        return [event.state.value for event in record.timeline[1:]]

    def detail(self, notification: Notification) -> str:
        (record,) = self.journal.find(lambda r: r.notification == notification)
        return record.timeline[-1].detail
