"""The rules of one Live Activity (reference/apns-provider-api.md §6.3), without a device."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devicesim.live_activities.activity import ActivityState, LiveActivity
from devicesim.live_activities.events import End, Start, UnusableEventError, Update, read_event
from tests.devicesim.live_pushes import ABSENT, KIND, NEWS, NOW, aps

HOUR = 3600.0


def begun(**changes: Any) -> LiveActivity:  # noqa: ANN401
    said = read_event(aps("start", **changes))
    assert isinstance(said, Start)
    return LiveActivity.begin("A", NEWS, said, NOW)


def updated(activity: LiveActivity, now: float = NOW, **changes: Any) -> LiveActivity:  # noqa: ANN401
    said = read_event(aps("update", **changes))
    assert isinstance(said, Update)
    return activity.update(said.content, now)


def ended(activity: LiveActivity, now: float = NOW, **changes: Any) -> LiveActivity:  # noqa: ANN401
    said = read_event(aps("end", **changes))
    assert isinstance(said, End)
    return activity.end(said, now)


# Always: timestamp, event, content-state


@pytest.mark.parametrize("event", ["start", "update", "end"])
@pytest.mark.parametrize("wrong", [ABSENT, None, "soon", True, [1]])
def test_always_a_timestamp(event: str, wrong: object) -> None:
    with pytest.raises(UnusableEventError, match="timestamp"):
        read_event(aps(event, timestamp=wrong))


@pytest.mark.parametrize("wrong", [ABSENT, None, "begin", 1, "Start", ["start"]])
def test_always_an_event(wrong: object) -> None:
    with pytest.raises(UnusableEventError, match="event must be start, update or end, not "):
        read_event(aps("update", event=wrong))


@pytest.mark.parametrize("event", ["start", "update"])
@pytest.mark.parametrize("wrong", [ABSENT, None, "x", [], 7])
def test_start_and_update_need_a_content_state(event: str, wrong: object) -> None:
    with pytest.raises(UnusableEventError, match=f"{event} needs content-state, a dictionary"):
        read_event(aps(event, content_state=wrong))


def test_an_end_is_recommended_to_have_a_final_content_state_and_may_have_none() -> None:
    assert ended(begun(), content_state=ABSENT).content_state == {"stops": 3}
    assert ended(begun(), content_state={"stops": 0}).content_state == {"stops": 0}
    with pytest.raises(UnusableEventError, match="end needs content-state, a dictionary, not 7"):
        read_event(aps("end", content_state=7))


def test_a_timestamp_may_have_a_fraction_but_no_thousand_digits() -> None:
    assert begun(timestamp=NOW + 0.5).timestamp == NOW + 0.5
    for beyond in (10**400, float("inf"), float("nan")):
        with pytest.raises(UnusableEventError, match="timestamp is beyond all calendars"):
            read_event(aps("update", timestamp=beyond))


# Newest wins


def test_the_newest_timestamp_wins_and_older_content_is_ignored() -> None:
    newer = updated(begun(), timestamp=NOW + 5, content_state={"stops": 1})
    with pytest.raises(
        UnusableEventError, match=f"older than what is shown: timestamp {NOW + 4:.0f}, expected"
    ):
        updated(newer, timestamp=NOW + 4, content_state={"stops": 2})
    assert newer.content_state == {"stops": 1}


def test_of_two_contents_of_the_same_second_the_later_one_stays() -> None:
    twice = updated(updated(begun(), content_state={"n": 1}), content_state={"n": 2})
    assert (twice.content_state, twice.timestamp) == ({"n": 2}, NOW)


def test_content_is_replaced_and_not_merged() -> None:
    assert updated(begun(), content_state={"late": True}).content_state == {"late": True}


@pytest.mark.parametrize("timestamp", [NOW + 8 * HOUR + 1, NOW * 1000])
def test_a_timestamp_over_eight_hours_ahead_is_dropped(timestamp: float) -> None:
    expected = r"over eight hours ahead .* not milliseconds"
    with pytest.raises(UnusableEventError, match=expected):
        begun(timestamp=timestamp)
    with pytest.raises(UnusableEventError, match=expected):
        updated(begun(), timestamp=timestamp)
    assert updated(begun(), timestamp=NOW + 8 * HOUR).timestamp == NOW + 8 * HOUR


def test_an_end_is_obeyed_whatever_its_timestamp() -> None:
    """developer.apple.com/forums/thread/776165: with a timestamp of 2023 in 2025."""
    over = ended(begun(), NOW + 60, timestamp=1_685_952_000, content_state={"stops": 0})
    assert (over.content_state, over.ended_at, over.timestamp) == ({"stops": 0}, NOW + 60, NOW)


# start: additionally attributes-type, attributes, alert


@pytest.mark.parametrize("wrong", [ABSENT, None, "", 7, "x" * 201, "a\nb"])
def test_a_start_needs_an_attributes_type(wrong: object) -> None:
    with pytest.raises(UnusableEventError, match="start needs attributes-type"):
        read_event(aps("start", attributes_type=wrong))


@pytest.mark.parametrize("wrong", [ABSENT, None, "x", []])
def test_a_start_needs_attributes(wrong: object) -> None:
    with pytest.raises(UnusableEventError, match="start needs attributes, a dictionary"):
        read_event(aps("start", attributes=wrong))


@pytest.mark.parametrize("wrong", [ABSENT, None, "", {}, {"sound": "x"}, 7])
def test_a_start_needs_an_alert(wrong: object) -> None:
    with pytest.raises(UnusableEventError, match="start needs an alert with a title or a body"):
        read_event(aps("start", alert=wrong))


def test_a_started_activity_is_what_the_push_said() -> None:
    activity = begun(stale_date=NOW + 60, input_push_token=1)
    assert activity == LiveActivity(
        "A", NEWS, KIND, {"order": 7}, {"stops": 3}, NOW, NOW, stale_date=NOW + 60
    )
    assert activity.state_at(NOW) is ActivityState.ACTIVE


@pytest.mark.parametrize(
    ("keys", "wants_token", "channel"),
    [
        ({}, True, None),  # as before iOS 18
        ({"input_push_token": 1}, True, None),
        ({"input_push_token": 0}, False, None),
        ({"input_push_channel": "dHN0LXNyY2gtY2hubA=="}, False, "dHN0LXNyY2gtY2hubA=="),
        ({"input_push_channel": "dHN0", "input_push_token": 1}, True, "dHN0"),
    ],
)
def test_a_start_says_how_the_activity_is_to_be_updated(
    keys: dict[str, Any], wants_token: bool, channel: str | None
) -> None:
    activity = begun(**keys)
    assert (activity.wants_token, activity.has_token) == (wants_token, wants_token)
    assert activity.channel == channel


@pytest.mark.parametrize("wrong", ["", "no base64!", 7, "é", "abc"])
def test_a_start_with_an_invalid_channel_fails(wrong: object) -> None:
    with pytest.raises(UnusableEventError, match="input-push-channel is a channel id in base64"):
        read_event(aps("start", input_push_channel=wrong))


# stale-date


def test_from_its_stale_date_on_an_activity_is_stale_until_newer_content_comes() -> None:
    activity = begun(stale_date=NOW + 60)
    assert activity.state_at(NOW + 59) is ActivityState.ACTIVE
    assert activity.state_at(NOW + 60) is ActivityState.STALE
    fresh = updated(activity, NOW + 61, timestamp=NOW + 61)
    assert fresh.stale_date is None
    assert fresh.state_at(NOW + 999) is ActivityState.ACTIVE
    assert ended(activity).state_at(NOW + 61) is ActivityState.ENDED


@pytest.mark.parametrize("key", ["stale_date", "dismissal_date"])
def test_dates_are_numbers(key: str) -> None:
    with pytest.raises(UnusableEventError, match="-date is a number of seconds since 1970, not 'x"):
        read_event(aps("end", **{key: "x"}))


# end without dismissal-date: stays ≤ 4 h; past date = remove at once


def test_an_ended_activity_without_dismissal_date_stays_for_four_hours() -> None:
    over = ended(begun(), NOW + 10)
    assert (over.ended_at, over.dismissed_at) == (NOW + 10, NOW + 10 + 4 * HOUR)
    assert not over.has_token
    assert over.at(NOW + 9 + 4 * HOUR) is over
    assert over.at(NOW + 10 + 4 * HOUR) is None


@pytest.mark.parametrize(
    ("date", "leaves"),
    [
        (0, NOW),
        (NOW - 1, NOW),
        (NOW + 60, NOW + 60),
        (NOW + 9 * HOUR, NOW + 4 * HOUR),  # "… or after four hours, whichever comes first"
    ],
)
def test_a_dismissal_date_is_obeyed_within_four_hours(date: float, leaves: float) -> None:
    over = ended(begun(), dismissal_date=date)
    assert over.dismissed_at == leaves
    assert (over.at(NOW) is None) == (leaves == NOW)


def test_after_eight_hours_the_system_ends_an_activity_and_keeps_it_for_four_more() -> None:
    activity = begun()
    assert activity.at(NOW + 8 * HOUR - 1) is activity
    over = activity.at(NOW + 8 * HOUR)
    assert over is not None
    assert over.state_at(NOW + 8 * HOUR) is ActivityState.ENDED
    assert (over.ended_at, over.dismissed_at) == (NOW + 8 * HOUR, NOW + 12 * HOUR)
    assert over.at(NOW + 12 * HOUR) is None
    assert activity.at(NOW + 13 * HOUR) is None, "also when nobody looked in between"


# Whatever comes


def test_an_activity_survives_its_own_text() -> None:
    odd = begun(content_state={"big": 10**30, "text": "é\ud800"}, stale_date=NOW + 1)
    assert LiveActivity.from_json(odd.to_json()) == odd


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
_KEYS = st.sampled_from([*aps("start"), "dismissal-date", "stale-date", "input-push-channel"])


@given(st.sampled_from(["start", "update", "end"]), st.dictionaries(_KEYS, _JSON, max_size=3))
def test_a_strange_dictionary_is_used_or_refused(event: str, changes: dict[str, Any]) -> None:
    with contextlib.suppress(UnusableEventError):  # and nothing else
        said = read_event(aps(event) | changes)
        if isinstance(said, Start):
            LiveActivity.begin("A", NEWS, said, NOW)
        elif isinstance(said, Update):
            begun().update(said.content, NOW)
        else:
            assert begun().end(said, NOW).ended_at == NOW
