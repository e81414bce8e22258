"""MemoryStore: every promise of a store but durability.

For tests and for gateways that may forget. Each verb takes effect at once, when it is called, so
calls of several tasks keep their order.
"""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

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
    from collections.abc import AsyncIterator, Sequence

    from protocol.broadcast import Broadcast, Channel
    from protocol.identifiers import ChannelId, DeviceId, DeviceToken, Topic, UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant


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

    async def accept(
        self, device: DeviceId, notification: Notification, *, same_id_since: float | None = None
    ) -> Accepted:
        """See :meth:`gateway.store.store.Store.accept`."""
        await self._begin()
        accepted = self._accept(device, notification, same_id_since)
        await _end()
        return accepted

    def _accept(
        self, device: DeviceId, notification: Notification, same_id_since: float | None
    ) -> Accepted:
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

    async def attach(self, device: DeviceId, *, now: float) -> Attachment:
        """See :meth:`gateway.store.store.Store.attach`."""
        await self._begin()
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
        attachment = Attachment(
            fence, self._waiting.remove(device, older), self._waiting.remove(device, expired)
        )
        await _end()
        return attachment

    async def detach(self, device: DeviceId, fence: int) -> bool:
        """See :meth:`gateway.store.store.Store.detach`."""
        await self._begin()
        is_current = self._sessions.get(device) == fence
        if is_current:
            del self._sessions[device]
        await _end()
        return is_current

    async def fetch(
        self, device: DeviceId, fence: int, *, after: int, limit: int, now: float
    ) -> Sequence[Stored]:
        """See :meth:`gateway.store.store.Store.fetch`."""
        await self._begin()
        if self._sessions.get(device) != fence:
            raise FencedError(f"session {fence} of {device} is not the current one any more")
        found = (
            Stored(seq, notification)
            for seq, notification in self._waiting.of(device).items()
            if seq > after and not notification.has_expired(now)
        )
        oldest = list(itertools.islice(found, limit))
        await _end()
        return oldest

    async def acknowledge(self, device: DeviceId, seqs: Sequence[int]) -> None:
        """See :meth:`gateway.store.store.Store.acknowledge`."""
        await self._begin()
        self._waiting.remove(device, seqs)
        await _end()

    async def register(self, registration: Registration) -> None:
        """See :meth:`gateway.store.store.Store.register`."""
        await self._begin()
        self._registrations[registration.token] = registration
        await _end()

    async def unregister(self, token: DeviceToken, *, at: float, is_expired: bool = False) -> None:
        """See :meth:`gateway.store.store.Store.unregister`."""
        await self._begin()
        entry = self._registrations.get(token)
        if entry is not None and entry.unregistered_at is None:
            self._registrations[token] = replace(entry, unregistered_at=at, is_expired=is_expired)
        await _end()

    async def registrations(self) -> Sequence[Registration]:
        """See :meth:`gateway.store.store.Store.registrations`."""
        await self._begin()
        entries = [self._registrations[token] for token in sorted(self._registrations)]
        await _end()
        return entries

    async def pending(self, device: DeviceId | None = None) -> int:
        """See :meth:`gateway.store.store.Store.pending`."""
        await self._begin()
        count = len(self._waiting if device is None else self._waiting.of(device))
        await _end()
        return count

    async def expire(self, *, now: float, limit: int = 100) -> Sequence[UniqueId]:
        """See :meth:`gateway.store.store.Store.expire`."""
        await self._begin()
        gone = self._waiting.expire(now, limit)
        self._seen.forget(now - SAME_ID_SECONDS, limit)
        await _end()
        return gone

    async def next_expiry(self) -> float | None:
        """See :meth:`gateway.store.store.Store.next_expiry`."""
        await self._begin()
        at = self._waiting.next_expiry()
        await _end()
        return at

    async def create_channel(self, channel: Channel) -> None:
        """See :meth:`gateway.store.store.Store.create_channel`."""
        await self._begin()
        self._channels.create(channel)
        await _end()

    async def delete_channel(self, channel_id: ChannelId) -> None:
        """See :meth:`gateway.store.store.Store.delete_channel`."""
        await self._begin()
        self._channels.delete(channel_id)
        await _end()

    async def channels(self) -> Sequence[Channel]:
        """See :meth:`gateway.store.store.Store.channels`."""
        await self._begin()
        channels = self._channels.channels()
        await _end()
        return channels

    async def publish(self, broadcast: Broadcast) -> None:
        """See :meth:`gateway.store.store.Store.publish`."""
        await self._begin()
        self._channels.publish(broadcast)
        await _end()

    async def broadcasts(self) -> Sequence[Broadcast]:
        """See :meth:`gateway.store.store.Store.broadcasts`."""
        await self._begin()
        broadcasts = self._channels.broadcasts()
        await _end()
        return broadcasts

    async def forget_broadcasts(self, *, now: float) -> None:
        """See :meth:`gateway.store.store.Store.forget_broadcasts`."""
        await self._begin()
        self._channels.forget(now)
        await _end()

    async def forget(self, tenant: Tenant) -> None:
        """See :meth:`gateway.store.store.Store.forget`."""
        await self._begin()
        self._waiting.forget(tenant)
        for token in [t for t, each in self._registrations.items() if tenant.has(each.topic)]:
            del self._registrations[token]
        self._channels.forget_app(tenant.bundle_id)
        self._seen.forget_tenant(tenant)
        await _end()

    async def waiting(self) -> Sequence[Waiting]:
        """See :meth:`gateway.store.store.Store.waiting`."""
        await self._begin()
        entries = self._waiting.entries()
        await _end()
        return entries

    async def refill(self, contents: Contents) -> None:
        """See :meth:`gateway.store.store.Store.refill`."""
        await self._begin()
        self._clear()
        self._waiting = WaitingMemory(contents.waiting)
        last = max((entry.seq for entry in contents.waiting), default=0)
        self._seqs = itertools.count(max(next(self._seqs), last + 1))
        self._registrations = {each.token: each for each in contents.registrations}
        self._channels.refill(contents)
        await _end()

    async def clear(self) -> None:
        """See :meth:`gateway.store.store.Store.clear`."""
        await self._begin()
        self._clear()
        await _end()

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

    async def _begin(self) -> None:
        # Raises when the caller is cancelled, but never switches tasks: calls keep their order.
        self._operations += 1
        await trio.lowlevel.checkpoint_if_cancelled()


async def _end() -> None:
    # What was done was done: the answer must not get lost in a cancellation.
    await trio.lowlevel.cancel_shielded_checkpoint()
