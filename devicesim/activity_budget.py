"""How many pushes of priority 10 the Live Activities of one device obey."""

from __future__ import annotations

from collections import deque

from protocol.notification import Priority

WINDOW_SECONDS = 3600.0


class ActivityBudget:
    """An app's budget for any hour. Apple has one, and publishes no number.

    Apple, "Starting and updating Live Activities …": there is a budget per hour for priority 10,
    priority 5 does not count, what exceeds it is throttled. A restart of the device forgets what
    was spent.

    Args:
        per_hour: for each app; 0 = any number.
    """

    __slots__ = ("_per_hour", "_spent")

    def __init__(self, per_hour: int) -> None:
        self._per_hour = per_hour
        self._spent: dict[str, deque[float]] = {}

    def spend(self, bundle_id: str, priority: Priority, now: float) -> str | None:
        """Count a push; why it is throttled, or None when it is not."""
        if not self._per_hour or priority is not Priority.IMMEDIATE:
            return None
        spent = self._spent.setdefault(bundle_id, deque())
        while spent and spent[-1] > now:  # spent before the clock was put back
            spent.pop()
        while spent and spent[0] <= now - WINDOW_SECONDS:
            spent.popleft()
        if len(spent) >= self._per_hour:
            return (
                f"throttled: {self._per_hour} pushes of priority 10 within the hour"
                " (live_activity_budget); priority 5 is exempt"
            )
        spent.append(now)
        return None
