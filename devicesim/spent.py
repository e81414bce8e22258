"""What the apps of a device have spent of their budgets."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

Spending = dict[str, deque[float]]
"""When each app has spent of a budget, oldest first; UNIX seconds."""


@dataclass(slots=True)
class Spent:
    """Of each budget that the system keeps, for every app. A restart of the device forgets it.

    ``background``: :mod:`devicesim.runtime.background_budget`; ``live_activities``:
    :mod:`devicesim.live_activities.budget`.
    """

    background: Spending = field(default_factory=dict)
    live_activities: Spending = field(default_factory=dict)

    def forget(self, bundle_id: str) -> None:
        """The app has spent nothing."""
        self.background.pop(bundle_id, None)
        self.live_activities.pop(bundle_id, None)


def spent_until(now: float, spending: Spending, bundle_id: str) -> deque[float]:
    """What an app has spent, without what it spent before the clock was put back."""
    spent = spending.setdefault(bundle_id, deque())
    while spent and spent[-1] > now:
        spent.pop()
    return spent
