"""The world's clock, which tests freeze, hurry and move; everything else is given ``now``.

Expirations, token ages and time stamps are UNIX seconds of this clock, and whatever phones and
pushes wait for (:mod:`worldtime`) waits by it, too. Patience with real peers is Trio's time, and
has nothing to do with it.
"""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import trio

from gateway.course import Course
from protocol.courier.fields import LATEST_SECONDS
from worldtime import Timers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIN_RATE = 0.1
MAX_RATE = 1000.0
"""Faster, a device's second is less than a loopback answer may take on a busy machine."""


class Clock:
    """UNIX seconds that follow the machine's clock until told otherwise.

    Once told, time goes by the machine's steady clock: steps of its wall clock pass it by, until
    :meth:`reset`.

    Args:
        machine: the machine's own clock, UNIX seconds, and its steady one, too; None: the real
            ones, the latter being Trio's.

    Attributes:
        timers: what waits for this clock.
        rate: how fast it goes while it is not frozen.
    """

    def __init__(self, machine: Callable[[], float] | None = None) -> None:
        self._machine = machine or time.time
        self._steady = machine or trio.current_time
        self.timers = Timers(self.elapsed, lambda: self._is_frozen and not self._is_held)
        self.rate = 1.0
        self._is_frozen = False
        self._is_held = False
        # The steady clock when it was last told something; None: it follows the machine.
        self._since: float | None = None
        self._elapsed = 0.0  # then; or how far it is ahead of the steady clock
        self._epoch = 0.0
        self._course = Course()

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still."""
        return self._is_frozen

    @property
    def pace(self) -> float:
        """World seconds in a second of the machine's, at this moment."""
        return 0.0 if self._is_frozen or self._is_held else self.rate

    def now(self) -> float:
        """UNIX seconds; the year 9999 is the last, beyond which nobody could tell them."""
        if self._since is None:
            return self._machine()
        return min(self._epoch + self.elapsed(), LATEST_SECONDS)

    def elapsed(self) -> float:
        """Seconds that never go back, from no particular beginning."""
        if self._since is None:
            return self._elapsed + self._steady()
        return self._elapsed + (self._steady() - self._since) * self.pace

    @property
    def lead(self) -> float:
        """How far it is ahead of the machine's clock."""
        return 0.0 if self._since is None else self.now() - self._machine()

    def freeze(self) -> None:
        """Time stands still until :meth:`resume`; :meth:`advance` still moves it."""
        self._turn()
        self._is_frozen = True
        self._has_turned()

    def resume(self) -> None:
        """Time runs on from where it stands."""
        if self._is_frozen:
            self._turn()
            self._is_frozen = False
            self._has_turned()

    def go_at(self, rate: float) -> None:
        """Time goes so fast from now on, or once it is not frozen any more.

        Raises:
            ValueError: not from ``MIN_RATE`` to ``MAX_RATE``.
        """
        if not MIN_RATE <= rate <= MAX_RATE:
            raise ValueError(f"a rate is from {MIN_RATE:g} to {MAX_RATE:g}, not {rate:g}")
        if rate != self.rate:
            self._turn()
            self.rate = rate
            self._has_turned()

    def let_run(self) -> None:
        """Go on from here at the machine's pace: whatever is to end must not wait for a test."""
        self.go_at(1.0)
        self.resume()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Time passes by :meth:`advance` alone."""
        self._turn()
        self._is_held = True
        self._has_turned()
        try:
            yield
        finally:
            self._turn()
            self._is_held = False
            self._has_turned()

    def advance(self, seconds: float) -> None:
        """Move time forward at once; what is due then is due all at once.

        Raises:
            ValueError: see :meth:`require_ahead`.
        """
        self.require_ahead(seconds)
        self.go_to(self.elapsed() + seconds)

    def go_to(self, elapsed: float) -> None:
        """Move time forward until :meth:`elapsed` is this, if it is not further already."""
        if elapsed > self.elapsed():
            self._turn()
            self._elapsed = elapsed
            self._has_turned()
        self.timers.fire()

    def require_ahead(self, seconds: float) -> None:
        """See that time can be moved so far.

        Raises:
            ValueError: ``seconds`` is negative (what has happened cannot be undone), not finite, or
                leads beyond what can be told on the courier link.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time moves forward by a number of seconds, not by {seconds}")
        if self.now() + seconds > LATEST_SECONDS:
            raise ValueError(f"the clock ends with the year 9999; {seconds:g} s from now is later")

    def reset(self) -> None:
        """Be the machine's clock again, at its pace: the wall time may go back, no wait does."""
        if self._since is not None:
            self._elapsed, self._since = self.elapsed() - self._steady(), None
            self._is_frozen, self.rate = False, 1.0
            self._course.clear()
            self.timers.note_change()

    @property
    def is_told(self) -> bool:
        """Whether it goes by itself, and does not follow the machine's."""
        return self._since is not None

    def begin_at(self, now: float) -> None:
        """Be this time, before or after what it was: another past is loaded. No wait moves."""
        self._turn()
        self._epoch = now - self._elapsed
        self._course.begin(self._machine(), now)
        self._has_turned()

    def issued_at(self, stamp: float, seen_at: float) -> float:
        """The time here at which a provider token was made.

        Its ``iat`` is by the clock of the provider's machine, which no test has moved. So one that
        is not ahead of the machine's clock means what it was here at that moment; one that is
        ahead was stamped by somebody who asks this clock.

        Args:
            stamp: its ``iat``, which counts whole seconds.
            seen_at: the time here when it was first seen: it is no younger, unless it was ahead.
        """
        if not self._course:
            return stamp
        return self._course.at(stamp, self._machine(), self.now(), seen_at)

    def _turn(self) -> None:
        """Count from here."""
        elapsed, steady = self.elapsed(), self._steady()
        if self._since is None:
            self._epoch = self._machine() - elapsed
        self._since, self._elapsed = steady, elapsed

    def _has_turned(self) -> None:
        self._course.turn(self._machine(), self.now(), self.pace)
        self.timers.note_change()
