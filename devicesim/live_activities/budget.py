"""How many pushes of priority 10 the Live Activities of one device obey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.spent import spent_until
from protocol.notification import Priority

if TYPE_CHECKING:
    from devicesim.spent import Spending

WINDOW_SECONDS = 3600.0


class ActivityBudget:
    """An app's budget for any hour. Apple has one, and publishes no number.

    Apple, "Starting and updating Live Activities …": there is a budget per hour for priority 10,
    priority 5 does not count, what exceeds it is throttled.

    Args:
        per_hour: for each app; 0 = any number.
        spent: where what was spent is kept.
    """

    __slots__ = ("_per_hour", "_spent")

    def __init__(self, per_hour: int, spent: Spending) -> None:
        self._per_hour = per_hour
        self._spent = spent

    def spend(self, bundle_id: str, priority: Priority, now: float) -> str | None:
        """Count a push; why it is throttled, or None when it is not."""
        if not self._per_hour or priority is not Priority.IMMEDIATE:
            return None
        spent = spent_until(now, self._spent, bundle_id)
        while spent and spent[0] <= now - WINDOW_SECONDS:
            spent.popleft()
        if len(spent) >= self._per_hour:
            return (
                f"throttled: {self._per_hour} pushes of priority 10 within the hour"
                " (live_activity_budget); priority 5 is exempt"
            )
        spent.append(now)
        return None
