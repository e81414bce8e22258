"""What the system does about Live Activities on one device: ActivityKit, seen from both sides.

Apps register types and start and end activities; pushes start, update and end them; time ends and
dismisses them. Each changes the device's state and the registry at once and waits for nothing:
:meth:`Daemon.tell_changes` tells the gateway, or the session that heard the push does.
"""

from __future__ import annotations

import json
from secrets import token_bytes
from typing import TYPE_CHECKING, Any

from devicesim.apps import AppError
from devicesim.host.views import ActivityView
from devicesim.live_activities.activity import LiveActivity, new_activity_id
from devicesim.live_activities.budget import ActivityBudget
from devicesim.live_activities.channels import follow, following, hear_broadcast, leave
from devicesim.live_activities.events import (
    MAX_TYPE_LENGTH,
    Content,
    End,
    Event,
    Start,
    UnusableEventError,
    Update,
    is_type_name,
    read_event,
)
from devicesim.live_activities.reports import shown, until
from devicesim.notification_center import Presentation, Presented, read_payload
from devicesim.token_keys import to_start, to_update
from protocol.notification import PushType
from protocol.payload import aps_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.apps import App
    from devicesim.live_activities.reports import Announce
    from devicesim.state.device_state import DeviceState
    from devicesim.token_keys import TokenKey
    from protocol.courier.messages import Push


# Apple limits both and publishes no number; these only bound what a program can make us keep.
MAX_ACTIVITIES_PER_APP = 64
MAX_TYPES_PER_APP = 64
# Apple, "Displaying live data with Live Activities": static and dynamic data together, 4 KB.
MAX_DATA_BYTES = 4096


class UnknownActivityError(AppError):
    """The app has no such activity: it never had, or it has left the screen."""


class ActivityKit:
    """The Live Activities of one device.

    Args:
        state: the device's memory.
        now: its clock, UNIX seconds.
        budget: how many pushes of priority 10 an app's activities obey in an hour; 0 = any number.
        announce: has a person notice what the alert of a push says.
    """

    def __init__(
        self,
        state: DeviceState,
        now: Callable[[], float],
        budget: int = 0,
        announce: Announce = lambda *_: None,
    ) -> None:
        self._state = state
        self._now = now
        self._budget = ActivityBudget(budget, state.spent.live_activities)
        self._announce = announce
        self.random_bytes: Callable[[int], bytes] = token_bytes  # where ids come from
        self.on_due: Callable[[float], None] = lambda _: None
        """Told when time will do something to an activity that has changed."""

    # -- what apps do ---------------------------------------------------------------------------

    def register_type(self, bundle_id: str, attributes_type: str) -> App:
        """The app observes ``pushToStartTokenUpdates`` of a type: it needs a token for it.

        Raises:
            UnknownAppError: the app is not installed.
            AppError: no name of a type, or too many of them.
        """
        app = self._prepare(bundle_id, attributes_type)
        known = sum(app.activity_key(each).attributes_type is not None for each in app.purposes)
        purpose = to_start(attributes_type)
        if known >= MAX_TYPES_PER_APP and purpose not in app.purposes:
            raise AppError(f"{bundle_id} has {MAX_TYPES_PER_APP} types of Live Activities already")
        self._state.apps.want(app, purpose)
        return app

    def start(
        self,
        bundle_id: str,
        attributes_type: str,
        attributes: dict[str, Any],
        content_state: dict[str, Any],
    ) -> LiveActivity:
        """The app starts an activity: ``Activity.request(…, pushType: .token)``.

        Raises:
            UnknownAppError: the app is not installed.
            AppError: no name of a type, too much data, or too many activities.
        """
        app = self._prepare(bundle_id, attributes_type)
        size = _size_of([attributes, content_state])
        if size > MAX_DATA_BYTES:
            raise AppError(
                f"attributes and content_state have {size} bytes, at most {MAX_DATA_BYTES}"
            )
        now = self._now()
        # To the second, as providers count: the first update may come in the same one.
        content = Content(float(int(now)), content_state, None, alert=None)
        start = Start(content, attributes_type, attributes, wants_token=True, channel=None)
        try:
            activity = self._begin(app, start, now)
        except UnusableEventError as error:
            raise AppError(str(error)) from None
        self._put_on_screen(app, activity)
        return activity

    def end(self, bundle_id: str, activity_id: str) -> App:
        """The app ends an activity and takes it off the screen at once, or the person does.

        Raises:
            UnknownAppError, UnknownActivityError: there is none of this name.
        """
        app = self._state.apps.require(bundle_id)
        activity = self._state.activities.get(activity_id)
        if activity is None or activity.bundle_id != bundle_id:
            raise UnknownActivityError(f"{bundle_id} has no Live Activity {activity_id[:80]!r}")
        self._over(app, activity)
        self._state.drop_activity(activity_id)
        return app

    def views(self, app: App) -> list[ActivityView]:
        """An app's activities on the screen, oldest first, as of the last sweep."""
        return [self.view(each, app) for each in self._of(app.bundle_id)]

    def view(self, activity: LiveActivity, app: App) -> ActivityView:
        """One of them, as others see it now."""
        return ActivityView.of(activity, app, self._now())

    # -- what time does -------------------------------------------------------------------------

    def sweep(self) -> list[App]:
        """End what was active for too long, dismiss what was ended for long enough.

        Returns:
            The apps whose activities these were.
        """
        if not self._state.activities:
            return []
        now = self._now()
        changed: dict[str, App] = {}
        for before in tuple(self._state.activities.values()):
            after = before.at(now)
            if after is before:
                continue
            app = changed[before.bundle_id] = self._state.apps.require(before.bundle_id)
            self._over(app, before)
            if after is None:
                self._state.drop_activity(before.activity_id)
            else:
                self._state.keep_activity(after)
        return list(changed.values())

    # -- what pushes do -------------------------------------------------------------------------

    def hear(self, app: App, push: Push) -> Presented:
        """Obey a push of type ``liveactivity``, or say why not; never raises."""
        key = None if push.token is None else self._state.apps.key_of(push.token)
        self.sweep()
        if push.channel is not None:
            followers = following(self._of(app.bundle_id), app.bundle_id, push.channel.channel_id)
            return hear_broadcast(
                followers, push, lambda each, said: self._change(app, each.activity_id, said, push)
            )
        if key is None:  # it was held back for want of room in the app's inbox
            return Presented(Presentation.NOT_SHOWN, "the token of this push has expired meanwhile")
        payload = read_payload(push.payload)
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
        now = self._now()
        activity = self._begin(app, said, now)
        self._spend(app, push, now)
        self._put_on_screen(app, activity)
        self._announce(app.bundle_id, push, said.content.alert)
        return shown("started", activity, said.content)

    def _change(
        self, app: App, activity_id: str, said: Start | Update | End, push: Push
    ) -> Presented:
        now = self._now()
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
        self._spend(app, push, now)
        self._keep(newer)
        self._announce(app.bundle_id, push, said.content.alert)
        if newer.ended_at is None:
            return shown("updated", newer, said.content)
        self._over(app, activity)
        if newer.at(now) is None:
            self._state.drop_activity(activity_id)
        return shown("ended", newer, said.content, until(newer, now))

    def _begin(self, app: App, start: Start, now: float) -> LiveActivity:
        """One that is on no screen yet.

        Raises:
            UnusableEventError: its timestamp is too far ahead, or there are too many.
        """
        known = len(self._of(app.bundle_id))
        if known >= MAX_ACTIVITIES_PER_APP:
            raise UnusableEventError(f"{app.bundle_id} has {known} Live Activities already")
        return LiveActivity.begin(new_activity_id(self.random_bytes), app.bundle_id, start, now)

    def _keep(self, activity: LiveActivity) -> None:
        self._state.keep_activity(activity)
        self.on_due(activity.due_at)

    def _put_on_screen(self, app: App, activity: LiveActivity) -> None:
        self._keep(activity)
        if activity.wants_token:
            self._state.apps.want(app, to_update(activity.activity_id))
        follow(self._state, app, activity)

    def _of(self, bundle_id: str) -> list[LiveActivity]:
        return [each for each in self._state.activities.values() if each.bundle_id == bundle_id]

    def _over(self, app: App, activity: LiveActivity) -> None:
        """It is updated no more."""
        self._state.apps.expire(app, to_update(activity.activity_id))
        leave(self._state, app, activity)

    def _prepare(self, bundle_id: str, attributes_type: str) -> App:
        """The app, with the topic of Live Activities."""
        app = self._state.apps.require(bundle_id)
        if not is_type_name(attributes_type):
            raise AppError(
                f"an attributes type is 1 to {MAX_TYPE_LENGTH} printable characters, such as"
                f" DeliveryAttributes, not {attributes_type[:40]!r}"
            )
        if PushType.LIVE_ACTIVITY not in app.push_types:
            self._state.apps.install(bundle_id, [PushType.LIVE_ACTIVITY])
        return app

    def _spend(self, app: App, push: Push, now: float) -> None:
        throttled = self._budget.spend(app.bundle_id, push.priority, now)
        if throttled is not None:
            raise UnusableEventError(throttled)


def _size_of(data: object) -> int:
    try:
        return len(json.dumps(data, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, TypeError) as error:
        raise AppError(f"attributes and content_state are JSON dictionaries: {error}") from None
