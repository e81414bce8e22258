from __future__ import annotations

from math import inf

from gateway.routing.unacknowledged import Sent, Unacknowledged
from protocol.identifiers import DeviceId, Topic
from protocol.tenant import Tenant
from tests.builders import BUNDLE_ID, DEVICE, NOW, notification

TABLET = DeviceId("tablet")


def sent(number: int, *, sent_at: float = NOW, seq: int | None = 1) -> Sent:
    return Sent(notification(number), seq, is_from_storage=False, sent_at=sent_at)


def test_a_push_is_outstanding_until_it_is_settled() -> None:
    pushes, push = Unacknowledged(), sent(1)
    assert push.unique_id not in pushes
    pushes.sent(push.unique_id)
    assert push.unique_id in pushes
    pushes.settled(push.unique_id)
    assert push.unique_id not in pushes


def test_what_the_store_drops_is_over_unless_it_is_outstanding() -> None:
    pushes, in_flight, left, stored = Unacknowledged(), sent(1), sent(2), sent(3)
    pushes.sent(in_flight.unique_id)
    pushes.leave(DEVICE, [left])
    dropped = [each.unique_id for each in (in_flight, left, stored)]
    assert pushes.over(dropped) == [stored.unique_id]


def test_what_a_lost_link_leaves_is_kept_in_order_per_device() -> None:
    pushes = Unacknowledged()
    first, second, other = sent(1), sent(2), sent(3)
    for push in (first, second, other):
        pushes.sent(push.unique_id)
    pushes.leave(DEVICE, [first, second])
    pushes.leave(TABLET, [other])
    assert pushes.of(DEVICE) == (first, second)
    assert pushes.of(TABLET) == (other,)
    assert first.unique_id in pushes


def test_what_is_sent_again_is_in_flight_again() -> None:
    pushes, push = Unacknowledged(), sent(1)
    pushes.leave(DEVICE, [push])
    pushes.sent(push.unique_id)
    assert pushes.of(DEVICE) == ()
    assert push.unique_id in pushes
    pushes.settled(push.unique_id)
    assert push.unique_id not in pushes


def test_what_was_left_may_be_settled_without_being_sent() -> None:
    pushes, push, other = Unacknowledged(), sent(1), sent(2)
    pushes.leave(DEVICE, [push, other])
    pushes.settled(push.unique_id)
    assert pushes.of(DEVICE) == (other,)
    pushes.settled(sent(3).unique_id)
    assert pushes.of(DEVICE) == (other,)


def test_it_is_kept_for_a_while() -> None:
    pushes, old, young = Unacknowledged(keep_seconds=60), sent(1), sent(2, sent_at=NOW + 30)
    pushes.leave(DEVICE, [old, young])
    assert pushes.sweep(NOW + 59) == []
    assert pushes.sweep(NOW + 60) == [old]
    assert pushes.of(DEVICE) == (young,)
    assert old.unique_id not in pushes


def test_when_a_sweep_is_due_is_told_and_known() -> None:
    pushes, told = Unacknowledged(keep_seconds=60, capacity=2), list[float]()
    pushes.on_left = told.append
    assert pushes.next_due == inf
    pushes.leave(DEVICE, [sent(1, sent_at=NOW + 30), sent(2)])
    assert told == [NOW + 90, NOW + 60]
    assert pushes.next_due == NOW + 60
    pushes.leave(DEVICE, [sent(3)])
    assert told[2:] == [-inf], "there are too many: now"
    pushes.settled(sent(2).unique_id)
    pushes.settled(sent(3).unique_id)
    assert pushes.next_due == NOW + 90


def test_the_oldest_make_room() -> None:
    pushes = Unacknowledged(capacity=2)
    left = [sent(number) for number in range(5)]
    pushes.leave(DEVICE, left)
    assert pushes.sweep(NOW) == left[:3]
    assert pushes.of(DEVICE) == tuple(left[3:])


def test_a_reset_forgets_everything() -> None:
    pushes, flying, left = Unacknowledged(), sent(1), sent(2)
    pushes.sent(flying.unique_id)
    pushes.leave(DEVICE, [left])
    pushes.clear()
    assert flying.unique_id not in pushes
    assert left.unique_id not in pushes
    assert pushes.of(DEVICE) == ()


def test_a_reset_of_one_app_forgets_what_is_its_own() -> None:
    pushes, mine = Unacknowledged(), sent(1)
    others = sent(2)._replace(notification=notification(2, topic=Topic("com.example.other")))
    pushes.leave(DEVICE, [mine, others])
    pushes.forget(Tenant.parse(BUNDLE_ID))
    assert pushes.of(DEVICE) == (others,)
