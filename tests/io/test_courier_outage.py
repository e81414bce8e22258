"""The store is out: nothing is lost, and nobody has to leave."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio

from gateway.courier.terms import CourierSettings
from protocol.courier.messages import (
    AckStatus,
    PushAck,
)
from protocol.identifiers import DeviceToken
from tests.builders import notification, registration
from tests.io.phones import Gateway, settled

if TYPE_CHECKING:
    from trio.testing import MockClock


DELIVERED = "Delivered to Device"


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, CourierSettings(window=4, offers=2))


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
