"""SqliteStore: the store in a process of its own, as the gateway's tasks see it.

Why a process (reference/engine.md §3): ``sqlite3`` gives up the GIL several times per row, so a
thread starves when the event loop is busy: p99 3,966 ms against 22 ms.

Outages. When the process dies it is started anew (``supervisor``). A full disk or a locked file
fails the calls that hit it with ``StoreUnavailableError``, and heals by itself.
"""

from __future__ import annotations

import secrets
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio

from gateway.store.availability import Availability
from gateway.store.launch import StoreCommand
from gateway.store.pump import Pump
from gateway.store.store import (
    Accepted,
    Attachment,
    FencedError,
    Stored,
    StoreStatistics,
    Waiting,
)
from gateway.store.supervisor import Supervisor
from gateway.store.wire import (
    broadcast_of,
    channel_of,
    notification_of,
    registration_of,
    row_of,
    row_of_broadcast,
    row_of_channel,
    row_of_registration,
)
from protocol.identifiers import DeviceId, UniqueId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from pathlib import Path

    from gateway.store.store import Contents, Registration
    from protocol.broadcast import Broadcast, Channel
    from protocol.identifiers import ChannelId, DeviceToken
    from protocol.notification import Notification
    from protocol.tenant import Tenant

REGISTRATIONS_PER_PAGE = 1000
CHANNELS_PER_PAGE = 1000
BROADCASTS_PER_PAGE = 64
"""Of up to 5 KB each."""
WAITING_PER_PAGE = 256


class SqliteStore:
    """A durable :class:`~gateway.store.store.Store` in one SQLite file; see :meth:`open`."""

    def __init__(self, pump: Pump, supervisor: Supervisor, availability: Availability) -> None:
        self._perform = pump.perform
        self._pump = pump
        self._supervisor = supervisor
        self._availability = availability

    @classmethod
    @asynccontextmanager
    async def open(cls, path: Path, *, max_bytes: int | None = None) -> AsyncIterator[SqliteStore]:
        """Start the store process, and end it in the end, after everything called is committed.

        Args:
            path: the database; created with its folder when there is none.
            max_bytes: how large it may grow; beyond, pushes are refused as on a full disk.

        Raises:
            StoreUnavailableError: it cannot be opened; says why and what to do.
        """
        command = StoreCommand(path, secrets.token_hex(8), max_bytes)
        availability = Availability()
        pump = Pump(availability)
        supervisor = Supervisor(command, pump, availability)
        await supervisor.start()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(supervisor.run)
            try:
                yield cls(pump, supervisor, availability)
            finally:
                await supervisor.close()
                pump.refuse("the store is closed")
                availability.close()

    @property
    def process_id(self) -> int | None:
        """The store process, ``None`` while there is none."""
        process = self._supervisor.process
        return None if process is None else process.process.pid

    async def accept(
        self, device: DeviceId, notification: Notification, *, same_id_since: float | None = None
    ) -> Accepted:
        """See :meth:`gateway.store.store.Store.accept`."""
        operation = ("accept", device, row_of(notification), same_id_since)
        seq, is_present, replaced, duplicate_of = await self._perform(operation)
        return Accepted(
            seq,
            tuple(map(UniqueId, replaced)),
            None if duplicate_of is None else UniqueId(duplicate_of),
            is_present,
        )

    async def attach(self, device: DeviceId, *, now: float) -> Attachment:
        """See :meth:`gateway.store.store.Store.attach`."""
        fence, replaced, expired = await self._perform(("attach", device, now))
        return Attachment(fence, tuple(map(UniqueId, replaced)), tuple(map(UniqueId, expired)))

    async def detach(self, device: DeviceId, fence: int) -> bool:
        """See :meth:`gateway.store.store.Store.detach`."""
        return bool(await self._perform(("detach", device, fence)))

    async def fetch(
        self, device: DeviceId, fence: int, *, after: int, limit: int, now: float
    ) -> Sequence[Stored]:
        """See :meth:`gateway.store.store.Store.fetch`."""
        rows = await self._perform(("fetch", device, fence, after, limit, now))
        if rows is None:
            raise FencedError(f"session {fence} of {device} is not the current one any more")
        return [Stored(row[0], notification_of(row[1:])) for row in rows]

    async def acknowledge(self, device: DeviceId, seqs: Sequence[int]) -> None:
        """See :meth:`gateway.store.store.Store.acknowledge`."""
        await self._perform(("acknowledge", device, tuple(seqs)))

    async def register(self, registration: Registration) -> None:
        """See :meth:`gateway.store.store.Store.register`."""
        await self._perform(("register", *row_of_registration(registration)))

    async def unregister(self, token: DeviceToken, *, at: float, is_expired: bool = False) -> None:
        """See :meth:`gateway.store.store.Store.unregister`."""
        await self._perform(("unregister", token, at, is_expired))

    async def registrations(self) -> Sequence[Registration]:
        """See :meth:`gateway.store.store.Store.registrations`."""
        rows = await self._pages("registrations", REGISTRATIONS_PER_PAGE, b"")
        return list(map(registration_of, rows))

    async def pending(self, device: DeviceId | None = None) -> int:
        """See :meth:`gateway.store.store.Store.pending`."""
        return int(await self._perform(("pending", device)))

    async def expire(self, *, now: float, limit: int = 100) -> Sequence[UniqueId]:
        """See :meth:`gateway.store.store.Store.expire`."""
        return [UniqueId(text) for text in await self._perform(("expire", now, limit))]

    async def next_expiry(self) -> float | None:
        """See :meth:`gateway.store.store.Store.next_expiry`."""
        (at,) = await self._perform(("next_expiry",))
        return None if at is None else float(at)

    async def create_channel(self, channel: Channel) -> None:
        """See :meth:`gateway.store.store.Store.create_channel`."""
        await self._perform(("create_channel", row_of_channel(channel)))

    async def delete_channel(self, channel_id: ChannelId) -> None:
        """See :meth:`gateway.store.store.Store.delete_channel`."""
        await self._perform(("delete_channel", channel_id))

    async def channels(self) -> Sequence[Channel]:
        """See :meth:`gateway.store.store.Store.channels`."""
        return list(map(channel_of, await self._pages("channels", CHANNELS_PER_PAGE, "")))

    async def publish(self, broadcast: Broadcast) -> None:
        """See :meth:`gateway.store.store.Store.publish`."""
        await self._perform(("publish", row_of_broadcast(broadcast)))

    async def broadcasts(self) -> Sequence[Broadcast]:
        """See :meth:`gateway.store.store.Store.broadcasts`."""
        return list(map(broadcast_of, await self._pages("broadcasts", BROADCASTS_PER_PAGE, "")))

    async def forget_broadcasts(self, *, now: float) -> None:
        """See :meth:`gateway.store.store.Store.forget_broadcasts`."""
        await self._perform(("forget_broadcasts", now))

    async def _pages(self, verb: str, limit: int, first: bytes | str | int) -> list[Any]:
        rows: list[Any] = []
        while page := await self._perform((verb, rows[-1][0] if rows else first, limit)):
            rows += page
        return rows

    async def forget(self, tenant: Tenant) -> None:
        """See :meth:`gateway.store.store.Store.forget`."""
        await self._perform(("forget", tenant.bundle_id, sorted(tenant.topics)))

    async def waiting(self) -> Sequence[Waiting]:
        """See :meth:`gateway.store.store.Store.waiting`."""
        rows = await self._pages("waiting", WAITING_PER_PAGE, 0)
        return [Waiting(row[0], DeviceId(row[1]), notification_of(row[2:])) for row in rows]

    async def refill(self, contents: Contents) -> None:
        """See :meth:`gateway.store.store.Store.refill`."""
        waiting = [(each.seq, each.device, *row_of(each.notification)) for each in contents.waiting]
        tables: tuple[Iterable[object], ...] = (
            map(row_of_registration, contents.registrations),
            map(row_of_channel, contents.channels),
            map(row_of_broadcast, contents.broadcasts),
        )
        await self._perform(("refill", waiting, *map(list, tables)))

    async def clear(self) -> None:
        """See :meth:`gateway.store.store.Store.clear`."""
        await self._perform(("clear",))

    def wakes(self) -> AsyncIterator[DeviceId | None]:
        """See :meth:`gateway.store.store.Store.wakes`."""
        return self._availability.wakes()

    def statistics(self) -> StoreStatistics:
        """See :meth:`gateway.store.store.Store.statistics`."""
        pump = self._pump
        return StoreStatistics(
            "sqlite",
            pump.pending,
            pump.operations,
            pump.transactions,
            self._supervisor.restarts,
            is_available=not self._availability.is_outage,
            is_busy=pump.is_busy,
            batch_seconds=pump.answer_seconds,
        )
