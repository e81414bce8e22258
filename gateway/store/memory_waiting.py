"""The notifications that wait, in memory, and when their time is over."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from gateway.store.store import Waiting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from protocol.identifiers import DeviceId, UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

_SPARE_DEADLINES = 1000


class WaitingMemory:
    """The notifications of :class:`~gateway.store.memory.MemoryStore`; its length counts them."""

    def __init__(self, entries: Iterable[Waiting] = ()) -> None:
        # By seq, which is the order of insertion.
        self._of: dict[DeviceId, dict[int, Notification]] = {}
        self._deadlines: list[tuple[float, int, DeviceId]] = []
        self._count = 0
        for entry in entries:
            self.put(entry.device, entry.seq, entry.notification)

    def __len__(self) -> int:
        return self._count

    def of(self, device: DeviceId) -> Mapping[int, Notification]:
        """What waits for a device, by seq."""
        return self._of.get(device, {})

    def entries(self) -> list[Waiting]:
        """All of it, in order."""
        found = [
            Waiting(seq, device, notification)
            for device, waiting in self._of.items()
            for seq, notification in waiting.items()
        ]
        return sorted(found, key=lambda each: each.seq)

    def put(self, device: DeviceId, seq: int, notification: Notification) -> None:
        """Keep one more."""
        self._of.setdefault(device, {})[seq] = notification
        self._count += 1
        heapq.heappush(self._deadlines, (notification.expires_at, seq, device))

    def remove(self, device: DeviceId, seqs: Sequence[int]) -> tuple[UniqueId, ...]:
        """Forget those of these that are there; says which they were."""
        waiting = self._of.get(device, {})
        gone = [waiting.pop(seq).unique_id for seq in seqs if seq in waiting]
        self._count -= len(gone)
        if not waiting:
            self._of.pop(device, None)
        # Deadlines of what is gone already are skipped; not kept for 30 days, though.
        if len(self._deadlines) > 2 * self._count + _SPARE_DEADLINES:
            self._deadlines = [entry for entry in self._deadlines if self._is_waiting(entry)]
            heapq.heapify(self._deadlines)
        return tuple(gone)

    def expire(self, now: float, limit: int) -> list[UniqueId]:
        """Forget up to ``limit`` whose time is over; says which they were."""
        gone: list[UniqueId] = []
        while len(gone) < limit and self._deadlines and self._deadlines[0][0] <= now:
            _, seq, device = heapq.heappop(self._deadlines)
            gone += self.remove(device, (seq,))
        return gone

    def next_expiry(self) -> float | None:
        """When the time of the next one is over; None while nothing waits."""
        while self._deadlines and not self._is_waiting(self._deadlines[0]):
            heapq.heappop(self._deadlines)
        return self._deadlines[0][0] if self._deadlines else None

    def forget(self, tenant: Tenant) -> None:
        """Forget those of one app."""
        for device, waiting in tuple(self._of.items()):
            self.remove(device, [seq for seq, each in waiting.items() if tenant.has(each.topic)])

    def _is_waiting(self, entry: tuple[float, int, DeviceId]) -> bool:
        return entry[1] in self._of.get(entry[2], {})
