"""What the person would see."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devicesim.app import App, AppState
from devicesim.notification_center import NotificationCenter
from devicesim.presentation import Presentation
from devicesim.state.device_state import DeviceState
from protocol.identifiers import BundleId, CollapseId, DeviceToken
from protocol.notification import Environment, PushType
from tests.builders import NOW
from tests.devicesim.scripted_gateway import push_to

NEWS = BundleId("com.example.news")


def app() -> App:
    return App(NEWS, (PushType.ALERT,))


def center() -> NotificationCenter:
    return NotificationCenter(DeviceState("d", "Phone", Environment.DEVELOPMENT), lambda: NOW)


def present(payload: object, to: App | None = None) -> tuple[str, str]:
    raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    push = push_to(DeviceToken(b"t"), NEWS, raw)
    presented = center().present(to or app(), push)
    return presented.presentation.value, presented.detail


@pytest.mark.parametrize(
    ("aps", "detail"),
    [
        ({"alert": "Hi"}, "alert"),
        ({"alert": {"title": "Hi"}}, "alert"),
        ({"alert": {"loc-key": "HI"}}, "alert"),
        ({"badge": 0}, "badge 0"),
        ({"sound": "default"}, "sound"),
        ({"sound": {"critical": 1, "name": "x"}}, "critical sound"),
        ({"alert": "Hi", "badge": 3, "sound": "x"}, "alert, badge 3, sound"),
    ],
)
def test_an_alert_is_shown(aps: dict[str, object], detail: str) -> None:
    assert present({"aps": aps}) == ("shown", detail)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"aps": {}},
        {"aps": None},
        {"aps": ["alert"]},
        {"aps": {"alert": ""}},
        {"aps": {"alert": {}}},
        {"aps": {"alert": {"title": 7, "body": ""}}},
        {"aps": {"alert": 7, "badge": True, "sound": ""}},
        {"aps": {"badge": "3", "sound": ["x"]}},
        {"mdm": "magic"},
    ],
)
def test_an_alert_push_with_nothing_to_present_is_not_shown(payload: object) -> None:
    presentation, detail = present(payload)
    assert presentation == "not-shown"
    assert "without alert, badge or sound" in detail


@pytest.mark.parametrize("payload", [b"", b"[1]", b'"text"', b"7", b"\xff", b"{", b"[" * 100_000])
def test_a_payload_that_is_no_dictionary_is_refused_gracefully(payload: bytes) -> None:
    assert present(payload) == ("not-shown", "the payload is not a JSON dictionary")


def test_disabled_notifications_are_not_shown() -> None:
    silenced = app()
    silenced.notifications_enabled = False
    assert present({"aps": {"alert": "Hi"}}, to=silenced) == (
        "not-shown",
        "notifications are disabled for this app",
    )


def test_an_app_in_the_foreground_decides_by_itself() -> None:
    foreground = app()
    foreground.state = AppState.FOREGROUND
    assert present({"aps": {"alert": "Hi"}}, to=foreground)[0] == "delivered"


def test_the_same_collapse_id_replaces_what_is_on_the_screen() -> None:
    screen, there, other = center(), app(), App(BundleId("other"), (PushType.ALERT,))

    def show(to: App, collapse_id: str) -> tuple[str, str]:
        push = push_to(
            DeviceToken(b"t"), NEWS, b'{"aps":{"alert":"x"}}', collapse_id=CollapseId(collapse_id)
        )
        presented = screen.present(to, push)
        return presented.presentation.value, push.apns_id

    first, first_id = show(there, "score")
    assert first == "shown"
    assert show(there, "other")[0] == "shown"
    assert show(other, "score")[0] == "shown"
    again = screen.present(
        there,
        push_to(DeviceToken(b"t"), NEWS, b'{"aps":{"alert":"y"}}', collapse_id=CollapseId("score")),
    )
    assert again.presentation is Presentation.COLLAPSED
    assert first_id in again.detail
    screen.forget(NEWS)
    assert show(there, "score")[0] == "shown"
    assert show(other, "score")[0] == "collapsed"


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(
    payload=st.binary()
    | json_values.map(lambda value: json.dumps(value).encode())
    | st.fixed_dictionaries(
        {
            "aps": st.dictionaries(
                st.sampled_from(["alert", "badge", "sound", "content-available"]), json_values
            )
        },
    ).map(lambda value: json.dumps(value).encode()),
)
def test_no_payload_is_too_strange(payload: bytes) -> None:
    presentation, detail = present(payload)
    assert Presentation(presentation)
    assert detail
