"""What reached a fleet's apps, and how long it took."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from devicesim.presentation import Presentation
from protocol.courier.messages import StorageFlags

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.courier.messages import Push

# Each class is that much wider than the one before: a percentile is right to 5 %.
_GROWTH = math.log(1.05)
_SHORTEST_SECONDS = 1e-4


class Latencies:
    """How long things took, counted in classes; any number of them takes the same room."""

    def __init__(self) -> None:
        self._classes: Counter[int] = Counter()

    def add(self, seconds: float) -> None:
        """One more."""
        self._classes[round(math.log(max(seconds, _SHORTEST_SECONDS)) / _GROWTH)] += 1

    def percentile(self, share: float) -> float | None:
        """Seconds that so many did not exceed; None if there are none."""
        rest = share * self._classes.total()
        for number in sorted(self._classes):
            rest -= self._classes[number]
            if rest <= 0:
                return math.exp(number * _GROWTH)
        return None


class Figures:
    """Counts pushes as they reach their apps.

    Args:
        now: UNIX seconds by the gateway's clock, as far as this process knows it.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.received = 0
        self.from_storage = 0
        self.not_shown = 0
        self.latencies = Latencies()
        """From the gateway's taking of a push to its app, of those that did not wait in store."""

    def note(self, device_id: str, message: Push, presentation: Presentation, detail: str) -> None:
        """One more; see ``OnReceived``."""
        del device_id, detail
        self.received += 1
        self.not_shown += presentation is Presentation.NOT_SHOWN
        if message.storage & StorageFlags.FROM_STORAGE:
            self.from_storage += 1
        else:
            self.latencies.add(self._now() - message.sent_at)
