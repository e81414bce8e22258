"""What a phone gets, in which order, how often, and what the timeline says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.courier.terms import CourierSettings
from protocol.courier.messages import (
    NoStorage,
    Push,
    StorageFlags,
)
from protocol.identifiers import CollapseId, Topic
from protocol.notification import Priority, PushType
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, notification
from tests.io.phones import Gateway, Phone

if TYPE_CHECKING:
    import trio

LIVE, STORED = StorageFlags.LIVE, StorageFlags.FROM_STORAGE
LAST = StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE
OTHER = Topic("com.example.other")
DELIVERED = "Delivered to Device"
DELIVERED_STORED = "Delivered to Device (From Storage)"
OFFLINE = "Stored - Device Offline"


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, CourierSettings(window=4, offers=2))


def flags(phone: Phone) -> list[StorageFlags]:
    return [push.storage for push in phone.pushes]


async def test_a_push_reaches_a_listening_phone_whole(gateway: Gateway) -> None:
    phone = await gateway.listens()
    gateway.time.time += 5
    sent = notification(1, collapse_id=CollapseId("score"), priority=Priority.POWER_AWARE)
    await gateway.accepts(sent)
    assert phone.pushes == [
        Push(
            message_id=sent.unique_id,
            token=TOKEN,
            topic=TOPIC,
            payload=sent.payload,
            apns_id=sent.apns_id,
            push_type=PushType.ALERT,
            priority=Priority.POWER_AWARE,
            collapse_id=CollapseId("score"),
            expires_at=NOW + 3600,
            sent_at=NOW,
            storage=LIVE,
        )
    ]


async def test_an_acknowledged_push_is_delivered_and_gone(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    assert await gateway.store.pending(DEVICE) == 1
    assert gateway.states(notification(1)) == []
    await phone.acknowledges(*phone.pushes)
    assert await gateway.store.pending(DEVICE) == 0
    assert gateway.states(notification(1)) == [DELIVERED]


async def test_what_waited_comes_from_storage_in_order(gateway: Gateway) -> None:
    topics = [Topic(f"com.example.app{n}") for n in range(3)]
    for number, topic in enumerate(topics):
        await gateway.accepts(notification(number, topic=topic))
    phone = await gateway.listens(*topics)
    assert phone.numbers == [0, 1, 2]
    assert flags(phone) == [STORED, STORED, LAST]
    assert phone.all(NoStorage) == []
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(notification(2, topic=topics[2])) == [OFFLINE, DELIVERED_STORED]


async def test_live_pushes_behind_the_backlog_are_not_from_storage(gateway: Gateway) -> None:
    await gateway.accepts(notification(1))
    phone = await gateway.connects()
    await gateway.accepts(notification(2))  # the phone has said no topics yet
    await phone.wants()
    # Even though the clock stands still.
    assert list(zip(phone.numbers, flags(phone), strict=True)) == [(1, LAST), (2, LIVE)]


async def test_the_last_of_a_backlog_wider_than_the_window_is_marked(gateway: Gateway) -> None:
    topics = [Topic(f"com.example.app{n}") for n in range(6)]
    for number, topic in enumerate(topics):
        await gateway.accepts(notification(number, topic=topic))
    phone = await gateway.listens(*topics)
    assert flags(phone) == [STORED] * 4
    await phone.acknowledges(*phone.pushes)
    assert flags(phone) == [STORED] * 5 + [LAST]


async def test_only_the_newest_of_a_topic_waits_for_an_absent_phone(gateway: Gateway) -> None:
    await gateway.accepts(notification(1), notification(2))
    phone = await gateway.listens()
    assert phone.numbers == [2]
    assert gateway.states(notification(1)) == [OFFLINE, "Replaced"]


async def test_a_burst_to_a_present_phone_is_not_thinned_out_until_it_goes(
    gateway: Gateway,
) -> None:
    phone = await gateway.listens()
    await gateway.accepts(*(notification(n) for n in range(1, 4)))
    assert phone.numbers == [1, 2, 3]
    await phone.leaves()
    phone = await gateway.listens()
    assert phone.numbers == [3]
    assert gateway.states(notification(1)) == ["Replaced"]


async def test_a_phone_for_which_nothing_waits_is_told_so_after_each_filter(
    gateway: Gateway,
) -> None:
    phone = await gateway.listens()
    assert phone.all(NoStorage) == [NoStorage()]
    await gateway.accepts(notification(1))
    await phone.acknowledges(*phone.pushes)
    assert len(phone.all(NoStorage)) == 1
    await phone.wants()
    assert len(phone.all(NoStorage)) == 2


async def test_no_more_is_sent_than_the_window_holds(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(*(notification(n) for n in range(1, 10)))
    assert phone.numbers == [1, 2, 3, 4]
    await phone.acknowledges(phone.pushes[0])
    assert phone.numbers == [1, 2, 3, 4]  # refilled when half empty
    await phone.acknowledges(phone.pushes[1])
    assert phone.numbers == [1, 2, 3, 4, 5, 6]


async def test_a_new_push_is_sent_while_the_window_has_any_room(gateway: Gateway) -> None:
    phone = await gateway.listens()
    for number in range(1, 6):
        await gateway.accepts(notification(number))
    assert phone.numbers == [1, 2, 3, 4]
    await phone.acknowledges(phone.pushes[0])
    await gateway.accepts(notification(6))
    assert phone.numbers == [1, 2, 3, 4, 5]


async def test_a_long_backlog_keeps_its_order_and_comes_once(gateway: Gateway) -> None:
    phone = await gateway.listens()
    numbers = list(range(1, 101))
    await gateway.accepts(*(notification(n) for n in numbers))
    done = 0
    while done < len(phone.pushes):
        done, unacknowledged = len(phone.pushes), phone.pushes[done:]
        await phone.acknowledges(*unacknowledged)
    assert phone.numbers == numbers
    assert await gateway.store.pending() == 0


async def test_what_was_not_acknowledged_is_sent_again_on_the_next_link(gateway: Gateway) -> None:
    topics = TOPIC, OTHER
    phone = await gateway.listens(*topics)
    await gateway.accepts(notification(1), notification(2, topic=OTHER))
    await phone.acknowledges(phone.pushes[0])
    await phone.leaves()
    phone = await gateway.listens(*topics)
    assert (phone.numbers, flags(phone)) == ([2], [LAST])
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(notification(2, topic=OTHER)) == [DELIVERED_STORED]
    await phone.leaves()
    assert (await gateway.listens(*topics)).numbers == []


async def test_a_link_that_breaks_under_a_push_loses_nothing(gateway: Gateway) -> None:
    phone = await gateway.listens()
    far = phone.stream
    await far.send_eof()
    await gateway.accepts(notification(1))
    await phone.leaves()
    assert (await gateway.listens()).numbers == [1]


async def test_a_push_that_has_expired_is_never_sent(gateway: Gateway) -> None:
    await gateway.accepts(notification(1), notification(2, topic=OTHER, expires_at=NOW + 60))
    gateway.time.time = NOW + 60
    phone = await gateway.listens(TOPIC, OTHER)
    assert phone.numbers == [1]
    assert gateway.states(notification(2, topic=OTHER, expires_at=NOW + 60)) == [
        OFFLINE,
        "Discarded - Expired",
    ]
