"""Which topics a phone takes, and what becomes of pushes whose token is gone."""

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
    PushAck,
    SetState,
)
from protocol.identifiers import Topic
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, notification
from tests.io.phones import Gateway, settled

if TYPE_CHECKING:
    from trio.testing import MockClock


OTHER = Topic("com.example.other")
OFFLINE = "Stored - Device Offline"


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, CourierSettings(window=4, offers=2))


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
