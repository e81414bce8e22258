"""How often something happens to a subject in one second of the gateway's clock."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable


class Pace:
    """Counts per subject and second.

    Args:
        per_second: more than so many are too many; 0 = any number.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._counts: Counter[Hashable] = Counter()
        self._second = 0

    def is_too_fast(self, subject: Hashable, now: float) -> bool:
        """Count one more; whether it is one too many in this second."""
        if not self._per_second:
            return False
        if int(now) != self._second:
            self._second = int(now)
            self._counts.clear()
        self._counts[subject] += 1
        return self._counts[subject] > self._per_second
