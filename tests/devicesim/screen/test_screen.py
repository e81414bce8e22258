"""What a person sees and hears, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest

from devicesim.app import AppState, Permission
from devicesim.screen import memory
from devicesim.screen.screen import MAX_SOUNDS, UnknownNotificationError
from devicesim.screen.views import MAX_NOT_SHOWN
from protocol.notification import Priority
from tests.devicesim.screen.phone import CHAT, NEWS, ScreenPhone


@pytest.fixture
def phone() -> ScreenPhone:
    return ScreenPhone()


@pytest.fixture
def locked(phone: ScreenPhone) -> ScreenPhone:
    phone.locked = True
    return phone


# -- where it is seen ------------------------------------------------------------------------------


def test_an_unlocked_phone_shows_a_banner_for_a_while_and_keeps_the_notification(
    phone: ScreenPhone,
) -> None:
    push = phone.push({"title": "Goal", "body": "1:0"})
    banner = phone.see().banner
    assert banner is not None
    assert (banner.apns_id, banner.title, banner.body) == (push.apns_id, "Goal", "1:0")
    phone.now += 5
    assert phone.see().banner is None
    assert phone.texts() == ([], ["1:0"])
    assert phone.see().front == "home-screen"


def test_a_locked_phone_lights_up_for_a_while_and_shows_the_notification(
    locked: ScreenPhone,
) -> None:
    assert locked.see().lit is False
    locked.push("1:0")
    seen = locked.see()
    assert (seen.lit, seen.locked, seen.front, seen.banner) == (True, True, "lock-screen", None)
    assert locked.texts() == (["1:0"], [])
    locked.now += 8
    assert locked.see().lit is False
    assert locked.texts() == (["1:0"], [])


def test_a_notification_of_priority_1_is_on_the_lock_screen_and_lights_nothing(
    locked: ScreenPhone,
) -> None:
    locked.push("1:0", priority=Priority.POWER_FIRST)
    assert not locked.see().lit
    assert locked.texts() == (["1:0"], [])


def test_unlocking_moves_what_was_on_the_lock_screen_to_the_list(locked: ScreenPhone) -> None:
    locked.push("old")
    locked.unlock()
    assert locked.texts() == ([], ["old"])
    locked.locked = True
    assert locked.texts() == ([], ["old"])
    locked.push("new")
    assert locked.texts() == (["new"], ["old"])


def test_a_passive_notification_neither_lights_the_screen_nor_plays_a_sound(
    locked: ScreenPhone,
) -> None:
    locked.push("quiet", interruption_level="passive", sound="default", badge=1)
    seen = locked.see()
    assert (seen.lit, seen.sounds, seen.badges) == (False, (), {NEWS: 1})
    assert locked.texts() == (["quiet"], [])
    assert "passive" in locked.last.detail
    locked.unlock()
    locked.push("quiet too", interruption_level="passive")
    assert locked.see().banner is None


@pytest.mark.parametrize("level", ["active", "time-sensitive", "critical"])
def test_the_other_levels_light_the_screen(locked: ScreenPhone, level: str) -> None:
    locked.push(interruption_level=level)
    [group] = locked.see().lock_screen
    assert locked.see().lit
    assert group.notifications[0].interruption_level == level


def test_sounds_are_heard_and_the_newest_remembered(phone: ScreenPhone) -> None:
    phone.push(None, sound="bells.caf")
    critical = phone.push(sound={"critical": 1, "name": "siren.caf", "volume": 0.8})
    first, second = phone.see().sounds
    assert (first.name, first.critical, first.volume) == ("bells.caf", False, 1.0)
    assert (second.name, second.critical, second.volume) == ("siren.caf", True, 0.8)
    assert (second.apns_id, second.bundle_id, second.at) == (critical.apns_id, NEWS, phone.now)
    for _ in range(MAX_SOUNDS):
        phone.push(None, sound="default")
    assert {each.name for each in phone.see().sounds} == {"default"}
    assert len(phone.see().sounds) == MAX_SOUNDS


def test_a_push_that_says_nothing_leaves_the_screen_dark(locked: ScreenPhone) -> None:
    locked.push(None, badge=2)
    assert (locked.see().lit, locked.see().badges, locked.texts()) == (False, {NEWS: 2}, ([], []))


# -- replaced and grouped --------------------------------------------------------------------------


def test_the_same_collapse_id_replaces_and_moves_to_the_top(locked: ScreenPhone) -> None:
    first = locked.push("1:0", collapse="score")
    locked.push("other")
    locked.push("2:0", collapse="score")
    assert locked.texts() == (["2:0", "other"], [])
    assert f"replaces {first.apns_id}" in locked.last.detail


def test_what_was_read_already_comes_back_to_the_lock_screen_when_replaced(
    locked: ScreenPhone,
) -> None:
    locked.push("1:0", collapse="score")
    locked.unlock()
    locked.locked = True
    locked.push("2:0", collapse="score")
    assert locked.texts() == (["2:0"], [])


def test_notifications_are_grouped_by_app_and_thread(phone: ScreenPhone) -> None:
    phone.push("a1", thread_id="a", relevance_score=0.9)
    phone.push("b1", thread_id="b")
    phone.push("chat", to=CHAT, thread_id="a")
    phone.push("a2", thread_id="a", relevance_score=0.2)
    groups = phone.see().notification_center
    assert [
        (group.bundle_id, group.thread_id, [each.body for each in group.notifications])
        for group in groups
    ] == [(NEWS, "a", ["a2", "a1"]), (CHAT, "a", ["chat"]), (NEWS, "b", ["b1"])]
    assert [group.summary for group in groups] == ["1 more notification", None, None]
    # The topmost is the newest; a notification summary would feature the most relevant one.
    assert groups[0].featured == groups[0].notifications[1].apns_id


def test_the_newest_is_featured_among_equals_and_the_summary_counts(phone: ScreenPhone) -> None:
    for body in "abc":
        phone.push(body)
    [group] = phone.see().notification_center
    assert (group.summary, group.featured) == (
        "2 more notifications",
        group.notifications[0].apns_id,
    )


def test_the_screen_is_bounded(phone: ScreenPhone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MAX_ON_SCREEN", 2)
    for body in "abc":
        phone.push(body)
    assert phone.texts() == ([], ["c", "b"])


# -- badges ----------------------------------------------------------------------------------------


def test_a_badge_stays_until_another_number_comes(phone: ScreenPhone) -> None:
    phone.push(badge=3)
    phone.push()
    phone.push(badge="9")
    phone.push(to=CHAT, badge=1)
    assert phone.see().badges == {NEWS: 3, CHAT: 1}
    phone.push(None, badge=5)
    assert phone.see().badges == {NEWS: 5, CHAT: 1}


def test_a_badge_that_becomes_zero_takes_the_apps_notifications_along(phone: ScreenPhone) -> None:
    """support.airship.com, "Clearing the badge icon on iOS"."""
    phone.push("chat", to=CHAT)
    phone.push("read elsewhere", badge=1)
    phone.push(None, badge=0)
    assert (phone.see().badges, phone.texts(), phone.see().banner) == ({}, ([], ["chat"]), None)


def test_badge_zero_without_a_badge_before_takes_nothing_along(phone: ScreenPhone) -> None:
    phone.push("kept")
    phone.push("new", badge=0)
    assert phone.texts() == ([], ["new", "kept"])


# -- what a person allows --------------------------------------------------------------------------


def test_provisional_permission_is_for_the_list_alone(locked: ScreenPhone) -> None:
    locked.apps[NEWS].permission = Permission.PROVISIONAL
    locked.push("trial", sound="default", badge=1, collapse="t")
    seen = locked.see()
    assert (seen.lit, seen.sounds, seen.badges) == (False, (), {})
    assert locked.texts() == ([], ["trial"])
    assert "provisional" in locked.last.detail
    locked.push("trial 2", collapse="t")
    assert (locked.last.presentation.value, locked.texts()) == ("collapsed", ([], ["trial 2"]))


@pytest.mark.parametrize(
    ("permission", "is_enabled", "why"),
    [
        (Permission.NOT_ASKED, True, "the app has not asked for permission to notify"),
        (Permission.DENIED, True, "the person denied this app permission to notify"),
        (Permission.GRANTED, False, "notifications are disabled for this app"),
    ],
)
def test_without_permission_nothing_is_shown_and_the_screen_says_why(
    phone: ScreenPhone, permission: Permission, is_enabled: bool, why: str
) -> None:
    app = phone.apps[NEWS]
    app.permission, app.notifications_enabled = permission, is_enabled
    push = phone.push("Hi", badge=1, sound="default")
    seen = phone.see()
    assert (seen.badges, seen.sounds, phone.texts()) == ({}, (), ([], []))
    [unseen] = seen.not_shown
    assert (unseen.apns_id, unseen.topic, unseen.why) == (push.apns_id, NEWS, why)


def test_an_app_in_front_decides_by_itself_unless_the_phone_is_locked(phone: ScreenPhone) -> None:
    phone.apps[NEWS].state = AppState.FOREGROUND
    phone.push("seen by the app", badge=1)
    assert (phone.see(NEWS).front, phone.texts(), phone.see().badges) == (NEWS, ([], []), {})
    phone.locked = True
    phone.push("seen by the person")
    assert (phone.see(NEWS).front, phone.texts()[0]) == ("lock-screen", ["seen by the person"])


def test_the_newest_of_what_was_not_shown_are_told(phone: ScreenPhone) -> None:
    pushes = [phone.push(None) for _ in range(MAX_NOT_SHOWN + 1)]
    phone.push("seen")
    unseen = phone.see().not_shown
    assert [each.apns_id for each in unseen] == [each.apns_id for each in pushes[1:]]


# -- what a person does ----------------------------------------------------------------------------


def test_a_swipe_takes_one_away_and_leaves_the_badge(phone: ScreenPhone) -> None:
    phone.push("stays")
    push = phone.push("goes", badge=2)
    phone.center.screen.dismiss(push.apns_id)
    assert (phone.texts(), phone.see().badges) == (([], ["stays"]), {NEWS: 2})
    assert phone.see().banner is None
    with pytest.raises(UnknownNotificationError, match="is on the screen"):
        phone.center.screen.dismiss(push.apns_id)


def test_all_are_cleared_or_those_of_an_app(phone: ScreenPhone) -> None:
    phone.push("news", badge=1)
    phone.push("chat", to=CHAT)
    phone.center.screen.clear(NEWS)
    assert (phone.texts(), phone.see().badges) == (([], ["chat"]), {NEWS: 1})
    assert phone.see().banner is not None
    phone.center.screen.clear()
    assert (phone.texts(), phone.see().banner) == (([], []), None)


def test_an_uninstalled_app_takes_all_of_its_own_along(phone: ScreenPhone) -> None:
    phone.push("chat", to=CHAT)
    phone.push("news", badge=1)
    phone.center.strings.replace(NEWS, {"K": "text"})
    phone.center.forget(NEWS)
    assert (phone.texts(), phone.see().badges, phone.see().banner) == (([], ["chat"]), {}, None)
    assert phone.center.strings.of(NEWS) == {}


def test_texts_are_in_the_words_of_the_app(phone: ScreenPhone) -> None:
    phone.center.strings.replace(NEWS, {"GOAL": "%@ scores"})
    phone.push({"loc-key": "GOAL", "loc-args": ["Anna"]})
    phone.push({"loc-key": "GOAL", "loc-args": ["Anna"]}, to=CHAT)
    assert phone.texts() == ([], ["GOAL", "Anna scores"])


# -- Live Activities -------------------------------------------------------------------------------


def test_the_alert_of_a_live_activity_lights_the_screen_and_is_no_notification(
    locked: ScreenPhone,
) -> None:
    push = locked.push(None)
    locked.center.announce(NEWS, push, {"title": "Arrived", "body": "!", "sound": "bell.caf"})
    assert (locked.see().lit, locked.texts()) == (True, ([], []))
    assert [each.name for each in locked.see().sounds] == ["bell.caf"]
    locked.unlock()
    locked.center.announce(NEWS, push, "Arrived")
    banner = locked.see().banner
    assert banner is not None
    assert banner.body == "Arrived"
    locked.now += 60
    locked.center.announce(NEWS, push, None)
    assert (locked.see().banner, len(locked.see().sounds)) == (None, 1)


@pytest.mark.parametrize(
    ("aps", "permission", "is_quiet"),
    [
        ({"alert": "Hi"}, Permission.GRANTED, False),
        ({"alert": "Hi", "interruption_level": "passive"}, Permission.GRANTED, True),
        ({"alert": None, "badge": 1}, Permission.GRANTED, True),
        ({"alert": "Hi"}, Permission.PROVISIONAL, True),
    ],
)
def test_what_lights_no_screen_is_told_so(
    locked: ScreenPhone,
    aps: dict[str, Any],
    permission: Permission,
    is_quiet: bool,
) -> None:
    locked.apps[NEWS].permission = permission
    locked.push(**aps)
    assert (locked.last.is_quiet, locked.see().lit) == (is_quiet, not is_quiet)
