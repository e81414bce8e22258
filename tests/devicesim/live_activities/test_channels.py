"""Live Activities that follow a broadcast channel."""

from __future__ import annotations

from typing import Any

import pytest

from protocol.courier.channels import ChannelMark
from protocol.identifiers import ChannelId
from protocol.notification import PushType
from tests.devicesim.live_activities.test_kit import Desk
from tests.devicesim.live_pushes import LIVE, NEWS, NOW, live_push
from tests.devicesim.scripted_gateway import push_to

ONE, TWO = ChannelId("AAAB"), ChannelId("AAAC")


@pytest.fixture
def desk() -> Desk:
    return Desk()


def starts(desk: Desk, channel: str = ONE) -> str:
    """The id of an activity that a push started, and that follows the channel."""
    token = desk.to_start()
    presented, detail = desk.hears(token, "start", input_push_channel=channel)
    assert presented == "shown", detail
    return list(desk.state.activities)[-1]


def hears(
    desk: Desk,
    event: str,
    channel: ChannelId = ONE,
    **more: Any,  # noqa: ANN401
) -> tuple[str, str]:
    payload = live_push(desk.token(), event, **more).payload
    mark, kind = ChannelMark(channel, 7), PushType.LIVE_ACTIVITY
    push = push_to(None, LIVE, payload, channel=mark, push_type=kind)
    presented = desk.kit.hear(desk.app, push)
    return presented.presentation.value, presented.detail


def stops(desk: Desk) -> list[Any]:
    return [each.content_state["stops"] for each in desk.state.activities.values()]


def later(number: int) -> dict[str, Any]:
    return {"timestamp": int(NOW) + number, "content_state": {"stops": number}}


def test_a_start_with_a_channel_has_the_app_listen_to_it(desk: Desk) -> None:
    before = desk.state.apps.changes
    starts(desk)
    assert desk.app.channels == {ONE: 0}
    assert desk.state.apps.changes > before, "the gateway must be told"
    starts(desk)
    starts(desk, TWO)
    assert desk.app.channels == {ONE: 0, TWO: 0}


def test_a_broadcast_changes_all_activities_that_follow_and_no_other(desk: Desk) -> None:
    starts(desk)
    starts(desk)
    starts(desk, TWO)
    presented, detail = hears(desk, "update", **later(1))
    assert (presented, detail.count("updated")) == ("shown", 2)
    assert stops(desk) == [1, 1, 3]


def test_the_last_follower_that_ends_ends_the_subscription(desk: Desk) -> None:
    first, _ = starts(desk), starts(desk)
    desk.kit.end(NEWS, first)
    assert desk.app.channels == {ONE: 0}
    presented, detail = hears(desk, "end", **later(1))
    assert (presented, detail.partition(" ")[0]) == ("shown", "ended")
    assert desk.app.channels == {}


def test_time_and_a_restore_end_the_subscription_too(desk: Desk) -> None:
    starts(desk)
    desk.time += 8 * 3600
    desk.kit.on_screen.sweep()
    assert desk.app.channels == {}
    starts(desk, TWO)
    desk.state.forget_activities()
    assert desk.app.channels == {}


def test_an_activity_without_a_channel_leaves_the_channels_alone(desk: Desk) -> None:
    desk.app.listen(TWO)
    activity, _ = desk.starts()
    desk.kit.end(NEWS, activity.activity_id)
    assert desk.app.channels == {TWO: 0}


def test_a_broadcast_that_no_activity_follows_is_the_apps(desk: Desk) -> None:
    starts(desk)
    presented, detail = hears(desk, "update", TWO, **later(1))
    assert presented == "delivered"
    assert "none of its Live Activities follows" in detail
    assert stops(desk) == [3]


def test_a_broadcast_starts_nothing(desk: Desk) -> None:
    starts(desk)
    assert hears(desk, "start") == ("not-shown", "a broadcast starts no activity")
    assert len(desk.state.activities) == 1


def test_a_broadcast_that_cannot_be_obeyed_says_why(desk: Desk) -> None:
    starts(desk)
    assert hears(desk, "pause")[0] == "not-shown"
    presented, detail = hears(desk, "update", **later(-60))
    assert presented == "not-shown"
    assert detail.startswith("older than what is shown")
    push = push_to(None, LIVE, b"[]", channel=ChannelMark(ONE, 7), push_type=PushType.LIVE_ACTIVITY)
    presented_ = desk.kit.hear(desk.app, push)
    assert presented_.detail == "the payload is not a JSON dictionary"


def test_one_follower_that_refuses_stops_no_other(desk: Desk) -> None:
    starts(desk)
    hears(desk, "update", **later(100))
    starts(desk)
    presented, _ = hears(desk, "update", **later(50))
    assert (presented, stops(desk)) == ("shown", [100, 50])
