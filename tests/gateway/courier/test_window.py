from __future__ import annotations

from gateway.courier.window import Window
from gateway.routing.unacknowledged import Sent
from tests.builders import NOW, notification


def in_flight(number: int, seq: int | None = 1) -> Sent:
    return Sent(notification(number), seq, is_from_storage=False, sent_at=NOW)


def test_a_push_is_in_flight_until_it_is_acknowledged_once() -> None:
    window = Window(size=2, offers=1)
    push = in_flight(1)
    window.add(push)
    assert push.unique_id in window
    assert (window.room, len(window), list(window)) == (1, 1, [push])
    assert window.pop(push.unique_id) == push
    assert window.pop(push.unique_id) is None
    assert push.unique_id not in window
    assert window.room == 2


def test_offers_have_a_bound_of_their_own() -> None:
    window = Window(size=3, offers=1)
    window.add(in_flight(1, seq=None))
    assert (window.room, window.has_room_for_offer) == (2, False)
    window.pop(in_flight(2).unique_id)  # never sent: changes nothing
    assert not window.has_room_for_offer
    window.pop(in_flight(1).unique_id)
    assert window.has_room_for_offer


def test_an_offer_needs_room_in_the_window() -> None:
    window = Window(size=1, offers=5)
    window.add(in_flight(1))
    assert not window.has_room_for_offer


def test_a_window_is_half_empty_up_to_half_its_size() -> None:
    window = Window(size=3, offers=0)
    halves = []
    for number in range(4):
        halves.append(window.is_half_empty)
        window.add(in_flight(number))
    assert halves == [True, True, False, False]
