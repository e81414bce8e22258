"""What a device does about Live Activities: for its apps, for pushes, and as time goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from devicesim.app import AppError, UnknownAppError
from devicesim.live_activities import kit as kit_module
from devicesim.live_activities import on_screen
from devicesim.live_activities.kit import ActivityKit, UnknownActivityError
from devicesim.state.device_state import DeviceState
from protocol.identifiers import APP_PURPOSE, DeviceToken
from protocol.notification import Environment, Priority, PushType
from tests.devicesim.live_pushes import KIND, LIVE, NEWS, NOW, live_push
from tests.devicesim.scripted_gateway import push_to

if TYPE_CHECKING:
    from devicesim.live_activities.activity import LiveActivity

HOUR = 3600.0


class Desk:
    """A device with one app, whose tokens are there as soon as they are wanted."""

    def __init__(self, budget: int = 0) -> None:
        self.state = DeviceState("phone-1", "Phone", Environment.DEVELOPMENT)
        self.app = self.state.apps.install(NEWS, ["alert", "liveactivity"])
        self.time = NOW
        self.kit = ActivityKit(self.state, lambda: self.time, budget)
        self._mint()

    def _mint(self) -> None:
        for key in self.app.token_keys:
            if key not in self.app.tokens:
                self.state.apps.mint(self.app, key, DeviceToken(str(key).encode()))

    def token(self, purpose: str = APP_PURPOSE) -> DeviceToken:
        self._mint()
        return DeviceToken(f"{LIVE} {purpose}".strip().encode())

    def to_start(self, kind: str = KIND) -> DeviceToken:
        self.kit.register_type(NEWS, kind)
        return self.token(f"start {kind}")

    def hears(self, token: DeviceToken, event: str, **more: Any) -> tuple[str, str]:  # noqa: ANN401
        presented = self.kit.hear(self.app, live_push(token, event, **more))
        return presented.presentation.value, presented.detail

    def starts(self) -> tuple[LiveActivity, DeviceToken]:
        activity = self.kit.start(NEWS, KIND, {"order": 7}, {"stops": 3})
        return activity, self.token(f"update {activity.activity_id}")

    @property
    def screen(self) -> list[LiveActivity]:
        return list(self.state.activities.values())

    @property
    def only(self) -> LiveActivity:
        [activity] = self.screen
        return activity


# What apps do


def test_each_type_has_a_push_to_start_token_and_an_app_needs_no_push_type_for_it() -> None:
    desk = Desk()
    other = desk.state.apps.install("com.example.other", ["alert"])
    assert desk.kit.register_type("com.example.other", KIND) is other
    assert PushType.LIVE_ACTIVITY in other.push_types
    assert desk.to_start() != desk.to_start("Ride")
    assert desk.app.push_to_start_tokens.keys() == {KIND, "Ride"}


def test_an_app_starts_and_ends_activities() -> None:
    desk = Desk()
    first, token = desk.starts()
    second, _ = desk.starts()
    assert desk.screen == [first, second]
    assert (first.attributes, first.content_state) == ({"order": 7}, {"stops": 3})
    assert desk.kit.end(NEWS, first.activity_id) is desk.app
    assert desk.screen == [second]
    assert desk.state.apps.doomed == {token: True}, "its life is over, the app is there"


@pytest.mark.parametrize("wrong", ["", "x" * 201, "a\nb"])
def test_a_type_has_a_printable_name(wrong: str) -> None:
    with pytest.raises(AppError, match="an attributes type is 1 to 200 printable characters"):
        Desk().kit.register_type(NEWS, wrong)


def test_what_is_not_there_is_named() -> None:
    desk = Desk()
    other = desk.state.apps.install("com.example.other", ["alert"])
    activity, _ = desk.starts()
    with pytest.raises(UnknownAppError, match="no app 'nobody'"):
        desk.kit.end("nobody", activity.activity_id)
    with pytest.raises(UnknownAppError, match="no app 'nobody'"):
        desk.kit.start("nobody", KIND, {}, {})
    for app, name in ((NEWS, "A"), (other.bundle_id, activity.activity_id)):
        with pytest.raises(UnknownActivityError, match=f"{app} has no Live Activity"):
            desk.kit.end(app, name)


def test_there_are_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(on_screen, "MAX_ACTIVITIES_PER_APP", 1)
    monkeypatch.setattr(kit_module, "MAX_TYPES_PER_APP", 1)
    desk = Desk()
    token = desk.to_start()
    desk.kit.register_type(NEWS, KIND)
    with pytest.raises(AppError, match="has 1 types of Live Activities already"):
        desk.kit.register_type(NEWS, "Ride")
    desk.starts()
    with pytest.raises(AppError, match="has 1 Live Activities already"):
        desk.starts()
    assert desk.hears(token, "start") == ("not-shown", f"{NEWS} has 1 Live Activities already")
    with pytest.raises(AppError, match="have 4114 bytes, at most 4096"):
        desk.kit.start(NEWS, KIND, {"text": "é" * 2048}, {})


@pytest.mark.parametrize("odd", [float("nan"), "\ud800", b"raw", {1, 2}])
def test_attributes_and_content_are_json(odd: object) -> None:
    with pytest.raises(AppError, match="attributes and content_state are JSON dictionaries: "):
        Desk().kit.start(NEWS, KIND, {"odd": odd}, {})


# What pushes do


def test_a_push_to_start_token_starts_an_activity_with_a_token_of_its_own() -> None:
    desk = Desk()
    token = desk.to_start()
    shown = desk.hears(token, "start", input_push_token=1)
    activity = desk.only
    assert shown == ("shown", f"started {KIND} {activity.activity_id}, with an alert")
    assert (activity.attributes_type, activity.has_token) == (KIND, True)
    assert desk.hears(desk.token(f"update {activity.activity_id}"), "update")[0] == "shown"
    assert desk.state.apps.doomed == {}, "push-to-start tokens live on"


def test_an_update_replaces_the_content_and_says_whether_it_alerts() -> None:
    desk = Desk()
    activity, token = desk.starts()
    name = f"{KIND} {activity.activity_id}"
    assert desk.hears(token, "update", content_state={"stops": 2}) == ("shown", f"updated {name}")
    assert desk.only.content_state == {"stops": 2}
    alert = {"title": "Soon"}
    assert desk.hears(token, "update", alert=alert) == ("shown", f"updated {name}, with an alert")


def test_an_older_update_is_not_shown_and_says_why() -> None:
    desk = Desk()
    _, token = desk.starts()
    shown, why = desk.hears(token, "update", timestamp=NOW - 1, content_state={"stops": 9})
    assert (shown, why.partition(":")[0]) == ("not-shown", "older than what is shown")
    assert desk.only.content_state == {"stops": 3}


def test_an_update_of_the_second_in_which_the_app_started_it_is_no_older() -> None:
    desk = Desk()
    desk.time = NOW + 0.9
    _, token = desk.starts()
    assert desk.hears(token, "update", timestamp=int(NOW))[0] == "shown"


def test_an_end_expires_the_token_and_stays_on_the_screen_until_it_is_dismissed() -> None:
    desk = Desk()
    activity, token = desk.starts()
    shown, detail = desk.hears(token, "end", content_state={"stops": 0}, dismissal_date=NOW + 60)
    assert shown == "shown"
    assert detail == f"ended {KIND} {activity.activity_id}, stays until 2026-09-21 14:14:20 UTC"
    assert desk.only.content_state == {"stops": 0}
    assert desk.state.apps.doomed == {token: True}
    assert desk.state.apps.of_token(token) is None
    desk.time += 60
    assert desk.kit.on_screen.sweep() == [desk.app]
    assert desk.screen == []


def test_an_end_with_a_past_dismissal_date_removes_it_at_once() -> None:
    desk = Desk()
    _, token = desk.starts()
    assert desk.hears(token, "end", dismissal_date=1)[1].endswith(", removed at once")
    assert desk.screen == []


def test_a_start_to_an_update_token_is_not_shown() -> None:
    desk = Desk()
    _, token = desk.starts()
    shown, why = desk.hears(token, "start")
    assert (shown, len(desk.screen)) == ("not-shown", 1)
    assert why == "an update token starts nothing: send start to a push-to-start token"


@pytest.mark.parametrize("event", ["update", "end"])
def test_an_update_to_a_push_to_start_token_is_not_shown(event: str) -> None:
    desk = Desk()
    desk.starts()
    shown, why = desk.hears(desk.to_start(), event)
    assert (shown, desk.only.ended_at) == ("not-shown", None)
    assert why.startswith("a push-to-start token starts activities: send update and end to")


def test_a_push_to_start_token_is_for_one_type() -> None:
    desk = Desk()
    assert desk.hears(desk.to_start("Ride"), "start") == (
        "not-shown",
        f"this push-to-start token is for Ride, the push is about {KIND}",
    )
    assert desk.screen == []


def test_the_apps_own_token_starts_activities_of_every_type() -> None:
    desk = Desk()
    for kind in (KIND, "Ride"):
        assert desk.hears(desk.token(), "start", attributes_type=kind)[0] == "shown"
    assert [each.attributes_type for each in desk.screen] == [KIND, "Ride"]
    assert desk.hears(desk.token(), "start", alert="")[0] == "not-shown"


@pytest.mark.parametrize("payload", [b"{}", b'{"aps":{"alert":"Hi"}}', b'{"aps":{"event":"end"}}'])
def test_anything_else_to_the_apps_own_token_is_handed_to_the_app(payload: bytes) -> None:
    desk = Desk()
    desk.starts()
    push = push_to(desk.token(), LIVE, payload, push_type=PushType.LIVE_ACTIVITY)
    presented = desk.kit.hear(desk.app, push)
    assert presented.presentation.value == "delivered"
    assert presented.detail.startswith("handed to the app: its own liveactivity token")
    assert desk.only.ended_at is None


def test_a_payload_that_is_none_is_not_shown() -> None:
    desk = Desk()
    push = push_to(desk.to_start(), LIVE, b"[]", push_type=PushType.LIVE_ACTIVITY)
    assert desk.kit.hear(desk.app, push).detail == "the payload is not a JSON dictionary"


def test_a_push_for_a_token_that_expired_while_it_was_held_back_is_not_shown() -> None:
    desk = Desk()
    activity, token = desk.starts()
    desk.kit.end(NEWS, activity.activity_id)
    assert desk.hears(token, "update") == (
        "not-shown",
        "the token of this push has expired meanwhile",
    )


def test_an_update_that_comes_in_the_moment_of_the_eighth_hour_is_too_late() -> None:
    desk = Desk()
    _, token = desk.starts()
    desk.time += 8 * HOUR
    assert desk.hears(token, "update", timestamp=desk.time) == (
        "not-shown",
        "the activity of this token has ended",
    )


def test_an_activity_that_follows_a_channel_has_no_token_and_remembers_the_channel() -> None:
    desk = Desk()
    desk.hears(desk.to_start(), "start", input_push_channel="dHN0")
    assert (desk.only.channel, desk.only.has_token) == ("dHN0", False)
    assert desk.app.purposes.keys() == {f"start {KIND}"}


# What time does


def test_time_ends_and_dismisses_and_says_whose_activities_these_were() -> None:
    desk = Desk()
    _, token = desk.starts()
    desk.time += 8 * HOUR
    assert desk.kit.on_screen.sweep() == [desk.app]
    assert desk.kit.on_screen.sweep() == []
    assert desk.state.apps.doomed == {token: True}
    assert [view.state for view in desk.kit.on_screen.views(desk.app)] == ["ended"]
    desk.time += 4 * HOUR
    assert desk.kit.on_screen.sweep() == [desk.app]
    assert (desk.kit.on_screen.sweep(), desk.state.activities) == ([], {})


# Budget: priority 10 counts, 5 does not


def test_priority_10_counts_against_the_budget_of_an_hour_and_5_does_not() -> None:
    desk = Desk(budget=2)
    _, token = desk.starts()
    for priority in (Priority.POWER_AWARE, Priority.IMMEDIATE) * 2:
        assert desk.hears(token, "update", priority=priority)[0] == "shown"
    shown, why = desk.hears(token, "end")
    assert (shown, desk.only.ended_at) == ("not-shown", None)
    assert why.startswith("throttled: 2 pushes of priority 10 within the hour")
    assert desk.hears(token, "update", priority=Priority.POWER_FIRST)[0] == "shown"
    desk.time += HOUR
    assert desk.hears(token, "end")[0] == "shown"


def test_what_is_ignored_for_another_reason_costs_no_budget() -> None:
    desk = Desk(budget=1)
    _, token = desk.starts()
    assert desk.hears(desk.to_start(), "start", timestamp=NOW * 1000)[0] == "not-shown"
    assert desk.hears(token, "update", timestamp=1)[0] == "not-shown"
    assert desk.hears(token, "update")[0] == "shown"


def test_a_throttled_start_starts_nothing() -> None:
    desk = Desk(budget=1)
    token = desk.to_start()
    assert desk.hears(token, "start")[0] == "shown"
    assert desk.hears(token, "start")[1].startswith("throttled")
    assert len(desk.screen) == 1


def test_without_a_budget_nothing_is_throttled() -> None:
    desk = Desk()
    _, token = desk.starts()
    assert {desk.hears(token, "update")[0] for _ in range(100)} == {"shown"}
