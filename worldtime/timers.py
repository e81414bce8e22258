"""What waits for the world's time, by when it is due."""

from __future__ import annotations

import heapq
import itertools
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

# Entries of what waits no more that are not worth cleaning up.
_SPARE_ENTRIES = 1_000


class _Wait:
    """What is to be cancelled at a deadline; no scope: it waits no more."""

    __slots__ = ("scope",)

    def __init__(self, scope: trio.CancelScope) -> None:
        self.scope: trio.CancelScope | None = scope


class Timers:
    """Cancels scopes when they are due. It has no task: whoever keeps the clock calls :meth:`fire`.

    Args:
        current_time: the world's, in seconds that never go back.
        stands_still: whether a test has stopped it, and does not move it at this moment.

    Attributes:
        at_work: how many threads work for the emulation; see :func:`worldtime.at_work`.
        is_jumping: whether time is moved ahead; see :func:`worldtime.is_jumping`.
    """

    def __init__(
        self,
        current_time: Callable[[], float],
        stands_still: Callable[[], bool] = lambda: False,
    ) -> None:
        self.current_time = current_time
        self.stands_still = stands_still
        self.at_work = 0
        self.is_jumping = False
        self._entries: list[tuple[float, int, _Wait]] = []  # with a number, for those of one time
        self._numbers = itertools.count()
        self._waiting = 0
        self._changed = trio.Event()

    def __len__(self) -> int:
        """How many wait."""
        return self._waiting

    @property
    def next_due(self) -> float:
        """The earliest deadline; infinite when nothing waits."""
        while self._entries and self._entries[0][2].scope is None:
            heapq.heappop(self._entries)
        return self._entries[0][0] if self._entries else inf

    @contextmanager
    def until(self, deadline: float, scope: trio.CancelScope) -> Iterator[None]:
        """Cancel the scope at the deadline, unless it is left before."""
        if deadline <= self.current_time():
            scope.cancel()
        if deadline == inf or scope.cancel_called:
            yield
            return
        wait = _Wait(scope)
        heapq.heappush(self._entries, (deadline, next(self._numbers), wait))
        self._waiting += 1
        if self._entries[0][2] is wait:
            self.note_change()
        try:
            yield
        finally:
            if wait.scope is not None:
                wait.scope = None
                self._waiting -= 1
                self._clean_up()

    def fire(self) -> None:
        """Cancel what is due, in the order of the deadlines; then those of equal ones as begun."""
        now = self.current_time()
        while self.next_due <= now:
            _, _, wait = heapq.heappop(self._entries)
            scope, wait.scope = wait.scope, None
            assert scope is not None  # as next_due has seen to it
            self._waiting -= 1
            scope.cancel()

    def note_change(self) -> None:
        """The earliest deadline, or how time passes, is another one now."""
        self._changed.set()

    async def change(self) -> None:
        """Wait for the next :meth:`note_change`."""
        self._changed = trio.Event()
        await self._changed.wait()

    def _clean_up(self) -> None:
        if len(self._entries) > 2 * self._waiting + _SPARE_ENTRIES:
            self._entries = [entry for entry in self._entries if entry[2].scope is not None]
            heapq.heapify(self._entries)
