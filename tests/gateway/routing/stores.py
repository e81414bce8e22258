"""A store that can be taken away, and gates that hold a call back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.store.memory import MemoryStore
from gateway.store.store import Accepted, Registration, StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import trio

    from protocol.identifiers import DeviceId, DeviceToken
    from protocol.notification import Notification


class FragileStore(MemoryStore):
    """Memory, with an outage while ``is_out`` and every write held back while ``gate`` is shut."""

    def __init__(self) -> None:
        super().__init__()
        self.is_out = False
        self.gate: trio.Event | None = None
        self.writes = 0

    async def accept(
        self, device: DeviceId, notification: Notification, *, same_id_since: float | None = None
    ) -> Accepted:
        await self._write()
        return await super().accept(device, notification, same_id_since=same_id_since)

    async def register(self, registration: Registration) -> None:
        await self._write()
        await super().register(registration)

    async def unregister(self, token: DeviceToken, *, at: float, is_expired: bool = False) -> None:
        await self._write()
        await super().unregister(token, at=at, is_expired=is_expired)

    async def registrations(self) -> Sequence[Registration]:
        self._require()
        return await super().registrations()

    async def _write(self) -> None:
        self.writes += 1
        if self.gate is not None:
            await self.gate.wait()
        self._require()

    def _require(self) -> None:
        if self.is_out:
            raise StoreUnavailableError("the disk is full")
