"""Pushes that are never stored: sent now, or never."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.courier.terms import CourierSettings
from protocol.courier.messages import (
    Filter,
    StorageFlags,
)
from protocol.identifiers import Topic
from tests.builders import TOPIC, notification
from tests.io.phones import Gateway, Phone

if TYPE_CHECKING:
    import trio

    from protocol.notification import Notification

LIVE = StorageFlags.LIVE
OTHER = Topic("com.example.other")
DELIVERED = "Delivered to Device"


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, CourierSettings(window=4, offers=2))


def flags(phone: Phone) -> list[StorageFlags]:
    return [push.storage for push in phone.pushes]


def once(number: int, topic: Topic = TOPIC) -> Notification:
    return notification(number, topic=topic, expires_at=0.0)


async def test_a_push_that_is_never_stored_is_sent_to_a_listening_phone(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(once(1))
    assert (phone.numbers, flags(phone)) == ([1], [LIVE])
    assert await gateway.store.pending() == 0
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(once(1)) == [DELIVERED]


async def test_offers_beyond_their_room_are_dropped(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(once(1), once(2), once(3))
    assert phone.numbers == [1, 2]
    assert gateway.states(once(3)) == ["Discarded - Expired"]
    assert "no room" in gateway.detail(once(3))
    await phone.acknowledges(*phone.pushes)
    await gateway.accepts(once(4))
    assert phone.numbers == [1, 2, 4]


async def test_an_offer_needs_room_in_the_window_too(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(*(notification(n) for n in range(1, 5)))
    await gateway.accepts(once(5))
    assert phone.numbers == [1, 2, 3, 4]
    assert gateway.states(once(5)) == ["Discarded - Expired"]


async def test_nothing_is_offered_before_the_first_filter(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await gateway.accepts(once(1))
    await phone.wants()
    assert phone.pushes == []
    assert gateway.states(once(1)) == ["Discarded - Expired"]


async def test_an_offer_for_a_topic_that_is_not_taken_is_discarded(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await phone.says(Filter(ignored=(TOPIC,)))
    await gateway.accepts(once(1), once(2, OTHER))
    assert gateway.states(once(1)) == ["Discarded - Disabled"]
    assert gateway.states(once(2, OTHER)) == ["Discarded - Expired"]
    assert "does not take this topic" in gateway.detail(once(2, OTHER))
    assert phone.pushes == []


async def test_an_offer_that_was_not_acknowledged_is_discarded_with_the_link(
    gateway: Gateway,
) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1), once(2))
    await phone.leaves()
    assert gateway.states(notification(1)) == []
    assert gateway.states(once(2)) == ["Discarded - Expired"]
    assert gateway.detail(once(2)) == "sent once, not acknowledged: closed by the device"
    assert (await gateway.listens()).numbers == [1]
