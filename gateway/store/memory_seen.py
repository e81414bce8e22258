"""Which apns-ids were accepted lately, in memory."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from gateway.store.store import SAME_ID_SECONDS

if TYPE_CHECKING:
    from protocol.identifiers import ApnsId, DeviceId, Topic, UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant


class SeenMemory:
    """The accepted ids of :class:`~gateway.store.memory.MemoryStore`, and as what; oldest first."""

    def __init__(self) -> None:
        self._entries: dict[tuple[DeviceId, ApnsId], tuple[float, int, UniqueId, Topic]] = {}

    def find(self, device: DeviceId, apns_id: ApnsId, since: float) -> tuple[int, UniqueId] | None:
        """The ``seq`` and name of the first, when it was accepted at or after ``since``."""
        entry = self._entries.get((device, apns_id))
        return None if entry is None or entry[0] < since else entry[1:3]

    def add(self, device: DeviceId, notification: Notification, seq: int) -> None:
        """Remember one, and forget up to two that are too old to matter."""
        key = (device, notification.apns_id)
        self._entries.pop(key, None)
        self._entries[key] = (
            notification.received_at, seq, notification.unique_id, notification.topic
        )  # fmt: skip
        self.forget(notification.received_at - SAME_ID_SECONDS, 2)

    def forget_tenant(self, tenant: Tenant) -> None:
        """Forget what was accepted for one app."""
        self._entries = {
            key: entry for key, entry in self._entries.items() if not tenant.has(entry[3])
        }

    def forget(self, before: float, limit: int) -> None:
        """Forget up to ``limit`` of those accepted before that time."""
        oldest = list(itertools.islice(self._entries, limit))
        for key in oldest:
            if self._entries[key][0] < before:
                del self._entries[key]
