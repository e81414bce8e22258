"""How often background pushes may wake an app."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from devicesim.spent import spent_until

if TYPE_CHECKING:
    from devicesim.spent import Spending

HOUR_SECONDS, DAY_SECONDS = 3600.0, 86400.0


class BackgroundBudget:
    """An app's budget of background pushes: any hour, and the day.

    Apple: "don't try to send more than two or three per hour" ("Pushing background updates to your
    app"), and a budget that is reset once a day ("Troubleshooting push notifications").

    Args:
        per_hour: for each app; 0 = any number.
        per_day: of the UTC calendar; 0 = any number.
        spent: where what was spent is kept.
    """

    __slots__ = ("_per_day", "_per_hour", "_spent")

    def __init__(self, per_hour: int, per_day: int, spent: Spending) -> None:
        self._per_hour = per_hour
        self._per_day = per_day
        self._spent = spent

    def spend(self, bundle_id: str, now: float) -> str | None:
        """Count a push that is to wake the app; why it may not, or None when it may."""
        if not self._per_hour and not self._per_day:
            return None
        spent = spent_until(now, self._spent, bundle_id)
        today = now // DAY_SECONDS
        while spent and spent[0] <= now - HOUR_SECONDS and spent[0] // DAY_SECONDS < today:
            spent.popleft()
        within_hour = sum(each > now - HOUR_SECONDS for each in spent)
        within_day = sum(each // DAY_SECONDS == today for each in spent)
        if self._per_hour and within_hour >= self._per_hour:
            return f"{within_hour} within the hour (background_pushes_per_hour)"
        if self._per_day and within_day >= self._per_day:
            return f"{within_day} today (background_pushes_per_day)"
        spent.append(now)
        return None

    def refilled_after(self, bundle_id: str, now: float) -> float:
        """How many seconds later the next push may wake the app; 0: now."""
        spent = self._spent.get(bundle_id, deque())
        today = now // DAY_SECONDS
        within_hour = [each for each in spent if each > now - HOUR_SECONDS]
        at = now
        if self._per_hour and len(within_hour) >= self._per_hour:
            at = within_hour[-self._per_hour] + HOUR_SECONDS
        within_day = sum(each // DAY_SECONDS == today for each in spent)
        if self._per_day and within_day >= self._per_day:
            at = max(at, (today + 1) * DAY_SECONDS)
        return at - now
