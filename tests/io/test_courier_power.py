"""What a phone that nobody uses is spared, until when, and what the timeline says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.courier.terms import CourierSettings
from gateway.upkeep import expire
from protocol.courier.messages import Connect, Filter, NoStorage, SetState, StorageFlags
from protocol.identifiers import Topic
from protocol.notification import Priority
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, notification
from tests.io.phones import Gateway, settled

if TYPE_CHECKING:
    import trio
    from trio.testing import MockClock

    from protocol.notification import Notification
    from tests.io.phones import Phone

OTHER, THIRD = Topic("com.example.other"), Topic("com.example.third")
HELD = "Stored - Power Considerations"
DELIVERED = "Delivered to Device"
DELIVERED_STORED = "Delivered to Device (From Storage)"
BURST_SECONDS = 600.0
LAST = StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, CourierSettings(window=4, offers=2, burst_seconds=BURST_SECONDS))


async def locked(gateway: Gateway, said: Filter | None = None) -> Phone:
    """A phone that is connected and that nobody uses."""
    phone = await gateway.connects(connect=Connect(is_active=False))
    await phone.says(said or Filter(enabled=(TOPIC, OTHER, THIRD)))
    return phone


def now(number: int, topic: Topic = TOPIC, **changes: object) -> Notification:
    return notification(number, topic=topic, **changes)


def soon(number: int, topic: Topic = TOPIC, **changes: object) -> Notification:
    return notification(number, topic=topic, priority=Priority.POWER_AWARE, **changes)


def late(number: int, topic: Topic = TOPIC, **changes: object) -> Notification:
    return notification(number, topic=topic, priority=Priority.POWER_FIRST, **changes)


# -- who is spared -----------------------------------------------------------------------------


async def test_priority_10_reaches_a_locked_phone_at_once(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(now(1))
    assert phone.numbers == [1]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(now(1)) == [DELIVERED]


async def test_priority_5_and_1_are_held_for_a_locked_phone(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), late(2, OTHER))
    assert phone.pushes == []
    assert gateway.states(soon(1)) == gateway.states(late(2, OTHER)) == [HELD]
    assert "next burst" in gateway.detail(soon(1))
    assert "wakes it" in gateway.detail(late(2, OTHER))
    (shown,) = gateway.front.statistics()
    assert (shown.is_active, shown.held) == (False, 2)


async def test_an_active_phone_is_spared_nothing(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(soon(1), late(2), now(3))
    assert phone.numbers == [1, 2, 3]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(late(2)) == [DELIVERED]


async def test_a_phone_is_spared_once_the_time_it_gave_is_over(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    phone = await gateway.listens()
    await phone.says(SetState(is_active=True, interval_seconds=60))
    await gateway.accepts(soon(1))
    autojump_clock.jump(61)
    await gateway.accepts(soon(2))
    assert phone.numbers == [1]


async def test_what_waited_for_an_absent_phone_goes_when_it_comes_whatever_its_priority(
    gateway: Gateway,
) -> None:
    await gateway.accepts(late(1), soon(2, OTHER))
    phone = await locked(gateway)
    assert phone.numbers == [1, 2]
    assert phone.pushes[1].storage == LAST


async def test_held_pushes_are_a_setting(nursery: trio.Nursery) -> None:
    gateway = Gateway(nursery, CourierSettings(holds_for_power=False))
    phone = await locked(gateway, Filter(enabled=(TOPIC,), opportunistic=(OTHER,)))
    await gateway.accepts(soon(1), late(2), late(3, OTHER))
    assert phone.numbers == [1, 2]


# -- until when --------------------------------------------------------------------------------


async def test_all_that_is_held_goes_when_the_phone_becomes_active(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), late(2, OTHER))
    await phone.says(SetState(is_active=True))
    assert phone.numbers == [1, 2]
    assert [push.storage for push in phone.pushes] == [StorageFlags.FROM_STORAGE, LAST]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(soon(1)) == [HELD, DELIVERED_STORED]
    assert await gateway.store.pending(DEVICE) == 0
    (shown,) = gateway.front.statistics()
    assert shown.held == 0


async def test_priority_10_takes_along_what_is_held_in_order(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), late(2, OTHER))
    await gateway.accepts(now(3, THIRD))
    assert phone.numbers == [1, 2, 3]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(late(2, OTHER)) == [HELD, DELIVERED_STORED]
    assert gateway.states(now(3, THIRD)) == [DELIVERED]
    await gateway.accepts(soon(4))
    assert phone.numbers == [1, 2, 3], "the next one waits for the next burst"


async def test_what_comes_together_with_priority_10_was_never_held(gateway: Gateway) -> None:
    phone = await locked(gateway)
    gateway.store.is_out = True
    gateway.sessions.wake(DEVICE)
    await settled()
    gateway.store.is_out = False
    for push in (soon(1), now(2), late(3)):
        gateway.journal.received(gateway.journal.begin(None, "provider:1"), push, DEVICE)
        await gateway.store.accept(DEVICE, push)
    await gateway.accepts(soon(4))
    assert phone.numbers == [1, 2, 3, 4]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(soon(1)) == gateway.states(late(3)) == [DELIVERED]


async def test_a_burst_is_due_so_long_after_the_first_held_push_and_brings_priority_5_alone(
    gateway: Gateway, mock_clock: MockClock
) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), late(2, OTHER))
    mock_clock.jump(BURST_SECONDS - 1)
    await gateway.accepts(soon(3, THIRD))
    assert phone.pushes == []
    mock_clock.jump(1)
    await settled()
    assert phone.numbers == [1, 3]
    await phone.acknowledges(*phone.pushes)
    assert gateway.states(soon(1)) == [HELD, DELIVERED_STORED]
    assert gateway.states(late(2, OTHER)) == [HELD]


async def test_after_a_burst_the_next_one_counts_anew(
    gateway: Gateway, mock_clock: MockClock
) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1))
    mock_clock.jump(BURST_SECONDS)
    await settled()
    await gateway.accepts(soon(2))
    mock_clock.jump(BURST_SECONDS - 1)
    await settled()
    assert phone.numbers == [1]
    mock_clock.jump(1)
    await settled()
    assert phone.numbers == [1, 2]


async def test_priority_1_alone_never_becomes_a_burst(
    gateway: Gateway, mock_clock: MockClock
) -> None:
    phone = await locked(gateway)
    await gateway.accepts(late(1))
    mock_clock.jump(100 * BURST_SECONDS)
    await settled()
    assert phone.pushes == []


async def test_what_is_held_waits_for_room_like_everything_else(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), *(now(n) for n in range(2, 5)))  # four in flight: full
    await gateway.accepts(soon(5), now(6))
    assert phone.numbers == [1, 2, 3, 4]
    await phone.acknowledges(*phone.pushes)
    assert phone.numbers == [1, 2, 3, 4, 5, 6]


# -- what becomes of it meanwhile --------------------------------------------------------------


async def test_a_newer_held_push_replaces_the_older_one_of_its_topic(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), soon(2, OTHER), late(3), soon(4))
    assert gateway.states(soon(1)) == gateway.states(late(3)) == [HELD, "Replaced"]
    assert gateway.detail(late(3)) == f"by {soon(4).apns_id}"
    assert await gateway.store.pending(DEVICE) == 2
    await phone.says(SetState(is_active=True))
    assert phone.numbers == [2, 4]


async def test_what_was_delivered_is_replaced_by_nothing(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1))
    await phone.says(SetState(is_active=True), SetState(is_active=False))
    await phone.acknowledges(*phone.pushes)
    await gateway.accepts(soon(2))
    assert gateway.states(soon(1)) == [HELD, DELIVERED_STORED]


async def test_a_held_push_that_expires_is_discarded_and_replaced_by_nothing(
    gateway: Gateway,
) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1, expires_at=NOW + 60))
    gateway.time.time += 60
    (shown,) = gateway.front.statistics()
    assert shown.held == 0
    await gateway.accepts(soon(2, expires_at=NOW + 3600))
    await expire(gateway.store, gateway.journal, gateway.time.now, gateway.sessions)
    assert gateway.states(soon(1, expires_at=NOW + 60)) == [HELD, "Discarded - Expired"]
    await phone.says(SetState(is_active=True))
    assert phone.numbers == [2]


async def test_a_held_push_whose_app_goes_is_discarded_from_storage(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1))
    await gateway.directory.unregister(TOKEN)
    await phone.says(SetState(is_active=True))
    assert gateway.states(soon(1)) == [HELD, "Discarded - Token Unregistered (From Storage)"]
    assert phone.pushes == []


async def test_a_held_push_for_a_topic_that_is_ignored_by_now_is_discarded_from_storage(
    gateway: Gateway,
) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1))
    await phone.says(Filter(ignored=(TOPIC,)))
    assert gateway.states(soon(1)) == [HELD, "Discarded - Disabled (From Storage)"]


async def test_what_is_held_survives_its_link(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1))
    await phone.leaves()
    again = await locked(gateway)
    await again.acknowledges(*again.pushes)
    assert again.numbers == [1]
    assert gateway.states(soon(1)) == [HELD, DELIVERED_STORED]


async def test_a_new_filter_leaves_held_what_is_held_and_says_so_once(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1))
    await phone.wants(TOPIC)
    assert gateway.states(soon(1)) == [HELD]
    assert phone.pushes == []
    assert len(phone.all(NoStorage)) == 2


# -- pushes that are never stored --------------------------------------------------------------


async def test_a_push_that_may_neither_wait_nor_wake_is_discarded(gateway: Gateway) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1, expires_at=0.0), late(2, expires_at=0.0))
    for push in (soon(1, expires_at=0.0), late(2, expires_at=0.0)):
        assert gateway.states(push) == ["Discarded - Expired"]
        assert gateway.detail(push) == "nobody uses the device and the push may not be stored"
    assert phone.pushes == []


async def test_priority_10_that_is_never_stored_takes_along_what_is_held(
    gateway: Gateway,
) -> None:
    phone = await locked(gateway)
    await gateway.accepts(soon(1), late(2, OTHER))
    await gateway.accepts(now(3, THIRD, expires_at=0.0))
    assert phone.numbers == [3, 1, 2]


# -- topic lists -------------------------------------------------------------------------------


async def test_a_topic_that_does_not_wake_takes_nothing_along(gateway: Gateway) -> None:
    phone = await locked(gateway, Filter(enabled=(TOPIC,), non_waking=(OTHER,)))
    await gateway.accepts(soon(1), now(2, OTHER))
    assert phone.numbers == [2]


async def test_an_opportunistic_topic_waits_whatever_its_priority(
    gateway: Gateway, mock_clock: MockClock
) -> None:
    phone = await locked(gateway, Filter(enabled=(TOPIC,), opportunistic=(OTHER,)))
    await gateway.accepts(now(1, OTHER))
    mock_clock.jump(BURST_SECONDS)
    await settled()
    assert phone.pushes == []
    await gateway.accepts(now(2))
    assert phone.numbers == [1, 2]


async def test_a_paused_topic_waits_for_another_filter_the_newest_alone(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await phone.says(Filter(enabled=(OTHER,), paused=(TOPIC,)))
    await gateway.accepts(now(1), now(2), now(3, OTHER))
    await phone.says(SetState(is_active=True))
    assert phone.numbers == [3]
    assert gateway.states(now(1)) == [HELD, "Replaced"]
    assert gateway.states(now(2)) == [HELD]
    assert gateway.detail(now(2)) == "the device has paused the topic"
    await phone.wants(TOPIC, OTHER)
    assert phone.numbers == [3, 2]
    await phone.acknowledges(phone.pushes[-1])
    assert gateway.states(now(2)) == [HELD, DELIVERED_STORED]
