"""What is due later, for all devices of a process in one task."""

from __future__ import annotations

import heapq
import itertools
import logging
import math
from typing import TYPE_CHECKING

import trio

import worldtime
from devicesim.state.files import StateError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = logging.getLogger(__name__)


class Agenda:
    """Things to do, each at its time; by the world's time.

    What was put down cannot be taken back: whoever does it looks whether it is still to be done.
    """

    __slots__ = ("_due", "_is_sooner", "_numbers")

    def __init__(self) -> None:
        self._due: list[tuple[float, int, Callable[[], Awaitable[None]]]] = []
        self._numbers = itertools.count()  # what is due at the same time keeps its order
        self._is_sooner = trio.Event()

    def __len__(self) -> int:
        """How many there are."""
        return len(self._due)

    def after(self, seconds: float, do: Callable[[], Awaitable[None]]) -> float:
        """Do it that much later, or soon if that is not positive; returns the time."""
        when = worldtime.current_time() + seconds
        heapq.heappush(self._due, (when, next(self._numbers), do))
        if self._due[0][0] == when:
            self._is_sooner.set()
        return when

    async def run(self) -> None:
        """Do what is due, one after the other, until cancelled."""
        while True:
            self._is_sooner = trio.Event()
            with worldtime.move_on_at(self._due[0][0] if self._due else math.inf):
                await self._is_sooner.wait()
            while self._due and self._due[0][0] <= worldtime.current_time():
                await _do(heapq.heappop(self._due)[-1])


async def _do(job: Callable[[], Awaitable[None]]) -> None:
    """One device's trouble is not the others'."""
    try:
        await job()
    except StateError as error:
        log.error("%s", error)  # noqa: TRY400 - it tells all
    except Exception:
        log.exception("a bug in what was due")
