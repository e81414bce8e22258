"""A device's notifications in the store, as one session reads them: in order, from a cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.courier.receipts import Receipts
from gateway.records import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.courier.terms import Services
    from gateway.store.store import Stored
    from protocol.identifiers import DeviceId

_MEASURE_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Batch:
    """What one fetch found.

    Attributes:
        pushes: in order, without those that are done with.
        is_exhausted: nothing lies behind it.
        ends_backlog: what waited when the session began ends in it, or before.
    """

    pushes: Sequence[Stored]
    is_exhausted: bool
    ends_backlog: bool


class Mailbox:
    """The cursor is the session's, so a new session begins with the oldest unacknowledged push.

    Every coroutine here may raise StoreUnavailableError, and may then be called again; and
    FencedError, when a newer session has the device.
    """

    __slots__ = ("_backlog_end", "_cursor", "_device", "_fence", "_services", "receipts")

    def __init__(self, services: Services, device: DeviceId) -> None:
        self._services = services
        self._device = device
        self._fence: int | None = None
        self._backlog_end: int | None = None
        self._cursor = 0
        self.receipts = Receipts(services.store, device)

    async def open(self) -> int:
        """Take the device over from older sessions; once open, no effect.

        Returns:
            The fence.
        """
        if self._fence is None:
            now = self._services.now()
            attachment = await self._services.store.attach(self._device, now=now)
            self._fence = attachment.fence
            journal, outstanding = self._services.journal, self._services.sessions.unacknowledged
            for unique_id in outstanding.over(attachment.replaced):
                journal.note(unique_id, State.REPLACED, "by a newer one of its topic")
            for unique_id in outstanding.over(attachment.expired):
                journal.note(unique_id, State.DISCARDED_EXPIRED)
        if self._backlog_end is None:
            self._backlog_end = await self._measure_backlog(self._fence)
        return self._fence

    async def _measure_backlog(self, fence: int) -> int:
        """The last ``seq`` that was there before us: one short fetch, as attaching has settled.

        Not by time: under a clock that stands still, before and after are the same second.
        """
        end = 0
        while True:
            waiting = await self._fetch(fence, end, _MEASURE_LIMIT)
            end = waiting[-1].seq if waiting else end
            if len(waiting) < _MEASURE_LIMIT:
                return end

    def leave(self) -> None:
        """Another session serves the device: :meth:`open` begins anew."""
        self._fence = self._backlog_end = None
        self._cursor = 0

    def is_from_storage(self, stored: Stored) -> bool:
        """Whether it was accepted before this session began: it has waited for the device."""
        return self._backlog_end is not None and stored.seq <= self._backlog_end

    def rewind(self) -> None:
        """Look at everything again, because other topics are wanted now."""
        self._cursor = 0

    async def fetch(self, limit: int) -> Batch:
        """The next pushes, at most ``limit``; the cursor moves past them."""
        fence = await self.open()
        while True:
            after = self._cursor
            self.receipts.begin_fetch()
            found = await self._fetch(fence, after, limit)
            if self._cursor == after:  # else rewound while we waited
                break
        if found:
            self._cursor = found[-1].seq
        is_exhausted = len(found) < limit
        return Batch(
            [stored for stored in found if stored.seq not in self.receipts],
            is_exhausted,
            is_exhausted or self._cursor >= (self._backlog_end or 0),
        )

    async def _fetch(self, fence: int, after: int, limit: int) -> Sequence[Stored]:
        return await self._services.store.fetch(
            self._device, fence, after=after, limit=limit, now=self._services.now()
        )

    async def close(self) -> None:
        """Say what is still to be said, and that the device is absent from now on."""
        try:
            await self.receipts.flush()
        finally:
            if self._fence is not None:
                await self._services.store.detach(self._device, self._fence)
