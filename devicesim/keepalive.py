"""Is the link alive? One sweeper asks for all devices of a process; no device sleeps for itself.

Rule of loss: a KeepAlive that is not answered within ``response_seconds`` ends the link, whatever
else arrived meanwhile. Answers come in the order of the questions, after all that was said before
them, so an answer also confirms what the device said before it asked.
"""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import trio

from protocol.courier.messages import KeepAlive

if TYPE_CHECKING:
    from devicesim.link import CourierLink

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 60.0
# rustpush: "15 s without 0x0d" (courier-wire.md §4.7).
RESPONSE_SECONDS = 15.0
TICK_SECONDS = 1.0


class IntervalPolicy(Protocol):
    """How long a link may be left alone, by what carries it."""

    def interval_seconds(self, interface: str) -> float:
        """Seconds from one KeepAlive to the next on this interface."""
        ...


@dataclass(frozen=True, slots=True)
class FixedInterval:
    """The same interval on every network."""

    seconds: float = INTERVAL_SECONDS

    def interval_seconds(self, interface: str) -> float:  # noqa: ARG002 - the policy's shape
        """The one interval."""
        return self.seconds


class Pulse:
    """The keep-alives of one link.

    Args:
        link: whose; ended when an answer is overdue.
        interval_seconds: from one KeepAlive to the next.
        response_seconds: how long the gateway may take to answer.
    """

    __slots__ = ("_answered", "_asked_at", "_interval", "_last_at", "_link", "_response")

    def __init__(self, link: CourierLink, interval_seconds: float, response_seconds: float) -> None:
        self._link = link
        self._interval = interval_seconds
        self._response = response_seconds
        self._asked_at: deque[float] = deque()
        self._last_at = trio.current_time()
        self._answered = 0

    @property
    def answered(self) -> int:
        """How many KeepAlives the gateway has answered on this link."""
        return self._answered

    @property
    def interval_seconds(self) -> float:
        """From one KeepAlive to the next."""
        return self._interval

    @property
    def due_at(self) -> float:
        """When the next one is due, in Trio's time."""
        return self._last_at + self._interval

    @property
    def held_in_a_row(self) -> int:
        """How many of those that were due after an interval: one that is not ends the link."""
        return max(0, self._answered - 1)

    def beat(self) -> int:
        """Send one now; returns the value of ``answered`` that means it was answered."""
        self._last_at = trio.current_time()
        self._asked_at.append(self._last_at)
        self._link.send(KeepAlive(interval_seconds=round(self._interval)))
        return self._answered + len(self._asked_at)

    def hear_answer(self) -> None:
        """A KeepAliveResponse arrived; one that was not asked for means nothing."""
        if self._asked_at:
            self._asked_at.popleft()
            self._answered += 1

    def check(self, now: float) -> None:
        """Send the next one if it is time; end the link if an answer is overdue."""
        if self._asked_at:
            if now - self._asked_at[0] >= self._response:
                self._link.end(f"no KeepAliveResponse within {self._response:g} s", is_lost=True)
        elif now - self._last_at >= self._interval:
            log.debug("%s: keep-alive", self._link)
            self.beat()


class KeepAliveSweeper:
    """Looks at the pulses of many links, once per tick.

    Args:
        policy: the interval per kind of network.
        response_seconds: see the rule of loss.
        tick_seconds: how often to look, hence how late a keep-alive or a loss may be noticed.
    """

    def __init__(
        self,
        policy: IntervalPolicy | None = None,
        response_seconds: float = RESPONSE_SECONDS,
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._policy: IntervalPolicy = FixedInterval() if policy is None else policy
        self._response = response_seconds
        self._tick = tick_seconds
        self._pulses: set[Pulse] = set()

    def __len__(self) -> int:
        return len(self._pulses)

    def watch(self, link: CourierLink, interface: str) -> Pulse:
        """Begin to look after a link."""
        pulse = Pulse(link, self._policy.interval_seconds(interface), self._response)
        self._pulses.add(pulse)
        return pulse

    def forget(self, pulse: Pulse) -> None:
        """The link is over."""
        self._pulses.discard(pulse)

    def sweep(self) -> None:
        """Look at every pulse once."""
        now = trio.current_time()
        for pulse in tuple(self._pulses):
            pulse.check(now)

    async def run(self) -> None:
        """Sweep for ever."""
        while True:
            await trio.sleep(self._tick)
            self.sweep()
