"""Whether anything is on its way: asked now, and waited for."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.records import State
from protocol.identifiers import DeviceId, Topic
from tests.builders import (
    BUNDLE_ID,
    DEVICE,
    ListeningSession,
    broadcast,
    notification,
    push,
)
from tests.gateway.console.consoles import AppFacts, Console, DeviceFacts

if TYPE_CHECKING:
    from trio.testing import MockClock

URL = "/api/v1/settled"


async def asked(console: Console, **query: Any) -> dict[str, Any]:  # noqa: ANN401
    async with console.client() as client:
        answer = await client.get(URL, params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def connect(console: Console) -> ListeningSession:
    session = ListeningSession()
    console.sessions.arrive(session)
    return session


def phone(console: Console, **changes: Any) -> None:  # noqa: ANN401
    facts = DeviceFacts(DEVICE, "Anna's phone", "development", online=True)
    console.host.facts[DEVICE] = dataclasses.replace(facts, **changes)


@pytest.mark.parametrize(
    "states",
    [
        (),
        (State.STORED_OFFLINE,),
        (State.STORED_POWER,),
        (State.STORED_OFFLINE, State.REPLACED),
        (State.DISCARDED_EXPIRED,),
        (State.DISCARDED_UNREGISTERED,),
        (State.DISCARDED_DISABLED,),
        (State.DELIVERED,),
        (State.DELIVERED, State.NOT_PRESENTED),
        (State.FAULT, State.DELIVERED, State.PRESENTED),
    ],
)
async def test_what_does_not_go_on_by_itself_is_settled(
    console: Console, states: tuple[State, ...]
) -> None:
    console.accept(1, *states)
    told = await asked(console)
    assert (told["settled"], told["on_their_way"]) == (True, [])


async def test_what_goes_to_a_connected_device_is_on_its_way(console: Console) -> None:
    sent = console.accept(1)
    connect(console)
    told = await asked(console)
    assert told["settled"] is False
    assert told["on_their_way"] == [
        {
            "number": 1,
            "apns_id": sent.apns_id,
            "topic": BUNDLE_ID,
            "became": "accepted, on its way: the device has not acknowledged it yet",
        }
    ]
    assert [each["number"] for each in told["found"]] == [1]


async def test_what_waits_for_a_phone_that_comes_by_itself_is_on_its_way(console: Console) -> None:
    console.accept(1, State.STORED_OFFLINE)
    phone(console)
    assert not (await asked(console))["settled"]
    phone(console, network="airplane")
    assert (await asked(console))["settled"]
    phone(console, online=False)
    assert (await asked(console))["settled"]


async def test_what_a_phone_has_got_is_on_its_way_until_it_has_said_what_it_shows(
    console: Console,
) -> None:
    sent = console.accept(1, State.DELIVERED)
    phone(console)
    assert not (await asked(console))["settled"]
    phone(console, apps=(AppFacts("other.app", {}, background_push_held=True),))
    assert not (await asked(console))["settled"]
    phone(console, apps=(AppFacts(BUNDLE_ID, {}, background_push_held=True),))
    assert (await asked(console))["settled"]
    phone(console)
    console.journal.present(sent.unique_id, State.NOT_PRESENTED, "not-shown on phone")
    assert (await asked(console))["settled"]


async def test_requests_are_on_their_way_until_they_are_answered(console: Console) -> None:
    manage = console.journal.begin(push(path="/1/apps/com.example.app/channels"), "provider-1")
    assert (await asked(console))["settled"]
    record = console.journal.begin(push(), "provider-1")
    assert (await asked(console))["on_their_way"][0]["became"] == "heard, and not answered"
    console.journal.rejected(record, 400, "BadTopic", "")
    console.journal.accepted(manage, 201)
    assert (await asked(console))["settled"]
    record = console.journal.begin(push(), "provider-1")
    console.journal.received(record, notification(1), DEVICE)
    assert not (await asked(console))["settled"]
    connect(console)
    record.detail = "the same push as 00ff, by its apns-id: not taken again"
    console.journal.accepted(record)
    assert (await asked(console))["settled"]


async def test_a_request_that_a_rule_has_swallowed_is_settled(console: Console) -> None:
    console.journal.remark(console.journal.begin(push(), "p"), State.FAULT, "rule 1: never-answer")
    assert (await asked(console))["settled"]


async def test_a_broadcast_is_on_its_way_until_all_who_were_there_have_it(console: Console) -> None:
    sent = broadcast(1)
    record = console.journal.begin(push(), "provider-1")
    console.journal.received(record, sent, None)
    assert not (await asked(console))["settled"]
    console.journal.published(sent.unique_id, 2)
    console.journal.handed_over(sent.unique_id, later=0, dropped=1)
    assert not (await asked(console))["settled"]
    console.journal.broadcast_delivered(sent, is_from_storage=False)
    assert (await asked(console))["settled"]


async def test_only_what_could_match_counts_whatever_its_state_is(console: Console) -> None:
    console.accept(1, topic=Topic("other.app"), device=DeviceId("tablet"))
    connect(console)
    tablet = ListeningSession(DeviceId("tablet"))
    console.sessions.arrive(tablet)
    assert (await asked(console, topic=BUNDLE_ID))["settled"]
    assert (await asked(console, bundle_id=BUNDLE_ID))["settled"]
    assert (await asked(console, device="phone", state="Presented"))["settled"]
    assert not (await asked(console, topic="other.app", state="Presented"))["settled"]
    assert (await asked(console, topic="other.app", text="Goal"))["settled"]


async def test_waiting_ends_as_soon_as_all_has_settled(
    console: Console, autojump_clock: MockClock
) -> None:
    first, second = console.accept(1), console.accept(2)
    connect(console)
    told: list[dict[str, Any]] = []

    async def wait() -> None:
        told.append(await asked(console, wait=60))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await trio.sleep(1)
        console.journal.note(first.unique_id, State.DELIVERED)
        third = console.accept(3)
        await trio.sleep(1)
        console.journal.note(second.unique_id, State.DELIVERED)
        await trio.sleep(1)
        assert not told
        console.journal.note(third.unique_id, State.DELIVERED)
    assert told[0]["settled"]
    assert autojump_clock.current_time() < 3.5


async def test_waiting_notices_what_is_no_event(
    console: Console, autojump_clock: MockClock
) -> None:
    record = console.journal.begin(push(), "provider-1")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: asked(console, wait=60))
        await trio.sleep(1)
        record.status = 200
    assert autojump_clock.current_time() < 2


async def test_waiting_ends_when_one_is_found_if_that_is_asked_for(
    console: Console, autojump_clock: MockClock
) -> None:
    connect(console)
    first, _ = console.accept(1), console.accept(2)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: asked(console, wait=60, or_found=True, state="Presented"))
        await trio.sleep(1)
        console.journal.note(first.unique_id, State.DELIVERED)
        await trio.sleep(1)
        console.journal.note(first.unique_id, State.PRESENTED)
    assert autojump_clock.current_time() < 3
    told = await asked(console, wait=60, or_found=True, state="Presented")
    assert (told["settled"], len(told["found"])) == (False, 1)


async def test_waiting_has_an_end(console: Console, autojump_clock: MockClock) -> None:
    console.accept(1)
    connect(console)
    assert not (await asked(console, wait=5))["settled"]
    assert 5 <= autojump_clock.current_time() < 6


async def test_more_events_than_can_be_followed_are_no_harm(autojump_clock: MockClock) -> None:
    console = Console(viewer_capacity=2)
    sent = console.accept(1)
    connect(console)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: asked(console, wait=60))
        await wait_all_tasks_blocked()
        for number in range(2, 12):
            console.accept(number, State.DELIVERED)
        await trio.sleep(1)
        console.journal.note(sent.unique_id, State.DELIVERED)
    assert autojump_clock.current_time() < 2


async def test_only_the_newest_ten_are_named(console: Console) -> None:
    connect(console)
    for number in range(1, 15):
        console.accept(number)
    told = await asked(console)
    assert [each["number"] for each in told["on_their_way"]] == list(range(5, 15))
    assert [each["number"] for each in told["found"]] == list(range(5, 15))
