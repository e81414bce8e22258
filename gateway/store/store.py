"""What a store promises; one contract suite (``tests/contract``) holds every backend to it.

Promises
    Durability: when :meth:`Store.accept` returns, the notification survives ``kill -9`` of any
    process, and a power cut as far as the backend's disk tells the truth.
    Order: :meth:`Store.fetch` hands out a device's notifications in the order of acceptance
    (their ``seq``), which never repeats or goes back.
    Replacement: Apple keeps one notification per device and topic *for an absent device*, so
    ``accept`` replaces older ones while nobody is attached, and ``attach`` does once more for
    what a former session left unacknowledged.
    Expiry: nothing that has expired is handed out; the sweep only reclaims its space.
    Presence and fencing: ``attach`` gives the session a fence, higher than every one before; the
    fence of an older session is void from then on, so a stale one can neither fetch nor detach
    its successor. ``detach`` and ``clear`` void it too, and so does the end of the gateway
    process that the session belonged to. A crash of the store alone voids none.
    Channels: a broadcast channel keeps at most one message, its newest; there is nothing per
    subscriber. A message outlives its channel: deleting one does not flush the other.
    Cancellation: a cancelled call may still take effect, except that a cancelled ``attach``
    leaves nobody attached.

Verbs carry ``now`` (UNIX seconds) because wall time is the gateway's clock, which tests move.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from protocol.identifiers import APP_PURPOSE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from gateway.histogram import Histogram
    from protocol.broadcast import Broadcast, Channel
    from protocol.identifiers import ChannelId, DeviceId, DeviceToken, TokenPurpose, Topic, UniqueId
    from protocol.notification import Environment, Notification
    from protocol.tenant import Tenant


SAME_ID_SECONDS = 3600.0
"""How far back ``same_id_since`` of :meth:`Store.accept` may reach."""


class StoreUnavailableError(Exception):
    """The store cannot promise anything now (full disk, locked file, process gone).

    The message says what happened and is fit for the log; providers hear 503
    ServiceUnavailable. Whether the last call took effect is unknown.
    """


class OperationRefusedError(Exception):
    """The store could make no sense of one call: a bug of ours. It had no effect."""


class FencedError(Exception):
    """This session is not the device's current one any more: it must end."""


@dataclass(frozen=True, slots=True)
class Registration:
    """A device token, whose it is and what for.

    ``unregistered_at`` is UNIX seconds of the moment it became invalid for its topic;
    ``is_expired`` says that this was the end of its life (a Live Activity ended), not of its app.
    """

    token: DeviceToken
    device: DeviceId
    topic: Topic
    environment: Environment
    registered_at: float
    unregistered_at: float | None = None
    purpose: TokenPurpose = APP_PURPOSE
    is_expired: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A notification in the store. ``seq`` is its place in the device's order."""

    seq: int
    notification: Notification


@dataclass(frozen=True, slots=True)
class Accepted:
    """The answer to :meth:`Store.accept`, given only once it is durable.

    ``replaced`` names what made room. ``duplicate_of`` is set when the same apns-id was accepted
    for the device within the window asked for: then nothing was stored, and ``seq`` is the
    place of the first. ``is_present`` says that a session was attached.
    """

    seq: int
    replaced: tuple[UniqueId, ...] = ()
    duplicate_of: UniqueId | None = None
    is_present: bool = False


@dataclass(frozen=True, slots=True)
class Attachment:
    """The answer to :meth:`Store.attach`: the fence, and what did not survive the settling."""

    fence: int
    replaced: tuple[UniqueId, ...] = ()
    expired: tuple[UniqueId, ...] = ()


@dataclass(frozen=True, slots=True)
class Waiting:
    """A notification that waits for its device; ``seq`` is its place in all devices' order."""

    seq: int
    device: DeviceId
    notification: Notification


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything that a store keeps beyond the life of a process, but for repetitions."""

    waiting: Sequence[Waiting] = ()
    registrations: Sequence[Registration] = ()
    channels: Sequence[Channel] = ()
    broadcasts: Sequence[Broadcast] = ()


@dataclass(frozen=True, slots=True)
class StoreStatistics:
    """What the store is doing, for the console.

    ``pending`` counts what has expired and was not swept yet, too. ``batches`` are commits: many
    ``operations`` share one. ``restarts`` counts how often a process behind the store was begun
    anew.

    ``batch_seconds``: how long commits took, seen from here; None where there are none.

    ``is_available`` is False during an outage, when pushes are answered 503. ``is_busy`` says that
    a verb has been called and not answered.
    """

    kind: str
    pending: int
    operations: int
    batches: int
    restarts: int
    is_available: bool = True
    is_busy: bool = False
    batch_seconds: Histogram | None = None


class Store(Protocol):
    """Notifications in order per device, registrations, and who is attached.

    Every verb may raise :class:`StoreUnavailableError`. All of them may be called concurrently;
    verbs for one device take effect in the order in which they were called.
    """

    async def accept(
        self, device: DeviceId, notification: Notification, *, same_id_since: float | None = None
    ) -> Accepted:
        """Keep a notification for its device, durably.

        Args:
            device: whose it is.
            notification: what to keep; its ``expires_at`` bounds how long.
            same_id_since: when given, a push with the same apns-id accepted for this device at
                or after this time (UNIX seconds, by ``received_at``) makes this one a
                repetition: not stored. Only pushes that were accepted with this argument are
                remembered, for :data:`SAME_ID_SECONDS`.

        What has expired by ``notification.received_at`` is not replaced: the sweep reports it.
        """
        ...

    async def attach(self, device: DeviceId, *, now: float) -> Attachment:
        """A session begins: void older fences, then settle to the newest per topic."""
        ...

    async def detach(self, device: DeviceId, fence: int) -> bool:
        """A session ended; False (and no effect) when a newer one has the device."""
        ...

    async def fetch(
        self, device: DeviceId, fence: int, *, after: int, limit: int, now: float
    ) -> Sequence[Stored]:
        """The device's oldest notifications with ``seq > after``, at most ``limit``.

        Raises:
            FencedError: a newer session has the device, or this one was detached.
        """
        ...

    async def acknowledge(self, device: DeviceId, seqs: Sequence[int]) -> None:
        """The device has these (or they were discarded): forget them. Idempotent."""
        ...

    async def register(self, registration: Registration) -> None:
        """Keep a token, durably; an existing entry of the same token is replaced."""
        ...

    async def unregister(self, token: DeviceToken, *, at: float, is_expired: bool = False) -> None:
        """The token is invalid from ``at`` on; what waits for it stays until fetched.

        ``is_expired`` becomes the registration's.

        No effect on an unknown token, nor on one that is invalid already: the first time stays.
        """
        ...

    async def registrations(self) -> Sequence[Registration]:
        """Every token ever registered, in the order of the tokens; for the directory at start."""
        ...

    async def pending(self, device: DeviceId | None = None) -> int:
        """How many notifications wait (or expired unswept), for one device or for all."""
        ...

    async def expire(self, *, now: float, limit: int = 100) -> Sequence[UniqueId]:
        """Forget up to ``limit`` expired notifications and say which, for the timeline."""
        ...

    async def next_expiry(self) -> float | None:
        """When the next notification expires (UNIX seconds), or has; None when none waits."""
        ...

    async def create_channel(self, channel: Channel) -> None:
        """Keep a channel, durably."""
        ...

    async def delete_channel(self, channel_id: ChannelId) -> None:
        """Forget a channel, but not the message that waits on it. Idempotent."""
        ...

    async def channels(self) -> Sequence[Channel]:
        """Every channel with its newest checkpoint, in the order of the ids; for the start."""
        ...

    async def publish(self, broadcast: Broadcast) -> None:
        """Make this the newest message of its channel, durably, in place of the one before.

        One that may not wait (its ``expires_at`` is not after its ``received_at``) is not kept: it
        only takes the place, so that nobody is given an older one later. An older one than what
        is kept (by ``checkpoint``) has no effect.
        """
        ...

    async def broadcasts(self) -> Sequence[Broadcast]:
        """Every message that is kept, in the order of the channel ids; for the start."""
        ...

    async def forget_broadcasts(self, *, now: float) -> None:
        """Reclaim the space of every message that has expired."""
        ...

    async def forget(self, tenant: Tenant) -> None:
        """Forget what is a tenant's: notifications, registrations, channels, their messages.

        Nobody is fenced; what was fetched already is for whoever fetched it to drop.
        """
        ...

    async def waiting(self) -> Sequence[Waiting]:
        """Every notification that waits (or expired unswept), in the order of acceptance."""
        ...

    async def refill(self, contents: Contents) -> None:
        """Keep this and nothing else, durably, or change nothing; ``seq`` as they are told.

        Whoever is attached finds itself fenced, as by :meth:`clear`.
        """
        ...

    async def clear(self) -> None:
        """Back to empty: notifications, registrations, channels and presence (for reset).

        Whoever is attached finds itself fenced; neither ``seq`` nor fences begin anew.
        """
        ...

    def wakes(self) -> AsyncIterator[DeviceId | None]:
        """Devices that have something new from *elsewhere*; ``None`` means "look at all".

        A single node hears only ``None`` here, after the store came back from an outage; a
        backend shared by several nodes names the devices that another node stored for. Several
        outages while nobody listens are one ``None``. The iteration ends with the store.
        """
        ...

    def statistics(self) -> StoreStatistics:
        """What the store is doing."""
        ...
