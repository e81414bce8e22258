"""The linter warns of what the phone does not show, and of nothing that it shows."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devicesim.agenda import Agenda
from devicesim.app import App
from devicesim.live_activities.activity import LiveActivity
from devicesim.live_activities.events import Start, UnusableEventError, Update, read_event
from devicesim.notification_center import NotificationCenter
from devicesim.presentation import Presentation
from devicesim.runtime.app_events import AppEvents
from devicesim.runtime.background import BackgroundPushes
from devicesim.runtime.lives import AppLives
from devicesim.runtime.rules import RuntimeRules
from devicesim.screen.content import read_content
from devicesim.state.device_state import DeviceState
from protocol.identifiers import BundleId, DeviceToken
from protocol.lint.finding import Effect, Finding, Level
from protocol.lint.judgement import lint
from protocol.notification import Environment, PushType
from tests.builders import NOW
from tests.devicesim.scripted_gateway import push_to
from tests.protocol.lint.cases import CASES, activity_aps, sent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.identifiers import UniqueId
    from protocol.lint.push import Push

NEWS = BundleId("com.example.news")

VALUES = (None, True, False, 0, 1, -1, 0.5, 3.0, 2**31, 1e300, "", "1", "x", [], {})
scalars = st.sampled_from(VALUES)
words = scalars | st.sampled_from(["%@", "%1$@ and %@", "time-sensitive", "passive", "100%%"])
ALERT_KEYS = (
    "title", "subtitle", "body", "loc-key", "loc-args", "title-loc-key", "title-loc-args",
    "subtitle-loc-key", "subtitle-loc-args", "launch-image", "summary-arg", "titel", "sound",
)  # fmt: skip
alerts = st.dictionaries(
    st.sampled_from(ALERT_KEYS),
    words | st.lists(words, max_size=2) | st.fixed_dictionaries({"loc-key": words}),
    max_size=4,
)
sounds = st.dictionaries(st.sampled_from(["name", "volume", "critical", "x"]), scalars, max_size=3)
KEYS = (
    "alert", "badge", "sound", "thread-id", "category", "interruption-level", "event",
    "relevance-score", "content-available", "mutable-content", "timestamp", "allert",
)  # fmt: skip
apses = st.dictionaries(st.sampled_from(KEYS), words | alerts | sounds, max_size=5)
payloads = st.fixed_dictionaries(
    {}, optional={"aps": apses | words, "badge": words, "alert": words, "mine": words}
)


def effects(push: Push, effect: Effect) -> list[Finding]:
    return [each for each in lint(push).findings if each.effect is effect]


def present(payload: dict[str, Any], kind: PushType) -> Presentation:
    """What becomes of an alert or a background push for an app that may notify and runs."""
    state, app = DeviceState("d", "Phone", Environment.DEVELOPMENT), App(NEWS, (kind,))
    push = push_to(DeviceToken(b"t"), NEWS, json.dumps(payload).encode(), push_type=kind)
    if kind is PushType.ALERT:
        return NotificationCenter(state, lambda: NOW).present(app, push).presentation
    heard: list[Presentation] = []
    lives = AppLives(Agenda(), 30.0, AppEvents(lambda: NOW))
    background = BackgroundPushes(
        state, lives, RuntimeRules(), lambda: NOW, never,
        lambda _app, _push, presented, _before, _handler="": heard.append(presented.presentation),
    )  # fmt: skip
    assert background.receive(app, push)
    return heard[0]


async def never(bundle_id: str, _ids: Iterable[UniqueId]) -> None:
    raise AssertionError(f"{bundle_id} held a push")


# Keys of the app's strings are named without their way by the phone.
_STRINGS = re.compile(r"aps\.alert\.([\w.-]*loc-(key|args).*)")


def place(where: str) -> str:
    return "strings" if _STRINGS.fullmatch(where) else where.removeprefix("aps.")


def ignored_by_the_phone(payload: dict[str, Any]) -> set[str]:
    firsts = (text.split(" ")[0] for text in read_content(payload, {}).ignored)
    return {
        "strings" if first.endswith(("loc-key", "loc-args")) or first.startswith("%") else first
        for first in (each.removeprefix("aps.") for each in firsts)
    }


@given(payload=payloads)
def test_an_alert_is_not_shown_just_when_the_linter_says_so(payload: dict[str, Any]) -> None:
    push = sent(json.dumps(payload).encode())
    is_warned_of = bool(effects(push, Effect.NOT_SHOWN))
    assert (present(payload, PushType.ALERT) is Presentation.NOT_SHOWN) == is_warned_of


INNER = ("sound.name", "sound.volume", *(f"alert.{key}" for key in ALERT_KEYS))


def leaves_out_what_the_linter_says(payload: dict[str, Any]) -> bool:
    push = sent(json.dumps(payload).encode())
    told = {place(each.where) for each in effects(push, Effect.IGNORED)}
    return told == ignored_by_the_phone(payload)


@pytest.mark.parametrize("key", [*KEYS, *INNER])
def test_every_key_with_every_value_is_left_out_as_the_linter_says(key: str) -> None:
    outer, _, inner = key.partition(".")
    for value in VALUES:
        aps = {"alert": "x", outer: {"title": "x", inner: value} if inner else value}
        assert leaves_out_what_the_linter_says({"aps": aps}), value


@given(payload=payloads)
def test_what_the_phone_leaves_out_of_an_alert_is_what_the_linter_says(
    payload: dict[str, Any],
) -> None:
    assert leaves_out_what_the_linter_says(payload)


@given(payload=payloads)
def test_a_background_push_wakes_its_app_unless_the_linter_says_no(
    payload: dict[str, Any],
) -> None:
    push = sent(json.dumps(payload).encode(), kind="background")
    is_woken = present(payload, PushType.BACKGROUND) is Presentation.WOKEN
    assert is_woken == (not effects(push, Effect.NOT_SHOWN))


def is_obeyed(aps: dict[str, Any]) -> bool:
    """By an activity that has had no content yet, or by nobody."""
    begin = dataclasses.replace(running(), timestamp=-(10.0**300))
    try:
        said = read_event(aps)
        if isinstance(said, Start):
            LiveActivity.begin("A", NEWS, said, NOW)
        elif isinstance(said, Update):
            begin.update(said.content, NOW)
        else:
            begin.end(said, NOW)
    except UnusableEventError:
        return False
    return True


def running() -> LiveActivity:
    start = read_event(activity_aps("start"))
    assert isinstance(start, Start)
    return LiveActivity.begin("A", NEWS, start, NOW)


times = scalars | st.sampled_from([NOW, NOW * 1000, NOW + 8 * 3600, NOW + 8 * 3601, 10**400])
changes = st.fixed_dictionaries(
    {},
    optional={
        "timestamp": times, "stale-date": times, "dismissal-date": times,
        "content-state": scalars, "attributes": scalars, "attributes-type": scalars,
        "alert": words | alerts, "input-push-channel": scalars | st.just("AAAA"),
        "relevance-score": scalars, "event": words,
    },
)  # fmt: skip


@given(
    event=st.sampled_from(["start", "update", "end"]),
    changed=changes,
    without=st.sets(
        st.sampled_from(["timestamp", "content-state", "attributes", "attributes-type", "alert"]),
        max_size=1,
    ),
)
def test_a_live_activity_obeys_unless_the_linter_says_no(
    event: str, changed: dict[str, Any], without: set[str]
) -> None:
    aps = {k: v for k, v in (activity_aps(event) | changed).items() if k not in without}
    push = sent({"aps": aps}, kind="liveactivity")
    if not any(each.level is Level.ERROR for each in lint(push).findings):
        assert is_obeyed(aps) == (not effects(push, Effect.NOT_SHOWN))


def test_of_every_case_of_the_linter_the_phone_thinks_the_same() -> None:
    seen = set()
    for rule, pair in CASES.items():
        for push in pair:
            if push.kind not in (PushType.ALERT, PushType.BACKGROUND) or push.payload is None:
                continue
            seen.add(rule)
            is_shown = present(push.payload, push.kind) is not Presentation.NOT_SHOWN
            assert is_shown == (not effects(push, Effect.NOT_SHOWN)), rule
    assert len(seen) > 40
