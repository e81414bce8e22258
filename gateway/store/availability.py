"""Whether the store can promise anything now: said in the log once per outage, and to sessions."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from protocol.identifiers import DeviceId

_log = logging.getLogger("gateway.store")


class Availability:
    """Follows one store through its outages.

    An outage begins with a failure and ends when :meth:`came_back` says so, which is after a
    restart or a probe: that this or that call works says little about a disk that is nearly full.
    """

    def __init__(self) -> None:
        self.is_outage = False
        self._comebacks = 0
        self._is_closed = False
        self._began = trio.Event()
        self._changed = trio.Event()

    def failed(self, why: str) -> None:
        """Something could not be done."""
        if not self.is_outage:
            self.is_outage = True
            self._began.set()
            _log.error("store unavailable, pushes are answered 503: %s", why)

    def came_back(self) -> None:
        """All is well again: say so, and have everybody look again."""
        if self.is_outage:
            self.is_outage = False
            self._began = trio.Event()
            self._comebacks += 1
            _log.warning("store available again")
            self._notify()

    def close(self) -> None:
        """End every iteration."""
        self._is_closed = True
        self._notify()

    async def outage(self) -> None:
        """Wait until there is one."""
        await self._began.wait()

    async def comeback(self, seen: int) -> int:
        """Wait until there were more comebacks than ``seen``.

        Raises:
            StopAsyncIteration: the store was closed.
        """
        await trio.lowlevel.checkpoint()
        while self._comebacks == seen:
            if self._is_closed:
                raise StopAsyncIteration
            await self._changed.wait()
        return self._comebacks

    def _notify(self) -> None:
        self._changed.set()
        self._changed = trio.Event()

    def wakes(self) -> AsyncIterator[DeviceId | None]:
        """``None`` after every outage that ends from now on."""
        return _Wakes(self, self._comebacks)


class _Wakes:
    """Each iteration has its own memory of what it has seen; nothing needs closing."""

    def __init__(self, availability: Availability, seen: int) -> None:
        self._availability = availability
        self._seen = seen

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> DeviceId | None:
        self._seen = await self._availability.comeback(self._seen)
        return None
