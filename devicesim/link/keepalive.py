"""Is the link alive? One sweeper asks for all devices of a process; no device sleeps for itself.

Rule of loss: a KeepAlive that is not answered within ``response_seconds`` ends the link, whatever
else arrived meanwhile. Answers come in the order of the questions, after all that was said before
them, so an answer also confirms what the device said before it asked.
"""

from __future__ import annotations

import heapq
import itertools
import logging
from collections import deque
from math import ceil, inf
from typing import TYPE_CHECKING, Any

import worldtime
from devicesim.link.intervals import AdaptivePolicy
from protocol.courier.messages import KeepAlive
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.link.courier_link import CourierLink
    from devicesim.link.intervals import Interval, IntervalPolicy

log = logging.getLogger(__name__)

# rustpush: "15 s without 0x0d" (courier-wire.md §4.7).
RESPONSE_SECONDS = 15.0
TICK_SECONDS = 1.0
LEEWAY, MAX_LEEWAY_SECONDS = 1 / 60, 60.0
"""Of an interval; see :meth:`KeepAliveSweeper.sweep`."""
# Stale entries of the sweeper's agenda that are not worth cleaning up.
_SPARE_ENTRIES = 1_000


class Pulse:
    """The keep-alives of one link.

    Args:
        link: whose; ended when an answer is overdue.
        interval: from one KeepAlive to the next.
        response_seconds: how long the gateway may take to answer.
        on_ask: called when an answer is due sooner than anything before.
    """

    __slots__ = (
        "_answered",
        "_asked",
        "_held",
        "_interval",
        "_last_at",
        "_link",
        "_on_ask",
        "_response",
        "look",
        "looked_for_at",
    )

    def __init__(
        self,
        link: CourierLink,
        interval: Interval,
        response_seconds: float,
        on_ask: Callable[[Pulse], None],
    ) -> None:
        self._link = link
        self._interval = interval
        self._response = response_seconds
        self._on_ask = on_ask
        self._asked: deque[tuple[float, bool]] = deque()  # when, and whether after an interval
        self._last_at = worldtime.current_time()
        self._answered = self._held = 0
        self.looked_for_at, self.look = inf, 0
        """When the sweeper will look next, and that look's number; its own affair."""

    @property
    def answered(self) -> int:
        """How many KeepAlives the gateway has answered on this link."""
        return self._answered

    @property
    def interval_seconds(self) -> float:
        """From one KeepAlive to the next."""
        return self._interval.seconds

    @property
    def stage(self) -> str:
        """Where the interval is in its search; empty if it does not search."""
        return self._interval.stage

    @property
    def due_at(self) -> float:
        """When the next one is due, by the world's time."""
        return self._last_at + self._interval.seconds

    @property
    def held_in_a_row(self) -> int:
        """How many of those that were due after an interval: one that is not ends the link."""
        return self._held

    @property
    def look_at(self) -> float:
        """When something is to be done, by the world's time."""
        return self._asked[0][0] + self._response if self._asked else self.due_at

    def beat(self, *, is_due: bool = False) -> int:
        """Send one now; returns the value of ``answered`` that means it was answered."""
        self._last_at = worldtime.current_time()
        self._asked.append((self._last_at, is_due))
        self._link.send(KeepAlive(interval_seconds=round(self._interval.seconds)))
        self._on_ask(self)
        return self._answered + len(self._asked)

    def hear_answer(self) -> bool:
        """A KeepAliveResponse arrived; one that was not asked for means nothing.

        Returns:
            Whether the interval has learnt from it.
        """
        if not self._asked:
            return False
        _, was_due = self._asked.popleft()
        self._answered += 1
        self._held += was_due
        return was_due and self._interval.held()

    @property
    def leeway_seconds(self) -> float:
        """How much sooner than due the next one may be sent; a loss is never noticed sooner."""
        return 0.0 if self._asked else min(LEEWAY * self._interval.seconds, MAX_LEEWAY_SECONDS)

    def check(self, now: float) -> None:
        """Send the next one if it is time; end the link if an answer is overdue."""
        if now < self.look_at:
            return
        if not self._asked:
            log.debug("%s: keep-alive", self._link)
            self.beat(is_due=True)
            return
        if any(was_due for _, was_due in self._asked):
            self._interval.failed()
        self._asked.clear()
        self._link.end(f"no KeepAliveResponse within {self._response:g} s", is_lost=True)


class KeepAliveSweeper:
    """Looks after the pulses of many links, once per tick at those for which it is time.

    Args:
        policy: the intervals; None: they adapt as Apple's do.
        response_seconds: see the rule of loss.
        tick_seconds: how often to look, hence how late a keep-alive or a loss may be noticed.
    """

    def __init__(
        self,
        policy: IntervalPolicy | None = None,
        response_seconds: float = RESPONSE_SECONDS,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._policy: IntervalPolicy = AdaptivePolicy() if policy is None else policy
        self._response = response_seconds
        self._tick = tick_seconds
        self._pulses: set[Pulse] = set()
        # When to look, and a number. One that names no pulse is stale; it holds nothing, for a link
        # that is over is 40 KB.
        self._agenda: list[tuple[float, int]] = []
        self._looks: dict[int, Pulse] = {}
        self._numbers = itertools.count(1)
        self._alarm = Alarm()

    def __len__(self) -> int:
        return len(self._pulses)

    def watch(
        self, link: CourierLink, interface: str, memory: dict[str, Any] | None = None
    ) -> Pulse:
        """Begin to look after a link.

        Args:
            link: which.
            interface: what carries it.
            memory: of its device; see :class:`IntervalPolicy`.
        """
        interval = self._policy.interval(interface, {} if memory is None else memory)
        pulse = Pulse(link, interval, self._response, self._look_sooner)
        self._pulses.add(pulse)
        self._look_at(pulse)
        return pulse

    def forget(self, pulse: Pulse) -> None:
        """The link is over."""
        self._pulses.discard(pulse)
        self._looks.pop(pulse.look, None)
        if len(self._agenda) > 2 * len(self._pulses) + _SPARE_ENTRIES:
            self._agenda = [entry for entry in self._agenda if entry[1] in self._looks]
            heapq.heapify(self._agenda)

    def sweep(self) -> None:
        """Look at every pulse for which it is time.

        While time is jumped, keep-alives that are nearly due go along with one that is: a month of
        a thousand phones has 700,000 of them.
        """
        now = worldtime.current_time()
        ahead = now + (MAX_LEEWAY_SECONDS if worldtime.is_jumping() else 0.0)
        looked_at: list[Pulse] = []
        while self._agenda and self._agenda[0][0] <= ahead:
            at, number = heapq.heappop(self._agenda)
            pulse = self._looks.pop(number, None)
            if pulse is not None:
                pulse.looked_for_at = inf
                pulse.check(now if at <= now else now + pulse.leeway_seconds)
                looked_at.append(pulse)
        for pulse in looked_at:
            self._look_sooner(pulse)

    def _look_sooner(self, pulse: Pulse) -> None:
        if pulse in self._pulses and pulse.look_at < pulse.looked_for_at:
            self._look_at(pulse)

    def _look_at(self, pulse: Pulse) -> None:
        self._looks.pop(pulse.look, None)
        pulse.looked_for_at, pulse.look = pulse.look_at, next(self._numbers)
        self._looks[pulse.look] = pulse
        heapq.heappush(self._agenda, (pulse.looked_for_at, pulse.look))
        self._alarm.ring_at(self._next_tick)

    @property
    def _next_tick(self) -> float:
        """The first one at which something is to be looked at."""
        if not self._agenda:
            return inf
        at = self._agenda[0][0]
        return max(at, ceil(at / self._tick) * self._tick)  # never sooner, however it is rounded

    async def run(self) -> None:
        """Sweep for ever, at those ticks at which there is something to do."""
        while True:
            await self._alarm.wait()
            self.sweep()
            self._alarm.ring_at(self._next_tick)
