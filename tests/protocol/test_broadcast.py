from __future__ import annotations

import pytest

from protocol.broadcast import StoragePolicy
from protocol.notification import Expiration, PushType
from tests.builders import NOW, broadcast, channel

NONE, RECENT = StoragePolicy
HOURS = 3600


@pytest.mark.parametrize(
    ("policy", "expiration", "waits"),
    [
        (NONE, None, 0),
        (NONE, 0, 0),
        (NONE, NOW + 60, 0),
        (RECENT, None, 8 * HOURS),
        (RECENT, NOW + 60, 60),
        (RECENT, NOW + 8 * HOURS, 8 * HOURS),
        (RECENT, NOW + 9 * HOURS, 8 * HOURS),
        (RECENT, NOW, 0),
    ],
)
def test_a_message_waits_for_8_hours_at_most_or_until_it_expires(
    policy: StoragePolicy, expiration: float | None, waits: float
) -> None:
    at = None if expiration is None else int(expiration)
    assert policy.deadline(Expiration(at), NOW) == NOW + waits


@pytest.mark.parametrize("at", [0, 1, int(NOW) - 1])
def test_a_message_whose_time_is_over_does_not_wait(at: int) -> None:
    assert broadcast(expires_at=RECENT.deadline(Expiration(at), NOW)).has_expired(NOW)


def test_a_place_in_a_channel_is_the_time_and_later_than_the_last() -> None:
    assert channel().next_checkpoint(NOW) == int(NOW * 1e9)
    ahead = int(NOW * 1e9) + 5
    assert channel(checkpoint=ahead).next_checkpoint(NOW) == ahead + 1


def test_a_broadcast_is_a_live_activitys_push() -> None:
    made = broadcast()
    assert made.topic == "com.example.app.push-type.liveactivity"
    assert (made.push_type, made.collapse_id) == (PushType.LIVE_ACTIVITY, None)
    assert not made.has_expired(made.expires_at - 1)
    assert made.has_expired(made.expires_at)
