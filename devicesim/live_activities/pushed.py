"""What pushes do to the Live Activities of a device: start, update and end them; else, why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devicesim.live_activities.budget import ActivityBudget
from devicesim.live_activities.channels import following, hear_broadcast
from devicesim.live_activities.events import (
    End,
    Event,
    Start,
    UnusableEventError,
    Update,
    read_event,
)
from devicesim.live_activities.reports import shown, until
from devicesim.presentation import Presentation, Presented
from devicesim.pushes import payload_of
from protocol.payload import aps_of

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.live_activities.on_screen import OnScreen
    from devicesim.live_activities.reports import Announce
    from devicesim.token_keys import TokenKey
    from protocol.courier.messages import Push


class ActivityPushes:
    """Obeys those of type ``liveactivity``.

    Args:
        on_screen: the device's activities.
        budget: how many pushes of priority 10 an app's activities obey in an hour; 0 = any number.
        announce: has a person notice what the alert of a push says.
    """

    def __init__(self, on_screen: OnScreen, budget: int, announce: Announce) -> None:
        self._on_screen = on_screen
        self._state = on_screen.state
        self._budget = ActivityBudget(budget, self._state.spent.live_activities)
        self._announce = announce

    def hear(self, app: App, push: Push) -> Presented:
        """Obey a push of type ``liveactivity``, or say why not; never raises."""
        key = None if push.token is None else self._state.apps.key_of(push.token)
        self._on_screen.sweep()
        if push.channel is not None:
            activities = self._on_screen.of(app.bundle_id)
            followers = following(activities, app.bundle_id, push.channel.channel_id)
            return hear_broadcast(
                followers, push, lambda each, said: self._change(app, each.activity_id, said, push)
            )
        if key is None:  # it was held back for want of room in the app's inbox
            return Presented(Presentation.NOT_SHOWN, "the token of this push has expired meanwhile")
        payload = payload_of(push)
        if payload is None:
            return Presented(Presentation.NOT_SHOWN, "the payload is not a JSON dictionary")
        aps = aps_of(payload)
        if not key.purpose and aps.get("event") != Event.START:
            return Presented(
                Presentation.DELIVERED,
                "handed to the app: its own liveactivity token starts activities and stands for"
                " none of them",
            )
        try:
            return self._obey(app, key, aps, push)
        except UnusableEventError as error:
            return Presented(Presentation.NOT_SHOWN, str(error))

    def _obey(self, app: App, key: TokenKey, aps: dict[str, Any], push: Push) -> Presented:
        said = read_event(aps)
        if key.activity_id is not None:
            return self._change(app, key.activity_id, said, push)
        if not isinstance(said, Start):
            raise UnusableEventError(
                "a push-to-start token starts activities: send update and end to the activity's own"
            )
        if key.attributes_type not in (None, said.attributes_type):
            raise UnusableEventError(
                f"this push-to-start token is for {key.attributes_type},"
                f" the push is about {said.attributes_type}"
            )
        activity = self._on_screen.begin(app, said)
        self._spend(app, push)
        self._on_screen.put(app, activity)
        self._announce(app.bundle_id, push, said.content.alert)
        return shown("started", activity, said.content)

    def _change(
        self, app: App, activity_id: str, said: Start | Update | End, push: Push
    ) -> Presented:
        now = self._on_screen.now()
        activity = self._state.activities.get(activity_id)
        if activity is None or activity.ended_at is not None:
            raise UnusableEventError("the activity of this token has ended")
        if isinstance(said, Start):
            raise UnusableEventError(
                "an update token starts nothing: send start to a push-to-start token"
            )
        newer = (
            activity.update(said.content, now)
            if isinstance(said, Update)
            else activity.end(said, now)
        )
        self._spend(app, push)
        self._on_screen.keep(newer)
        self._announce(app.bundle_id, push, said.content.alert)
        if newer.ended_at is None:
            return shown("updated", newer, said.content)
        self._on_screen.over(app, activity)
        if newer.at(now) is None:
            self._state.drop_activity(activity_id)
        return shown("ended", newer, said.content, until(newer, now))

    def _spend(self, app: App, push: Push) -> None:
        throttled = self._budget.spend(app.bundle_id, push.priority, self._on_screen.now())
        if throttled is not None:
            raise UnusableEventError(throttled)
