"""How long to wait before the next attempt: exponential, capped, with full jitter.

Every device of a gateway loses its link at the same moment when the gateway restarts, so a device
backs off after a clean close too (reference/field.md A.1.1: "300k agents into a reconnect storm").
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

BASE_SECONDS = 1.0
CAP_SECONDS = 30.0
# A link that lived this long was a good one, even if nothing was delivered on it.
STABLE_SECONDS = 10.0


class Backoff:
    """The delays of one device.

    Args:
        random: the dice; each device throws its own or a shared one.
        base_seconds: upper bound of the first delay; it doubles with every failure.
        cap_seconds: upper bound of every delay.
        stable_seconds: how long a link must have lived to count as a success.
    """

    __slots__ = ("_base", "_cap", "_failures", "_random", "_stable")

    def __init__(
        self,
        random: Random,
        base_seconds: float = BASE_SECONDS,
        cap_seconds: float = CAP_SECONDS,
        stable_seconds: float = STABLE_SECONDS,
    ) -> None:
        self._random = random
        self._base = base_seconds
        self._cap = cap_seconds
        self._stable = stable_seconds
        self._failures = 0

    def next_delay(self) -> float:
        """Seconds to wait before the next attempt, anywhere from 0 to the bound of this failure."""
        bound = min(self._cap, self._base * 2.0**self._failures)
        if bound < self._cap:  # or the exponent would grow for ever
            self._failures += 1
        return self._random.uniform(0.0, bound)

    def link_ended(self, lived_seconds: float, *, has_delivered: bool) -> None:
        """Start from the base again after a link that was of use.

        A link that is accepted and dropped at once, again and again, is a failure each time; the
        next delay is never skipped, only short again.
        """
        if has_delivered or lived_seconds >= self._stable:
            self._failures = 0
