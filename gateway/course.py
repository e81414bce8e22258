"""Which time it was here at a moment of the machine's, since somebody first moved the clock."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

KEEP_SECONDS = 2 * 3600.0
"""Twice the life of a provider token, whose age is all that is asked for."""
ONE_TURN_SECONDS = 0.5
"""The thousands of steps of one jump over a month are told apart no further than this."""
SKEW_SECONDS = 60.0
"""How far ahead of this machine's a provider's clock may be."""


class Turn(NamedTuple):
    """From ``machine`` on (UNIX seconds) it was ``world`` here, and went on at this pace."""

    machine: float
    world: float
    pace: float


class Course:
    """The turns that a clock has taken; true while it has taken any."""

    __slots__ = ("_begun_at", "_turns")

    def __init__(self) -> None:
        self._turns: deque[Turn] = deque()
        self._begun_at = -math.inf

    def __bool__(self) -> bool:
        return bool(self._turns)

    def __len__(self) -> int:
        return len(self._turns)

    def begin(self, machine: float, world: float) -> None:
        """Another past is loaded, in which it has always been so much more, or less, here."""
        self._turns.clear()
        self._turns.append(Turn(machine - KEEP_SECONDS, world - KEEP_SECONDS, 1.0))
        self._begun_at = world

    def turn(self, machine: float, world: float, pace: float) -> None:
        """From now on it goes so."""
        if self._turns and machine - self._turns[-1].machine < ONE_TURN_SECONDS:
            machine = self._turns.pop().machine
        elif not self._turns:
            # Before the first one it was what the machine said.
            self._turns.append(Turn(machine - KEEP_SECONDS, machine - KEEP_SECONDS, 1.0))
        self._turns.append(Turn(machine, world, pace))
        while len(self._turns) > 1 and self._turns[1].machine <= machine - KEEP_SECONDS:
            self._turns.popleft()

    def clear(self) -> None:
        """It is the machine's clock again."""
        self._turns.clear()
        self._begun_at = -math.inf

    def at(self, stamp: float, machine: float, world: float, seen_at: float) -> float:
        """The time here when the machine's clock said ``stamp``.

        Args:
            stamp: in whole seconds; what was stamped so may be of the end of that second.
            machine: what the machine's clock says now.
            world: what it is here now.
            seen_at: what it was here when the stamp was first seen, which was made no later.

        Returns:
            ``stamp`` itself if the machine's clock has not come to it, give or take a skew; or if
            it is of a clock that is behind the machine's, and would be older than it says.
        """
        if stamp > machine + SKEW_SECONDS:
            # Of this clock; while that is behind the machine's, of a machine whose clock is fast.
            return min(stamp, world + stamp - machine)
        if not self._begun_at <= seen_at <= world:
            seen_at = world  # it was seen in another past
        told = min(seen_at, self._world_at(stamp + 1))
        return max(told, stamp) if stamp <= seen_at else told

    def _world_at(self, moment: float) -> float:
        for turn in reversed(self._turns):
            if turn.machine <= moment:
                return turn.world + (moment - turn.machine) * turn.pace
        oldest = self._turns[0]
        return oldest.world - (oldest.machine - moment)
