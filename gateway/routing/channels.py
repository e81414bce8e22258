"""Broadcast channels: which there are, what waits on them, who listens.

Like the directory of devices this is the whole table in memory, written through to the store. Three
lives, each with a table of its own: a channel lives until it is deleted; its newest message until
it expires, even if the channel is deleted meanwhile (Apple: deleting does not flush it); a
subscription as long as the link of its device, which names its channels again on the next one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING, Protocol, TypeAlias

from gateway.routing.pace import Pace
from protocol.broadcast import MAX_CHANNELS_PER_APP, Broadcast, Channel, StoragePolicy
from protocol.identifiers import ChannelId
from protocol.notification import Environment
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gateway.store.store import Store
    from protocol.identifiers import BundleId
    from protocol.tenant import Tenant

# Apple: "do not assume a size"; its sample has 16 bytes.
CHANNEL_ID_BYTES = 16

App: TypeAlias = "tuple[Environment, BundleId]"


class ChannelLimitError(Exception):
    """The app has as many channels as it may have in this environment."""


class Handover(Enum):
    """What a subscriber made of a broadcast."""

    SENT = auto()
    LATER = auto()  # no room now: the channel's newest message follows once there is
    DROPPED = auto()  # no room, and the channel stores nothing
    KNOWN = auto()  # the subscriber has it, or a newer one


class Subscriber(Protocol):
    """A device that is connected, as a channel needs to see it."""

    def broadcast(self, broadcast: Broadcast) -> Handover:
        """Take a message of a channel it listens to. Must not block."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelRules:
    """What Apple or its developer portal decides, as settings.

    Args:
        disabled: apps for which the broadcast capability is off.
        max_per_app: channels of one app in one environment.
        max_per_second: broadcasts to one channel, before they are too many; 0 = any number.
    """

    disabled: frozenset[str] = frozenset()
    max_per_app: int = MAX_CHANNELS_PER_APP
    max_per_second: int = 0


class ChannelDirectory:
    """Every channel of the gateway.

    Args:
        store: where channels and their newest messages are kept durably.
        now: the gateway's clock, UNIX seconds.
        random_bytes: where new ids come from.
        rules: the limits.
    """

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        random_bytes: Callable[[int], bytes],
        rules: ChannelRules | None = None,
    ) -> None:
        self._store = store
        self._now = now
        self._random_bytes = random_bytes
        self._rules = rules or ChannelRules()
        self._pace = Pace(self._rules.max_per_second)
        self._channels: dict[App, dict[ChannelId, Channel]] = {}
        self._creating: Counter[App] = Counter()
        self._newest: dict[ChannelId, Broadcast] = {}
        self._subscribers: dict[ChannelId, dict[Subscriber, None]] = {}
        self.expiries = Alarm(now)
        """Rings when a message that waits has expired."""

    async def load(self) -> None:
        """Know what the store knows and nothing else: before the ports open, and after a reset.

        Channels of apps for which the capability is off are deleted, as Apple does when it is
        switched off.

        Raises:
            StoreUnavailableError: the store could not be read.
        """
        channels, newest = await self._store.channels(), await self._store.broadcasts()
        enabled = [each for each in channels if self.is_enabled_for(each.bundle_id)]
        for channel in channels:
            if channel not in enabled:
                await self._store.delete_channel(channel.channel_id)
        self.restore(enabled, newest)

    def restore(self, channels: Iterable[Channel], newest: Iterable[Broadcast]) -> None:
        """These channels and messages and no others: the store has them already."""
        self._channels.clear()
        for channel in sorted(channels, key=lambda each: each.created_at):
            self._remember(channel)
        self._newest = {broadcast.channel_id: broadcast for broadcast in newest}

    @property
    def newest(self) -> list[Broadcast]:
        """Every message that is kept, also those that nobody is given any more."""
        return list(self._newest.values())

    # -- channels ------------------------------------------------------------------------------

    def is_enabled_for(self, bundle_id: BundleId) -> bool:
        """Whether the app has the broadcast capability."""
        return bundle_id not in self._rules.disabled

    async def create(
        self, environment: Environment, bundle_id: BundleId, policy: StoragePolicy
    ) -> Channel:
        """A new channel, durable when returned.

        Raises:
            ChannelLimitError: there are too many already.
            StoreUnavailableError: it could not be made durable; there is none.
        """
        app = (environment, bundle_id)
        if self.count(*app) + self._creating[app] >= self._rules.max_per_app:
            raise ChannelLimitError(
                f"{bundle_id} has {self._rules.max_per_app} channels in {environment}: delete some"
            )
        channel_id = ChannelId.from_random(self._random_bytes(CHANNEL_ID_BYTES))
        channel = Channel(channel_id, environment, bundle_id, policy, self._now())
        self._creating[app] += 1
        try:
            await self._store.create_channel(channel)
        finally:
            self._creating[app] -= 1
        self._remember(channel)
        return channel

    async def delete(self, channel: Channel) -> None:
        """The channel is no more; what waits on it still does. Idempotent.

        Raises:
            StoreUnavailableError: it could not be made durable; nothing has changed.
        """
        await self._store.delete_channel(channel.channel_id)
        channels = self._of_app(channel.environment, channel.bundle_id)
        channels.pop(channel.channel_id, None)
        if not channels:
            self._channels.pop((channel.environment, channel.bundle_id), None)

    def find(
        self, environment: Environment, bundle_id: BundleId, channel_id: ChannelId
    ) -> Channel | None:
        """The app's channel of this id in this environment; ids are not valid in the other."""
        return self._of_app(environment, bundle_id).get(channel_id)

    def of_app(self, environment: Environment, bundle_id: BundleId) -> list[Channel]:
        """The app's channels in one environment, oldest first."""
        return list(self._of_app(environment, bundle_id).values())

    def count(self, environment: Environment, bundle_id: BundleId) -> int:
        """How many channels the app has in one environment."""
        return len(self._of_app(environment, bundle_id))

    def __iter__(self) -> Iterator[Channel]:
        return (channel for channels in self._channels.values() for channel in channels.values())

    def _of_app(self, environment: Environment, bundle_id: BundleId) -> dict[ChannelId, Channel]:
        # Nothing is made for apps that are only asked for: anyone may ask for any.
        return self._channels.get((environment, bundle_id), {})

    def _remember(self, channel: Channel) -> None:
        app = (channel.environment, channel.bundle_id)
        self._channels.setdefault(app, {})[channel.channel_id] = channel

    def forget(self, tenant: Tenant) -> None:
        """A tenant's channels have never been, nor what waits on them: the store knows already."""
        bundle_id = tenant.bundle_id
        for environment in Environment:
            for channel_id in self._channels.pop((environment, bundle_id), {}):
                self._subscribers.pop(channel_id, None)
        self._newest = {k: each for k, each in self._newest.items() if each.bundle_id != bundle_id}

    # -- messages ------------------------------------------------------------------------------

    def is_too_fast(self, channel: Channel, now: float) -> bool:
        """Count one more broadcast to this channel; whether it is one too many."""
        return self._pace.is_too_fast(channel.channel_id, now)

    def take_place(self, channel: Channel, now: float) -> int:
        """The checkpoint of a message that is accepted now; the next one's is higher."""
        checkpoint = channel.next_checkpoint(now)
        if channel.channel_id in self._of_app(channel.environment, channel.bundle_id):
            self._remember(replace(channel, checkpoint=checkpoint))
        return checkpoint

    async def keep(self, broadcast: Broadcast) -> None:
        """Make this the message that waits on its channel, durably; the one before is forgotten.

        Raises:
            StoreUnavailableError: it could not be made durable.
        """
        await self._store.publish(broadcast)
        current = self._newest.get(broadcast.channel_id)
        if current is None or current.checkpoint < broadcast.checkpoint:
            self._newest[broadcast.channel_id] = broadcast
            self.expiries.ring_at(broadcast.expires_at)

    def waiting(self, channel_id: ChannelId) -> Broadcast | None:
        """The message for those who come now, if there is one."""
        broadcast = self._newest.get(channel_id)
        if broadcast is None or broadcast.has_expired(self._now()):
            return None
        return broadcast

    async def expire(self) -> float:
        """Forget messages whose time is over; when it is to be done again.

        Raises:
            StoreUnavailableError: the store still has them; nobody is given them all the same.
        """
        now = self._now()
        expired = [key for key, each in self._newest.items() if each.has_expired(now)]
        for channel_id in expired:
            del self._newest[channel_id]
        if expired:
            await self._store.forget_broadcasts(now=now)
        return min((each.expires_at for each in self._newest.values()), default=inf)

    # -- subscribers ---------------------------------------------------------------------------

    def subscribe(
        self, environment: Environment, bundle_id: BundleId, channel_id: ChannelId, who: Subscriber
    ) -> bool:
        """Listen to a channel; False, without effect, when there is nothing to listen to.

        A deleted channel whose message still waits can be listened to for its sake.
        """
        message = self.waiting(channel_id)
        is_there = self.find(environment, bundle_id, channel_id) is not None or (
            message is not None
            and (message.environment, message.bundle_id) == (environment, bundle_id)
        )
        if is_there:
            self._subscribers.setdefault(channel_id, {})[who] = None
        return is_there

    def unsubscribe(self, channel_id: ChannelId, who: Subscriber) -> None:
        """Listen no more. Idempotent."""
        listening = self._subscribers.get(channel_id, {})
        listening.pop(who, None)
        if not listening:
            self._subscribers.pop(channel_id, None)

    def subscribers(self, channel_id: ChannelId) -> tuple[Subscriber, ...]:
        """Who listens now."""
        return tuple(self._subscribers.get(channel_id, ()))

    def subscriptions(self) -> int:
        """How many there are in all."""
        return sum(map(len, self._subscribers.values()))
