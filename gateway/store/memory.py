"""MemoryStore: every promise of a store but durability.

For tests and for gateways that may forget.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

import trio

from gateway.store.availability import Availability
from gateway.store.memory_channels import ChannelMemory
from gateway.store.memory_seen import SeenMemory
from gateway.store.memory_waiting import WaitingMemory
from gateway.store.store import (
    SAME_ID_SECONDS,
    Accepted,
    Attachment,
    Contents,
    FencedError,
    Registration,
    Stored,
    StoreStatistics,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

    from protocol.broadcast import Broadcast, Channel
    from protocol.identifiers import ChannelId, DeviceId, DeviceToken, Topic, UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

P = ParamSpec("P")
Answer = TypeVar("Answer")


def _verb(
    effect: Callable[Concatenate[MemoryStore, P], Answer],
) -> Callable[Concatenate[MemoryStore, P], Coroutine[Any, Any, Answer]]:
    """A verb of ``Store``: it takes effect at once, or not at all if its caller is cancelled."""

    @wraps(effect)
    async def call(store: MemoryStore, /, *args: P.args, **kwargs: P.kwargs) -> Answer:
        await store.begin()
        answer = effect(store, *args, **kwargs)
        # What was done was done: the answer must not get lost in a cancellation.
        await trio.lowlevel.cancel_shielded_checkpoint()
        return answer

    return call


class MemoryStore:
    """A :class:`~gateway.store.store.Store` that lives as long as its process."""

    def __init__(self) -> None:
        self._seqs = itertools.count(1)
        self._fences = itertools.count(1)
        self._sessions: dict[DeviceId, int] = {}
        self._registrations: dict[DeviceToken, Registration] = {}
        self._channels = ChannelMemory()
        self._seen = SeenMemory()
        self._waiting = WaitingMemory()
        self._operations = 0
        self._availability = Availability()

    @_verb
    def accept(
        self, device: DeviceId, notification: Notification, *, same_id_since: float | None = None
    ) -> Accepted:
        """See :meth:`gateway.store.store.Store.accept`."""
        is_present = device in self._sessions
        if same_id_since is not None:
            first = self._seen.find(device, notification.apns_id, same_id_since)
            if first is not None:
                return Accepted(first[0], (), first[1], is_present)
        replaced = () if is_present else self._replace(device, notification)
        seq = next(self._seqs)
        self._waiting.put(device, seq, notification)
        if same_id_since is not None:
            self._seen.add(device, notification, seq)
        return Accepted(seq, replaced, None, is_present)

    def _replace(self, device: DeviceId, newer: Notification) -> tuple[UniqueId, ...]:
        # What has expired already is left for the sweep, which reports it as expired.
        return self._waiting.remove(
            device,
            [
                seq
                for seq, older in self._waiting.of(device).items()
                if older.topic == newer.topic and not older.has_expired(newer.received_at)
            ],
        )

    @_verb
    def attach(self, device: DeviceId, *, now: float) -> Attachment:
        """See :meth:`gateway.store.store.Store.attach`."""
        fence = self._sessions[device] = next(self._fences)
        expired: list[int] = []
        older: list[int] = []
        newest: dict[Topic, int] = {}
        for seq, notification in self._waiting.of(device).items():
            if notification.has_expired(now):
                expired.append(seq)
                continue
            if notification.topic in newest:
                older.append(newest[notification.topic])
            newest[notification.topic] = seq
        return Attachment(
            fence, self._waiting.remove(device, older), self._waiting.remove(device, expired)
        )

    @_verb
    def detach(self, device: DeviceId, fence: int) -> bool:
        """See :meth:`gateway.store.store.Store.detach`."""
        is_current = self._sessions.get(device) == fence
        if is_current:
            del self._sessions[device]
        return is_current

    @_verb
    def fetch(
        self, device: DeviceId, fence: int, *, after: int, limit: int, now: float
    ) -> Sequence[Stored]:
        """See :meth:`gateway.store.store.Store.fetch`."""
        if self._sessions.get(device) != fence:
            raise FencedError(f"session {fence} of {device} is not the current one any more")
        found = (
            Stored(seq, notification)
            for seq, notification in self._waiting.of(device).items()
            if seq > after and not notification.has_expired(now)
        )
        return list(itertools.islice(found, limit))

    @_verb
    def acknowledge(self, device: DeviceId, seqs: Sequence[int]) -> None:
        """See :meth:`gateway.store.store.Store.acknowledge`."""
        self._waiting.remove(device, seqs)

    @_verb
    def register(self, registration: Registration) -> None:
        """See :meth:`gateway.store.store.Store.register`."""
        self._registrations[registration.token] = registration

    @_verb
    def unregister(self, token: DeviceToken, *, at: float, is_expired: bool = False) -> None:
        """See :meth:`gateway.store.store.Store.unregister`."""
        entry = self._registrations.get(token)
        if entry is not None and entry.unregistered_at is None:
            self._registrations[token] = replace(entry, unregistered_at=at, is_expired=is_expired)

    @_verb
    def registrations(self) -> Sequence[Registration]:
        """See :meth:`gateway.store.store.Store.registrations`."""
        return [self._registrations[token] for token in sorted(self._registrations)]

    @_verb
    def pending(self, device: DeviceId | None = None) -> int:
        """See :meth:`gateway.store.store.Store.pending`."""
        return len(self._waiting if device is None else self._waiting.of(device))

    @_verb
    def expire(self, *, now: float, limit: int = 100) -> Sequence[UniqueId]:
        """See :meth:`gateway.store.store.Store.expire`."""
        gone = self._waiting.expire(now, limit)
        self._seen.forget(now - SAME_ID_SECONDS, limit)
        return gone

    @_verb
    def next_expiry(self) -> float | None:
        """See :meth:`gateway.store.store.Store.next_expiry`."""
        return self._waiting.next_expiry()

    @_verb
    def create_channel(self, channel: Channel) -> None:
        """See :meth:`gateway.store.store.Store.create_channel`."""
        self._channels.create(channel)

    @_verb
    def delete_channel(self, channel_id: ChannelId) -> None:
        """See :meth:`gateway.store.store.Store.delete_channel`."""
        self._channels.delete(channel_id)

    @_verb
    def channels(self) -> Sequence[Channel]:
        """See :meth:`gateway.store.store.Store.channels`."""
        return self._channels.channels()

    @_verb
    def publish(self, broadcast: Broadcast) -> None:
        """See :meth:`gateway.store.store.Store.publish`."""
        self._channels.publish(broadcast)

    @_verb
    def broadcasts(self) -> Sequence[Broadcast]:
        """See :meth:`gateway.store.store.Store.broadcasts`."""
        return self._channels.broadcasts()

    @_verb
    def forget_broadcasts(self, *, now: float) -> None:
        """See :meth:`gateway.store.store.Store.forget_broadcasts`."""
        self._channels.forget(now)

    @_verb
    def forget(self, tenant: Tenant) -> None:
        """See :meth:`gateway.store.store.Store.forget`."""
        self._waiting.forget(tenant)
        for token in [t for t, each in self._registrations.items() if tenant.has(each.topic)]:
            del self._registrations[token]
        self._channels.forget_app(tenant.bundle_id)
        self._seen.forget_tenant(tenant)

    @_verb
    def waiting(self) -> Sequence[Waiting]:
        """See :meth:`gateway.store.store.Store.waiting`."""
        return self._waiting.entries()

    @_verb
    def refill(self, contents: Contents) -> None:
        """See :meth:`gateway.store.store.Store.refill`."""
        self._clear()
        self._waiting = WaitingMemory(contents.waiting)
        last = max((entry.seq for entry in contents.waiting), default=0)
        self._seqs = itertools.count(max(next(self._seqs), last + 1))
        self._registrations = {each.token: each for each in contents.registrations}
        self._channels.refill(contents)

    @_verb
    def clear(self) -> None:
        """See :meth:`gateway.store.store.Store.clear`."""
        self._clear()

    def _clear(self) -> None:
        self._waiting, self._seen = WaitingMemory(), SeenMemory()
        self._channels = ChannelMemory()
        self._sessions.clear()
        self._registrations.clear()

    def wakes(self) -> AsyncIterator[DeviceId | None]:
        """See :meth:`gateway.store.store.Store.wakes`; memory has no outages."""
        return self._availability.wakes()

    def close(self) -> None:
        """End the iterations of :meth:`wakes`."""
        self._availability.close()

    def statistics(self) -> StoreStatistics:
        """See :meth:`gateway.store.store.Store.statistics`."""
        return StoreStatistics("memory", len(self._waiting), self._operations, self._operations, 0)

    async def begin(self) -> None:
        """What every verb begins with; a store that is slow, or away, waits or raises in here."""
        self._operations += 1
        # Raises when the caller is cancelled, but never switches tasks: calls keep their order.
        await trio.lowlevel.checkpoint_if_cancelled()
