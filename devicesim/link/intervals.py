"""How long a link may be left alone before it is asked whether it lives.

Apple's devices adapt that per kind of network and remember it across restarts; the stages below are
named after selectors of theirs (courier-wire.md §6). The numbers are second-hand, from an open
replacement of apsd: cellular 600 to 1680 s, Wi-Fi 900 to 3600 s, 180 s (give or take 5) more after
each success, three quarters after a failure. The rules between them are our choice:
docs/fidelity.md. Their server-provided statistics and their "backoff" stage have no counterpart.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf
from random import Random
from typing import TYPE_CHECKING, Any, Protocol

import worldtime
from devicesim.network.kinds import Interface

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stage(StrEnum):
    """Where a device is in its search for the longest interval that holds."""

    INITIAL_GROWTH = "initial-growth"  # nothing has failed yet
    INITIAL_SHRINK = "initial-shrink"  # the first failure
    REFINED_GROWTH = "refined-growth"  # towards a ceiling that is known to fail
    REFINED_SHRINK = "refined-shrink"  # another failure
    STEADY_STATE = "steady-state"  # as long as it can be
    MINIMUM_INTERVAL_FALLBACK = "minimum-interval-fallback"  # even the shortest has failed


class Interval(Protocol):
    """From one keep-alive of a link to the next."""

    @property
    def seconds(self) -> float:
        """How long it is now."""
        ...

    @property
    def stage(self) -> str:
        """Where it is in its search; empty if it does not search."""
        ...

    def held(self) -> bool:
        """A link that was left alone for so long has answered; whether that changed anything."""
        ...

    def failed(self) -> None:
        """It has not answered."""
        ...


class IntervalPolicy(Protocol):
    """Which intervals the devices of a process have."""

    def interval(self, interface: str, memory: dict[str, Any]) -> Interval:
        """That of one interface of one device.

        Args:
            interface: as in Connect.
            memory: of this device, in JSON's types, by interface; kept across restarts.
        """
        ...


@dataclass(frozen=True, slots=True)
class FixedInterval:
    """The same interval on every network, whatever happens; policy and interval in one."""

    seconds: float

    @property
    def stage(self) -> str:
        """None."""
        return ""

    def interval(self, interface: str, memory: dict[str, Any]) -> Interval:  # noqa: ARG002
        """The one interval."""
        return self

    def held(self) -> bool:
        """Nothing changes."""
        return False

    def failed(self) -> None:
        """Nothing changes."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The shortest and the longest interval on one kind of network, in seconds."""

    shortest: float
    longest: float


@dataclass(frozen=True, slots=True)
class AdaptiveRules:
    """How intervals adapt.

    Attributes:
        bounds: per interface; others go by cellular's.
        growth_seconds: so much more after a success,
        growth_jitter_seconds: give or take so much, by dice.
        shrink: what is left of the interval after a failure.
        steady_seconds: for so long a ceiling is believed; then it may have been an accident.
    """

    bounds: Mapping[str, Bounds] = field(
        default_factory=lambda: {
            Interface.WIFI: Bounds(900.0, 3600.0),
            Interface.CELLULAR: Bounds(600.0, 1680.0),
        }
    )
    growth_seconds: float = 180.0
    growth_jitter_seconds: float = 5.0
    shrink: float = 0.75
    steady_seconds: float = 86_400.0


class AdaptivePolicy:
    """Intervals that adapt, each in the memory of its device.

    Args:
        rules: see there.
        dice: for the jitter of growth; by themselves they fall the same in every process.
    """

    def __init__(self, rules: AdaptiveRules | None = None, dice: Random | None = None) -> None:
        self._rules = rules or AdaptiveRules()
        self._dice = dice or Random(0)

    def interval(self, interface: str, memory: dict[str, Any]) -> Interval:
        """See :class:`IntervalPolicy`."""
        bounds = self._rules.bounds.get(interface, self._rules.bounds[Interface.CELLULAR])
        return AdaptiveInterval(self._rules, bounds, self._dice, memory.setdefault(interface, {}))


class AdaptiveInterval:
    """Grows while it holds, shrinks when it fails, and stays below what has failed.

    Args:
        rules: see there.
        bounds: of this network.
        dice: for the jitter of growth.
        memory: what it knows of this network; changed in place.
    """

    __slots__ = ("_bounds", "_dice", "_memory", "_rules", "_steady_since")

    def __init__(
        self, rules: AdaptiveRules, bounds: Bounds, dice: Random, memory: dict[str, Any]
    ) -> None:
        self._rules = rules
        self._bounds = bounds
        self._dice = dice
        self._memory = memory
        self._steady_since = worldtime.current_time()

    @property
    def seconds(self) -> float:
        """How long it is now."""
        seconds = float(self._memory.get("seconds", self._bounds.shortest))
        return min(max(seconds, self._bounds.shortest), self._bounds.longest)

    @property
    def stage(self) -> str:
        """Where it is in its search."""
        return str(self._memory.get("stage", Stage.INITIAL_GROWTH))

    @property
    def _ceiling(self) -> float:
        return float(self._memory.get("ceiling") or inf)

    def held(self) -> bool:
        """Grow, if there is room below what has failed."""
        before = dict(self._memory)
        self._memory["last_successful"] = self.seconds
        if (
            self._is_settled
            and worldtime.current_time() - self._steady_since < self._rules.steady_seconds
        ):
            return self._memory != before
        if self._is_settled:
            self._memory.pop("ceiling", None)
        jitter = self._rules.growth_jitter_seconds
        grown = self.seconds + self._rules.growth_seconds + self._dice.uniform(-jitter, jitter)
        self._steady_since = worldtime.current_time()
        if grown < min(self._ceiling, self._bounds.longest):
            is_first = self._ceiling == inf
            self._remember(grown, Stage.INITIAL_GROWTH if is_first else Stage.REFINED_GROWTH)
        elif self._ceiling > self._bounds.longest:
            self._remember(self._bounds.longest, Stage.STEADY_STATE)
        else:
            self._remember(self.seconds, Stage.STEADY_STATE)
        return self._memory != before

    def failed(self) -> None:
        """Shrink, and remember what has failed."""
        failed, is_first = self.seconds, self._ceiling == inf
        self._memory["ceiling"] = failed
        self._steady_since = worldtime.current_time()
        if failed <= self._bounds.shortest:
            self._remember(self._bounds.shortest, Stage.MINIMUM_INTERVAL_FALLBACK)
            return
        stage = Stage.INITIAL_SHRINK if is_first else Stage.REFINED_SHRINK
        self._remember(max(self._bounds.shortest, failed * self._rules.shrink), stage)

    @property
    def _is_settled(self) -> bool:
        return self.stage in (Stage.STEADY_STATE, Stage.MINIMUM_INTERVAL_FALLBACK)

    def _remember(self, seconds: float, stage: Stage) -> None:
        self._memory |= {"seconds": seconds, "stage": stage.value}


def interval_policy(seconds: float | None) -> IntervalPolicy:
    """The same interval always; None: intervals that adapt."""
    return AdaptivePolicy() if seconds is None else FixedInterval(seconds)
