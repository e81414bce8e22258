"""Lets the world's time pass: as the clock says, or by a jump that leaves nothing out.

A jump goes from one deadline to the next, and nobody is jumped over: before the next one, all that
the last one has set off has come to rest. So a month of keep-alives, bursts and expirations
happens as it would have, in order, each at its own second.
"""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from math import inf
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gateway.clock import Clock

log = logging.getLogger(__name__)

QUIET_SECONDS = 0.001
"""No task may run for so long: then what was written to a loopback socket has been read, too."""
REST_SECONDS, REST_SECONDS_PER_TASK = 0.25, 0.0005
"""Of this process's own work: under a load that never rests, time goes on after so much. Not of the
machine's time, which a busy machine may give to others."""
STUCK_SECONDS = 10.0
"""And after so long in any case: somebody outside does not answer."""
LOOK_SECONDS = 0.05
"""How often to look how much of that there was."""
TELL_SECONDS = 5.0
"""How often a jump that takes long says how far it has come."""


class ClockResetError(Exception):
    """Time was not moved as far as it should have been."""


class Timekeeper:
    """Whoever waits for the world's time is told by this one. All real waits in here are Trio's.

    Args:
        clock: the world's.
        is_busy: whether something outside Trio is at work that was set off in here.
    """

    def __init__(self, clock: Clock, is_busy: Callable[[], bool] = lambda: False) -> None:
        self._clock = clock
        self._timers = clock.timers
        self._is_busy = is_busy
        self._turn = trio.Lock()
        self._jump = trio.CancelScope()
        self._resets = 0

    async def run(self) -> None:
        """Tell those whose time has come, for ever."""
        clock, timers = self._clock, self._timers
        while True:
            wait = timers.next_due - clock.elapsed()
            with trio.move_on_after(max(0.0, wait / clock.pace) if clock.pace else inf):
                await timers.change()
                continue
            if clock.pace > 1:
                # An hour's patience is a moment then: let those answer who are about to.
                await self._settle()
            if clock.pace:
                timers.fire()

    async def advance(self, seconds: float) -> None:
        """Move time forward; returns when all that was due until then has happened.

        Meanwhile time does not pass by itself. Cancelled, it stays where it has come to.

        Raises:
            ValueError: see :meth:`Clock.require_ahead`.
            ClockResetError: somebody has reset the clock meanwhile.
        """
        resets = self._resets
        async with self._turn:
            if resets == self._resets:
                self._clock.require_ahead(seconds)
                with trio.CancelScope() as self._jump, self._clock.held(), self._jumping():
                    await self._settle()
                    await self._go_to(self._clock.elapsed() + seconds)
        if resets != self._resets:
            raise ClockResetError("the clock was reset while it was being moved")

    @contextmanager
    def _jumping(self) -> Iterator[None]:
        self._timers.is_jumping = True
        try:
            yield
        finally:
            self._timers.is_jumping = False

    async def reset(self) -> None:
        """Be the machine's clock again; ends every :meth:`advance` where it is."""
        self._resets += 1
        self._jump.cancel()
        async with self._turn:
            self._clock.reset()

    async def _go_to(self, end: float) -> None:
        clock = self._clock
        began, told_at, steps = clock.elapsed(), trio.current_time() + TELL_SECONDS, 0
        while (due := self._timers.next_due) <= end:
            clock.go_to(due)
            await self._settle()
            steps += 1
            if trio.current_time() >= told_at:
                told_at += TELL_SECONDS
                self._tell((clock.elapsed() - began) / (end - began or 1), steps)
        clock.go_to(end)
        await self._settle()

    def _tell(self, part: float, steps: int) -> None:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        log.info(
            "moving time: %.0f %% done, %d things happened, it is %s", 100 * part, steps,
            now.isoformat(" ", "seconds"),
        )  # fmt: skip

    async def _settle(self) -> None:
        """Let everything come to rest that happens by itself."""
        # Not at start: it takes pytest along, where that is installed.
        from trio.testing import wait_all_tasks_blocked

        tasks = trio.lowlevel.current_statistics().tasks_living
        enough = time.process_time() + REST_SECONDS + REST_SECONDS_PER_TASK * tasks
        with trio.move_on_after(STUCK_SECONDS):
            while time.process_time() < enough:
                with trio.move_on_after(LOOK_SECONDS):
                    await wait_all_tasks_blocked(QUIET_SECONDS)
                    if not self._is_at_work:
                        return

    @property
    def _is_at_work(self) -> bool:
        threads = trio.to_thread.current_default_thread_limiter().borrowed_tokens
        return bool(threads or self._timers.at_work or self._is_busy())
