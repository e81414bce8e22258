"""The Live Activities on one device's screen, and what each change of them asks for beside it.

One that begins has a token made and its channel followed; one that is over has them gone. The
device's state and the registry are changed at once, and nothing is waited for:
:meth:`Daemon.tell_changes` tells the gateway, or the session that heard the push does.
"""

from __future__ import annotations

from secrets import token_bytes
from typing import TYPE_CHECKING

from devicesim.live_activities.activity import LiveActivity, new_activity_id
from devicesim.live_activities.channels import follow, leave
from devicesim.live_activities.events import UnusableEventError
from devicesim.live_activities.views import ActivityView
from devicesim.token_keys import to_update

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.app import App
    from devicesim.live_activities.events import Start
    from devicesim.state.device_state import DeviceState

# Apple limits it and publishes no number; this only bounds what a program can make us keep.
MAX_ACTIVITIES_PER_APP = 64


class OnScreen:
    """Those that a person can see, and those that are over and not dismissed yet.

    Args:
        state: the device's memory.
        now: its clock, UNIX seconds.
    """

    def __init__(self, state: DeviceState, now: Callable[[], float]) -> None:
        self.state = state
        self.now = now
        self.random_bytes: Callable[[int], bytes] = token_bytes  # where ids come from
        self.on_due: Callable[[float], None] = lambda _: None
        """Told when time will do something to an activity that has changed."""

    def begin(self, app: App, start: Start) -> LiveActivity:
        """One that is on no screen yet.

        Raises:
            UnusableEventError: its timestamp is too far ahead, or there are too many.
        """
        known = len(self.of(app.bundle_id))
        if known >= MAX_ACTIVITIES_PER_APP:
            raise UnusableEventError(f"{app.bundle_id} has {known} Live Activities already")
        activity_id = new_activity_id(self.random_bytes)
        return LiveActivity.begin(activity_id, app.bundle_id, start, self.now())

    def keep(self, activity: LiveActivity) -> None:
        """It has changed."""
        self.state.keep_activity(activity)
        self.on_due(activity.due_at)

    def put(self, app: App, activity: LiveActivity) -> None:
        """It begins to be seen.

        Raises:
            AppError: its app listens to too many channels.
        """
        self.keep(activity)
        if activity.wants_token:
            self.state.apps.want(app, to_update(activity.activity_id))
        follow(self.state, app, activity)

    def of(self, bundle_id: str) -> list[LiveActivity]:
        """An app's, oldest first."""
        return [each for each in self.state.activities.values() if each.bundle_id == bundle_id]

    def over(self, app: App, activity: LiveActivity) -> None:
        """It is updated no more."""
        self.state.apps.expire(app, to_update(activity.activity_id))
        leave(self.state, app, activity)

    def sweep(self) -> list[App]:
        """End what was active for too long, dismiss what was ended for long enough.

        Returns:
            The apps whose activities these were.
        """
        if not self.state.activities:
            return []
        now = self.now()
        changed: dict[str, App] = {}
        for before in tuple(self.state.activities.values()):
            after = before.at(now)
            if after is before:
                continue
            app = changed[before.bundle_id] = self.state.apps.require(before.bundle_id)
            self.over(app, before)
            if after is None:
                self.state.drop_activity(before.activity_id)
            else:
                self.state.keep_activity(after)
        return list(changed.values())

    def views(self, app: App) -> list[ActivityView]:
        """An app's activities on the screen, oldest first, as of the last sweep."""
        return [self.view(each, app) for each in self.of(app.bundle_id)]

    def view(self, activity: LiveActivity, app: App) -> ActivityView:
        """One of them, as others see it now."""
        return ActivityView.of(activity, app, self.now())
