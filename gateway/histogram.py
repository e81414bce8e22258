"""Numbers counted by how large they are, as Prometheus counts them; cheap enough for every push."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Seconds. From a push in memory to a client that has given up (node-apn: 5 s).
ANSWER_BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
# Seconds. From a phone that listens to one that was away for the 30 days that APNs stores.
DELIVERY_BOUNDS = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0),
    *(60.0, 600.0, 3600.0, 6 * 3600.0, 86_400.0, 7 * 86_400.0, 30 * 86_400.0),
)


class Histogram:
    """A distribution.

    Args:
        bounds: the upper ends of the buckets, ascending; one more has no end.

    Attributes:
        total: the sum of all that was observed.
    """

    __slots__ = ("_bounds", "_counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.total = 0.0
        self._bounds = tuple(bounds)
        self._counts = [0] * (len(bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one; at the end of a bucket it belongs to it."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[float, int]]:
        """How many were at most so large, by bound; the last, ``inf``, is all of them."""
        return list(zip((*self._bounds, float("inf")), accumulate(self._counts), strict=True))
