"""What a phone gets, in which order, how often, and what the timeline says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from gateway.courier.terms import CourierSettings
from protocol.courier.messages import (
    AckStatus,
    Connect,
    Filter,
    NoStorage,
    Push,
    PushAck,
    SetState,
    StorageFlags,
)
from protocol.identifiers import CollapseId, DeviceToken, Topic
from protocol.notification import Priority, PushType
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, notification, registration
from tests.io.phones import Gateway, Phone, settled

if TYPE_CHECKING:
    from trio.testing import MockClock

    from protocol.notification import Notification

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
            sent_at=NOW + 5,
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


# -- topics ------------------------------------------------------------------------------------


async def test_a_topic_in_no_list_waits_until_a_filter_asks_for_it(gateway: Gateway) -> None:
    phone = await gateway.listens(OTHER)
    await gateway.accepts(notification(1), notification(2))
    assert phone.pushes == []
    await phone.wants(TOPIC, OTHER)
    assert phone.numbers == [1, 2]


async def test_a_new_filter_sends_nothing_again(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1), notification(2))
    await phone.acknowledges(phone.pushes[0])
    await phone.wants()
    assert phone.numbers == [1, 2]


async def test_a_filter_during_a_fetch_begins_anew(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1, topic=OTHER))  # looked at, not wanted
    gateway.store.answers = trio.Event()
    gateway.sessions.wake(DEVICE)
    await settled()
    await phone.wants(TOPIC, OTHER)
    gateway.store.answers.set()
    await settled()
    assert phone.numbers == [1]


async def test_a_push_for_an_ignored_topic_is_discarded(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await phone.says(Filter(ignored=(TOPIC,)))
    await gateway.accepts(notification(1))
    assert gateway.states(notification(1)) == ["Discarded - Disabled"]
    assert await gateway.store.pending(DEVICE) == 0
    assert phone.pushes == []


async def test_a_push_that_waited_for_an_ignored_topic_says_so(gateway: Gateway) -> None:
    await gateway.accepts(notification(1))
    phone = await gateway.connects()
    await phone.says(Filter(ignored=(TOPIC,)))
    assert gateway.states(notification(1)) == [OFFLINE, "Discarded - Disabled (From Storage)"]
    assert phone.all(NoStorage) == [NoStorage()]


async def test_opportunistic_topics_wait_for_an_active_phone(gateway: Gateway) -> None:
    phone = await gateway.connects(connect=Connect(is_active=False))
    await phone.says(Filter(opportunistic=(TOPIC,)))
    await gateway.accepts(notification(1))
    gateway.sessions.wake(DEVICE)
    await phone.says(Filter(opportunistic=(TOPIC,)))
    assert gateway.states(notification(1)) == ["Stored - Power Considerations"]
    assert phone.pushes == []
    await phone.says(SetState(is_active=True))
    assert phone.numbers == [1]


async def test_a_phone_is_active_for_as_long_as_it_said(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    phone = await gateway.connects()
    await phone.says(Filter(opportunistic=(TOPIC,)), SetState(is_active=True, interval_seconds=60))
    autojump_clock.jump(61)
    await gateway.accepts(notification(1))
    assert phone.pushes == []
    await phone.says(SetState(is_active=True, interval_seconds=60))
    assert phone.numbers == [1]


async def test_a_state_that_changes_nothing_asks_the_store_nothing(gateway: Gateway) -> None:
    phone = await gateway.listens()
    before = gateway.store.statistics().operations
    await phone.says(SetState(is_active=False), SetState(is_active=True))
    assert gateway.store.statistics().operations == before


# -- tokens ------------------------------------------------------------------------------------


async def test_a_push_whose_token_was_unregistered_while_it_waited_is_discarded(
    gateway: Gateway,
) -> None:
    await gateway.accepts(notification(1))
    await gateway.directory.unregister(TOKEN)
    phone = await gateway.listens()
    assert gateway.states(notification(1)) == [
        OFFLINE,
        "Discarded - Token Unregistered (From Storage)",
    ]
    assert (phone.pushes, await gateway.store.pending()) == ([], 0)


async def test_a_push_of_a_token_that_nobody_remembers_is_discarded(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.store.accept(DEVICE, notification(1))
    gateway.sessions.wake(DEVICE)
    await settled()
    assert (phone.pushes, await gateway.store.pending()) == ([], 0)


async def test_a_token_that_the_phone_does_not_know_is_unregistered(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.time.time += 7
    await phone.says(PushAck(phone.pushes[0].message_id, AckStatus.UNKNOWN_TOKEN))
    known = gateway.directory.registration_of(TOKEN)
    assert known is not None
    assert known.unregistered_at == NOW + 7
    assert gateway.states(notification(1)) == ["Discarded - Token Unregistered"]
    assert await gateway.store.pending() == 0


async def test_an_acknowledgement_of_nothing_is_ignored_and_counted(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await phone.says(PushAck(notification(9).unique_id))
    (shown,) = gateway.front.statistics()
    assert (shown.unknown_acknowledgements, shown.acknowledged) == (1, 0)
    assert not phone.is_closed


# -- offers: never stored ----------------------------------------------------------------------


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


# -- an outage of the store --------------------------------------------------------------------


async def test_acknowledgements_survive_an_outage(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.store.is_out = True
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(notification(1)) == [DELIVERED]
    gateway.store.is_out = False
    gateway.sessions.wake(None)
    await settled()
    assert await gateway.store.pending() == 0
    assert not phone.is_closed


async def test_an_outage_is_waited_out_without_being_woken(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    assert autojump_clock.rate == 0  # the sleeps below take no time
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.store.is_out = True
    await phone.acknowledges(*phone.pushes)
    await trio.sleep(100)
    gateway.store.is_out = False
    await trio.sleep(30)
    assert await gateway.store.pending() == 0


async def test_an_acknowledged_push_is_not_sent_again_though_the_store_has_it(
    gateway: Gateway,
) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.store.answers = trio.Event()
    await phone.acknowledges(*phone.pushes)  # the store has not answered yet
    await phone.wants()
    gateway.store.answers.set()
    await settled()
    assert phone.numbers == [1]


async def test_what_was_stored_before_an_outage_comes_after_it(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await gateway.accepts(notification(1))
    gateway.store.is_out = True
    await phone.wants()
    assert phone.heard[1:] == []  # not told that nothing waits
    gateway.store.is_out = False
    gateway.sessions.wake(None)
    await settled()
    assert phone.numbers == [1]


async def test_a_phone_that_connects_during_an_outage_is_welcome(gateway: Gateway) -> None:
    await gateway.accepts(notification(1))
    gateway.store.is_out = True
    phone = await gateway.listens()
    assert len(phone.heard) == 1
    gateway.store.is_out = False
    gateway.sessions.wake(None)
    await settled()
    assert phone.numbers == [1]


async def test_a_token_that_cannot_be_unregistered_now_is_later(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    unknown = PushAck(phone.pushes[0].message_id, AckStatus.UNKNOWN_TOKEN)
    gateway.store.is_out = True
    await phone.says(unknown)
    gateway.store.is_out = False
    assert not phone.is_closed
    await phone.wants()  # it is handed out again
    assert phone.numbers == [1, 1]
    await phone.says(unknown)
    assert gateway.states(notification(1)) == ["Discarded - Token Unregistered"]


async def test_another_phones_pushes_are_not_its_own(gateway: Gateway) -> None:
    phone = await gateway.listens()
    other_token = DeviceToken(bytes(32))
    other = registration(token=other_token, device="tablet")
    await gateway.accepts(notification(1, token=other_token), to=other)
    assert phone.pushes == []
