"""What an alert push says, and what of it is of no use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devicesim.screen.alert import Alert, read_alert
from devicesim.screen.content import Content, InterruptionLevel, Sound, read_content
from devicesim.screen.localization import MAX_TABLE_LENGTH, StringTables
from protocol.localization import localized


def content(**aps: object) -> Content:
    """Names with underscores stand for Apple's with hyphens."""
    return read_content({"aps": {key.replace("_", "-"): aps[key] for key in aps}}, {})


def test_all_keys_of_an_alert_are_kept() -> None:
    read = content(
        alert={"title": "T", "subtitle": "S", "body": "B", "launch-image": "L.png"},
        badge=3,
        sound={"name": "siren.caf", "critical": 1, "volume": 0.5},
        thread_id="t",
        category="c",
        target_content_id="w",
        filter_criteria="f",
        interruption_level="time-sensitive",
        relevance_score=0.7,
        mutable_content=1,
        content_available=1,
    )
    assert read == Content(
        Alert("T", "S", "B", "L.png"),
        3,
        Sound("siren.caf", critical=True, volume=0.5),
        InterruptionLevel.CRITICAL,
        0.7,
        "t",
        "c",
        "w",
        "f",
        [],
    )


@pytest.mark.parametrize(
    ("aps", "why"),
    [
        ({"badge": "3"}, "badge is a whole number, not '3'"),
        ({"badge": True}, "badge is a whole number, not True"),
        ({"badge": 1.5}, "badge is a whole number, not 1.5"),
        ({"badge": -1}, "badge is a whole number, not -1"),
        ({"badge": 2**31}, "badge is a whole number, not 2147483648"),
        ({"alert": 7}, "alert is a text or a dictionary, not 7"),
        ({"alert": ""}, "alert is a text or a dictionary, not ''"),
        ({"alert": {"title": 7}}, "alert.title is a text, not 7; alert has nothing to be read"),
        ({"alert": {"body": ["x"]}}, "alert.body is a text, not an array; alert has nothing to"),
        ({"alert": {"body": "x", "color": "red"}}, "alert.color means nothing"),
        ({"alert": {"body": "x", "sound": "y"}}, "alert.sound means nothing"),
        ({"alert": {"body": "x", "loc-key": 7}}, "loc-key is a text, not 7"),
        ({"alert": {"loc-key": "x", "loc-args": "y"}}, "loc-args is an array of texts, not 'y'"),
        ({"sound": ""}, "sound is a name or a dictionary, not ''"),
        ({"sound": ["x"]}, "sound is a name or a dictionary, not an array"),
        ({"sound": {"name": 7}}, "sound.name is a text, not 7"),
        ({"sound": {"volume": 2}}, "sound.volume is a number from 0 to 1, not 2"),
        ({"sound": {"volume": "1"}}, "sound.volume is a number from 0 to 1, not '1'"),
        (
            # Apple's page spelled it so for years: sideshow/apns2#185.
            {"interruption-level": "time-senstive"},
            "interruption-level is one of passive, active, time-sensitive, critical, not 'time-",
        ),
        ({"interruption-level": {}}, "not a dictionary"),
        ({"relevance-score": 2}, "relevance-score is a number from 0 to 1, not 2"),
        ({"relevance-score": float("nan")}, "relevance-score is a number from 0 to 1, not nan"),
        ({"thread-id": 7}, "thread-id is a text, not 7"),
        ({"alert": "x", "event": "update"}, "aps.event means nothing in an alert"),
    ],
)
def test_what_is_of_no_use_is_left_out_and_told(aps: dict[str, object], why: str) -> None:
    assert why in "; ".join(read_content({"aps": aps}, {}).ignored)


def test_the_rest_of_a_push_survives_what_is_left_out() -> None:
    read = content(alert="Hi", badge="3", interruption_level="loud", sound={"volume": 9})
    assert (read.parts, read.level) == ("alert, sound", InterruptionLevel.ACTIVE)
    assert content(badge=3.0).badge == 3


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        ({"alert": "Hi", "sound": "x"}, ["alert stands beside aps", "sound stands beside aps"]),
        ({"aps": [], "x": 1}, ["aps is a dictionary, not an array"]),
        ({"aps": "Hi"}, ["aps is a dictionary, not 'Hi'"]),
        ({"aps": {"alert": "Hi"}, "mine": 1}, []),
    ],
)
def test_keys_in_the_wrong_place_are_told(payload: dict[str, object], why: list[str]) -> None:
    ignored = read_content(payload, {}).ignored
    assert [any(text.startswith(each) for text in ignored) for each in why] == [True] * len(why)
    assert len(ignored) == len(why)


# -- localisation ----------------------------------------------------------------------------------

TABLE = {
    "INVITE": "%@ invites you to %@",
    "SWAPPED": "%2$@ for %1$@, 100%% %@",
    "TITLE": "Title",
    "SUB": "For %@",
}


def test_keys_are_looked_up_in_the_apps_strings_and_win_over_the_texts() -> None:
    alert = {
        "title": "raw", "title-loc-key": "TITLE", "subtitle-loc-key": "SUB",
        "subtitle-loc-args": ["you"], "body": "raw", "loc-key": "INVITE",
        "loc-args": ["Anna", "chess"],
    }  # fmt: skip
    read = read_alert(alert, TABLE, [])
    assert read == Alert("Title", "For you", "Anna invites you to chess")


def test_without_a_table_the_key_itself_is_shown() -> None:
    assert read_alert({"loc-key": "INVITE", "loc-args": ["Anna"]}, {}, []) == Alert(body="INVITE")


def test_the_alert_of_a_live_activity_may_hold_its_keys_inside() -> None:
    """Apple, "Starting and updating Live Activities …": title and body are dictionaries there."""
    alert = {"title": {"loc-key": "%@ is here", "loc-args": ["Anna"]}, "body": {"loc-key": "TITLE"}}
    assert read_alert(alert, TABLE, []) == Alert("Anna is here", "", "Title")


@pytest.mark.parametrize(
    ("key", "arguments", "text"),
    [
        ("SWAPPED", ["a", "b"], "b for a, 100% a"),
        ("%@", [7], "7"),
        ("%@", [True], "1"),
        ("%d %s", ["x"], "%d %s"),
        ("plain", ["unused"], "plain"),
    ],
)
def test_placeholders_are_filled(key: str, arguments: list[object], text: str) -> None:
    ignored: list[str] = []
    assert localized(TABLE, key, arguments, ignored) == text
    assert ignored == []


def test_a_placeholder_without_an_argument_stays_and_is_told() -> None:
    ignored: list[str] = []
    assert localized(TABLE, "INVITE", ["Anna"], ignored) == "Anna invites you to %@"
    assert ignored == ["%@ in 'INVITE': there is no argument 2"]


def test_a_table_is_replaced_forgotten_and_bounded() -> None:
    kept: dict[str, dict[str, str]] = {}
    tables = StringTables(kept)
    tables.replace("a", {"K": "text"})
    assert (tables.of("a"), tables.of("b")) == ({"K": "text"}, {})
    with pytest.raises(ValueError, match="at most"):
        tables.replace("a", {"K": "x" * MAX_TABLE_LENGTH})
    assert kept == {"a": {"K": "text"}}
    tables.replace("a", {})
    assert kept == {}
    tables.forget("a")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
keys = st.sampled_from(
    ["alert", "badge", "sound", "thread-id", "interruption-level", "relevance-score", "title",
     "body", "loc-key", "loc-args", "title-loc-key", "name", "volume", "critical"]
)  # fmt: skip


aps = st.dictionaries(keys, json_values | st.dictionaries(keys, json_values))


@given(payload=st.dictionaries(st.just("aps"), aps))
def test_no_payload_is_too_strange(payload: dict[str, object]) -> None:
    read = read_content(payload, {})
    assert 0 <= read.relevance_score <= 1
    assert read.badge is None or 0 <= read.badge < 2**31
    assert read.sound is None or 0 <= read.sound.volume <= 1
