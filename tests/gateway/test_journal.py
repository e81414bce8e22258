from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from gateway.journal import Journal
from gateway.records import Event, LinkEvent, Record, State
from protocol.identifiers import UniqueId
from tests.builders import APNS_ID, DEVICE, NOW, SettableTime, notification, push

if TYPE_CHECKING:
    from protocol.notification import Notification


@pytest.fixture
def clock() -> SettableTime:
    return SettableTime()


@pytest.fixture
def journal(clock: SettableTime) -> Journal:
    return Journal(clock.now)


def accept(journal: Journal, number: int = 1) -> tuple[Record, Notification]:
    """A push that was received and answered 200."""
    record, accepted = journal.begin(push(), "provider-1"), notification(number)
    journal.received(record, accepted, DEVICE)
    journal.accepted(record)
    return record, accepted


def anything(_: Record) -> bool:
    return True


# -- words -----------------------------------------------------------------------------------------


def test_the_states_are_apples_words_and_five_of_ours() -> None:
    # reference/apns-provider-api.md §8 and §9.3 and interface.md, copied by hand.
    assert [state.value for state in State] == [
        "Received by APNs",
        "Delivered to Device",
        "Delivered to Device (From Storage)",
        "Stored - Device Offline",
        "Stored - Power Considerations",
        "Discarded - Token Unregistered",
        "Discarded - Token Unregistered (From Storage)",
        "Discarded - Expired",
        "Discarded - Disabled",
        "Discarded - Disabled (From Storage)",
        "Broadcast Published",
        "Broadcast Delivered",
        "Rejected",
        "Replaced",
        "Presented",
        "Not presented",
        "Fault",
    ]


# -- the life of a push ----------------------------------------------------------------------------


def test_a_request_is_on_record_before_anything_is_known_about_it(journal: Journal) -> None:
    request = push()
    record = journal.begin(request, "provider-1")
    assert list(journal.records()) == [record]
    assert (record.number, record.received_at, record.connection) == (1, NOW, "provider-1")
    assert record.request is request
    assert (record.state, record.status, record.notification) == (None, 0, None)


def test_a_push_has_a_timeline_in_the_order_of_what_happened(
    journal: Journal, clock: SettableTime
) -> None:
    record, accepted = accept(journal)
    clock.time += 1
    journal.note(accepted.unique_id, State.STORED_OFFLINE)
    clock.time += 1
    journal.note(accepted.unique_id, State.DELIVERED_FROM_STORAGE, "after 2 s")
    assert record.timeline == [
        Event(State.RECEIVED, NOW),
        Event(State.STORED_OFFLINE, NOW + 1),
        Event(State.DELIVERED_FROM_STORAGE, NOW + 2, "after 2 s"),
    ]
    assert record.state is State.DELIVERED_FROM_STORAGE
    assert (record.status, record.device, record.apns_id) == (200, DEVICE, accepted.apns_id)
    assert record.notification is accepted


@pytest.mark.parametrize(
    ("detail", "told"),
    [("", "400 SomeReason"), ("because of this", "400 SomeReason: because of this")],
)
def test_a_refusal_says_why(journal: Journal, detail: str, told: str) -> None:
    record = journal.begin(push(), "provider-1")
    record.apns_id = APNS_ID
    journal.rejected(record, 400, "SomeReason", detail)
    assert (record.status, record.reason, record.detail) == (400, "SomeReason", detail)
    assert record.timeline == [Event(State.REJECTED, NOW, told)]
    assert record.notification is None


def test_a_state_of_a_push_that_nobody_remembers_is_only_counted(journal: Journal) -> None:
    journal.note(UniqueId("unknown"), State.DELIVERED)
    assert journal.statistics().reached[State.DELIVERED] == 1
    assert list(journal.records()) == []


def test_a_push_of_an_earlier_process_gets_a_record_once(journal: Journal) -> None:
    old = notification(received_at=NOW - 600)
    journal.adopt(old, DEVICE)
    journal.adopt(old, DEVICE)
    (record,) = journal.records()
    assert (record.request, record.connection, record.status) == (None, "", 200)
    assert (record.received_at, record.device, record.apns_id) == (NOW - 600, DEVICE, old.apns_id)
    assert record.timeline == [Event(State.RECEIVED, NOW - 600, "before this gateway started")]
    journal.note(old.unique_id, State.DELIVERED_FROM_STORAGE)
    assert record.state is State.DELIVERED_FROM_STORAGE
    assert journal.statistics().requests == 0


def test_a_push_of_this_process_is_not_adopted(journal: Journal) -> None:
    _, accepted = accept(journal)
    journal.adopt(accepted, DEVICE)
    assert len(list(journal.records())) == 1


# -- what the person saw ---------------------------------------------------------------------------


def test_what_was_presented_comes_after_the_delivery_even_if_it_is_told_before(
    journal: Journal,
) -> None:
    record, accepted = accept(journal)
    journal.present(accepted.unique_id, State.PRESENTED, "banner")
    assert record.state is State.RECEIVED
    journal.note(accepted.unique_id, State.DELIVERED)
    assert [(event.state, event.detail) for event in record.timeline[1:]] == [
        (State.DELIVERED, ""),
        (State.PRESENTED, "banner"),
    ]
    assert journal.statistics().reached[State.PRESENTED] == 1


def test_what_was_presented_after_the_delivery_is_noted_at_once(journal: Journal) -> None:
    record, accepted = accept(journal)
    journal.note(accepted.unique_id, State.DELIVERED_FROM_STORAGE)
    journal.present(accepted.unique_id, State.NOT_PRESENTED, "notifications are off")
    assert record.state is State.NOT_PRESENTED


def test_a_presentation_of_a_push_that_nobody_remembers_is_only_counted(journal: Journal) -> None:
    journal.present(UniqueId("unknown"), State.PRESENTED, "")
    assert journal.statistics().reached[State.PRESENTED] == 1


# -- bounded ---------------------------------------------------------------------------------------


def test_the_oldest_record_makes_room(clock: SettableTime) -> None:
    journal = Journal(clock.now, capacity=2)
    _, first = accept(journal, 1)
    refused = journal.begin(push(), "provider-1")
    third, _ = accept(journal, 3)
    assert list(journal.records()) == [refused, third]
    journal.note(first.unique_id, State.DELIVERED)
    fourth, _ = accept(journal, 4)
    assert list(journal.records()) == [third, fourth]
    assert journal.statistics().records == 2
    assert journal.statistics().requests == 4
    assert set(journal._by_unique_id) == {notification(3).unique_id, notification(4).unique_id}


def test_a_reset_forgets_records_and_keeps_counting_on(journal: Journal) -> None:
    _, accepted = accept(journal)
    journal.clear()
    assert list(journal.records()) == []
    journal.note(accepted.unique_id, State.DELIVERED)
    assert list(journal.records()) == []
    assert journal.begin(push(), "").number == 2


# -- finding ---------------------------------------------------------------------------------------


def test_the_newest_that_are_wanted_are_found_oldest_first(journal: Journal) -> None:
    records = [accept(journal, number)[0] for number in range(1, 6)]
    assert journal.find(anything) == records
    assert journal.find(anything, limit=2) == records[3:]
    assert journal.find(lambda record: record.number % 2 == 1, limit=2) == [records[2], records[4]]
    assert journal.find(anything, limit=0) == []
    assert journal.find(lambda _: False) == []


def test_records_may_come_while_they_are_visited(journal: Journal) -> None:
    accept(journal, 1)
    for _ in journal.records():
        accept(journal, 2)
    assert len(list(journal.records())) == 2


# -- waiting ---------------------------------------------------------------------------------------


def is_delivered(record: Record) -> bool:
    return record.state is State.DELIVERED


async def test_whoever_waits_is_told_as_soon_as_enough_have_come(
    journal: Journal, autojump_clock: MockClock
) -> None:
    _, first = accept(journal, 1)
    _, second = accept(journal, 2)
    async with trio.open_nursery() as nursery:

        async def wait() -> None:
            await journal.wait_for(is_delivered, count=2, seconds=60)
            nursery.cancel_scope.cancel()

        nursery.start_soon(wait)
        await trio.sleep(1)
        journal.note(first.unique_id, State.DELIVERED)
        await trio.sleep(1)
        assert not nursery.cancel_scope.cancel_called
        journal.note(second.unique_id, State.DELIVERED)
        await trio.sleep(1)
    assert autojump_clock.current_time() - 2 < 1, "told at once and not by the next look of a poll"


async def test_nobody_waits_for_what_is_there(journal: Journal) -> None:
    _, accepted = accept(journal)
    journal.note(accepted.unique_id, State.DELIVERED)
    await journal.wait_for(is_delivered, count=1, seconds=math.inf)
    await journal.wait_for(is_delivered, count=0, seconds=math.inf)


async def test_waiting_ends_when_the_time_is_up(
    journal: Journal, autojump_clock: MockClock
) -> None:
    began = autojump_clock.current_time()
    await journal.wait_for(is_delivered, count=1, seconds=5)
    assert autojump_clock.current_time() - began == pytest.approx(5)
    assert not journal._waiters


@pytest.mark.parametrize("seconds", [0, -1, math.nan, -math.inf])
async def test_no_time_is_no_time(journal: Journal, seconds: float) -> None:
    await journal.wait_for(is_delivered, count=1, seconds=seconds)


async def test_waiting_for_ever_ends_with_the_push(journal: Journal) -> None:
    _, accepted = accept(journal)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: journal.wait_for(is_delivered, count=1, seconds=math.inf))
        await wait_all_tasks_blocked()
        journal.note(accepted.unique_id, State.DELIVERED)


async def test_what_is_wanted_no_longer_does_not_count(
    journal: Journal, autojump_clock: MockClock
) -> None:
    _, first = accept(journal, 1)
    _, second = accept(journal, 2)
    journal.note(first.unique_id, State.STORED_OFFLINE)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            lambda: journal.wait_for(
                lambda record: record.state is State.STORED_OFFLINE, count=2, seconds=5
            )
        )
        await wait_all_tasks_blocked()
        journal.note(first.unique_id, State.REPLACED)
        journal.note(second.unique_id, State.STORED_OFFLINE)
        began = autojump_clock.current_time()
    assert autojump_clock.current_time() - began == pytest.approx(5)


async def test_what_a_reset_has_forgotten_does_not_count(
    journal: Journal, autojump_clock: MockClock
) -> None:
    accept(journal, 1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: journal.wait_for(anything, count=2, seconds=5))
        await wait_all_tasks_blocked()
        journal.clear()
        accept(journal, 2)
        began = autojump_clock.current_time()
    assert autojump_clock.current_time() - began == pytest.approx(5)


# -- watching --------------------------------------------------------------------------------------


async def test_a_viewer_sees_what_happens_from_now_on(journal: Journal) -> None:
    accept(journal, 1)
    with journal.view() as events:
        assert journal.statistics().viewers == 1
        record, accepted = accept(journal, 2)
        journal.note(accepted.unique_id, State.DELIVERED)
        journal.link(DEVICE, is_connected=False, detail="closed")
        assert [events.receive_nowait().happening for _ in range(3)] == [
            record,
            record,
            LinkEvent(DEVICE, is_connected=False, at=NOW, detail="closed"),
        ]
        with pytest.raises(trio.WouldBlock):
            events.receive_nowait()
    assert journal.statistics().viewers == 0


async def test_a_viewer_that_is_too_slow_is_dropped_and_others_are_not(
    clock: SettableTime,
) -> None:
    journal = Journal(clock.now, viewer_capacity=2)
    with journal.view() as slow, journal.view() as quick:
        for _ in range(3):
            journal.link(DEVICE, is_connected=True)
            quick.receive_nowait()
        assert journal.statistics().viewers == 1
        # What was in time is still there; then the channel ends.
        assert len([event async for event in slow]) == 2


async def test_a_viewer_that_has_gone_harms_nobody(journal: Journal) -> None:
    with journal.view() as gone, journal.view() as here:
        gone.close()
        journal.link(DEVICE, is_connected=True)
        assert here.receive_nowait().happening == LinkEvent(DEVICE, is_connected=True, at=NOW)
        assert journal.statistics().viewers == 1


def test_nobody_has_to_watch(journal: Journal) -> None:
    journal.link(DEVICE, is_connected=True)


def test_the_journal_counts_what_it_holds_and_what_was_reached(journal: Journal) -> None:
    accept(journal, 1)
    journal.rejected(journal.begin(push(), ""), 400, "SomeReason", "")
    statistics = journal.statistics()
    assert (statistics.records, statistics.requests, statistics.viewers) == (2, 2, 0)
    assert statistics.reached[State.RECEIVED] == 1
    assert statistics.reached[State.REJECTED] == 1
    assert sum(statistics.reached.values()) == 2
    assert set(statistics.reached) == set(State)


def test_answers_are_counted_by_status_and_reason() -> None:
    journal = Journal(lambda: NOW)
    journal.accepted(journal.begin(push(), ""))
    for _ in range(2):
        journal.rejected(journal.begin(push(), ""), 400, "BadPriority", "")
    assert journal.statistics().answers == {(200, ""): 1, (400, "BadPriority"): 2}


def test_whoever_hears_that_a_push_was_stored_sees_its_answer() -> None:
    journal = Journal(lambda: NOW)
    record = journal.begin(push(), "")
    journal.received(record, notification(), DEVICE)
    assert record.status == 0
    journal.note(notification().unique_id, State.STORED_OFFLINE)
    assert record.status == 200
