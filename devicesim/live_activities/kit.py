"""ActivityKit, as the apps of one device have it: they register types, start and end activities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devicesim.app import AppError
from devicesim.live_activities.events import (
    MAX_TYPE_LENGTH,
    Content,
    Start,
    UnusableEventError,
    is_type_name,
)
from devicesim.live_activities.on_screen import OnScreen
from devicesim.live_activities.pushed import ActivityPushes
from devicesim.token_keys import to_start
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.app import App
    from devicesim.live_activities.activity import LiveActivity
    from devicesim.live_activities.reports import Announce
    from devicesim.presentation import Presented
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push


# Apple limits them and publishes no number; this only bounds what a program can make us keep.
MAX_TYPES_PER_APP = 64
# Apple, "Displaying live data with Live Activities": static and dynamic data together, 4 KB.
MAX_DATA_BYTES = 4096


class UnknownActivityError(AppError):
    """The app has no such activity: it never had, or it has left the screen."""


class ActivityKit:
    """The Live Activities of one device; ``on_screen`` are those it has.

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
        self.on_screen = OnScreen(state, now)
        self._pushes = ActivityPushes(self.on_screen, budget, announce)

    def hear(self, app: App, push: Push) -> Presented:
        """Obey a push of type ``liveactivity``, or say why not; never raises."""
        return self._pushes.hear(app, push)

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
        # To the second, as providers count: the first update may come in the same one.
        content = Content(float(int(self.on_screen.now())), content_state, None, alert=None)
        start = Start(content, attributes_type, attributes, wants_token=True, channel=None)
        try:
            activity = self.on_screen.begin(app, start)
        except UnusableEventError as error:
            raise AppError(str(error)) from None
        self.on_screen.put(app, activity)
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
        self.on_screen.over(app, activity)
        self._state.drop_activity(activity_id)
        return app

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


def _size_of(data: object) -> int:
    try:
        return len(json.dumps(data, ensure_ascii=False, allow_nan=False).encode())
    except (ValueError, TypeError) as error:
        raise AppError(f"attributes and content_state are JSON dictionaries: {error}") from None
