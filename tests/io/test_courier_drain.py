"""How links end when the gateway does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import lockstep_stream_pair

from gateway.courier.terms import CourierSettings
from protocol.courier.messages import (
    Connect,
    ConnectResponse,
    ConnectStatus,
)
from tests.builders import DEVICE, notification
from tests.io.phones import Gateway, settled

if TYPE_CHECKING:
    from trio.testing import MockClock

SETTINGS = CourierSettings(
    handshake_seconds=5,
    send_seconds=20,
    close_seconds=2,
    acknowledge_seconds=4,
    silent_seconds=1000,
    window=200,
    high_water_bytes=4096,
    max_frame_bytes=32 * 1024,
)


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    return Gateway(nursery, SETTINGS)


def endings(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Why links ended, from the log; each one line at INFO, without a traceback."""
    lines = [record for record in caplog.records if " ended" in record.getMessage()]
    assert all(record.levelno == logging.INFO and not record.exc_info for record in lines)
    return [record.getMessage().split(": ", 1)[1] for record in lines]


@pytest.fixture(autouse=True)
def _log_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.courier")


async def test_a_drained_link_closes_at_once_when_nothing_is_in_flight(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.listens()
    gateway.front.drain()
    await settled()
    assert phone.is_closed
    assert endings(caplog) == ["drained: the gateway shuts down"]


async def test_a_drain_does_not_wait_for_a_connect_that_does_not_come(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, autojump_clock: MockClock
) -> None:
    stranger = await gateway.calls()
    await settled()
    gateway.front.drain()
    await settled()
    assert stranger.is_closed
    assert autojump_clock.current_time() < SETTINGS.handshake_seconds
    assert endings(caplog) == ["said no Connect within 5 s, or before the drain"]


async def test_a_drained_link_waits_for_acknowledgements_and_sends_nothing_new(
    gateway: Gateway,
) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.front.drain()
    await gateway.accepts(notification(2), notification(3, expires_at=0.0))
    assert (phone.is_closed, phone.numbers) == (False, [1])
    await phone.acknowledges(phone.pushes[0])
    assert (phone.is_closed, phone.numbers) == (True, [1])
    assert await gateway.store.pending() == 1


async def test_a_drained_link_waits_no_longer_than_its_bound(
    gateway: Gateway, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.front.drain()
    await trio.sleep(3.9)
    assert not phone.is_closed
    await trio.sleep(0.2)
    assert phone.is_closed
    assert endings(caplog) == ["drained: the gateway shuts down"]
    assert autojump_clock.current_time() < 5


async def test_a_drain_while_the_store_is_asked_sends_nothing_new(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    await gateway.store.accept(DEVICE, notification(2))
    gateway.store.answers = trio.Event()
    gateway.sessions.wake(DEVICE)
    await settled()
    gateway.front.drain()
    gateway.store.answers.set()
    await settled()
    assert (phone.numbers, phone.is_closed) == ([1], False)


async def test_whoever_comes_during_a_drain_is_refused_and_told_why(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    gateway.front.drain()
    phone = await gateway.connects()
    (answer,) = phone.all(ConnectResponse)
    assert (answer.status, answer.detail) == (ConnectStatus.REFUSED, "the gateway shuts down")
    assert phone.is_closed
    assert endings(caplog) == ["refused: the gateway shuts down"]


async def test_a_refusal_that_nobody_reads_takes_no_longer_than_a_goodbye(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    gateway.front.drain()
    phone = await gateway.calls(streams=lockstep_stream_pair, listens=False)
    await phone.stream.send_all(phone.core.send(Connect()))
    await settled()
    await phone.stream.aclose()
    await settled()
    assert autojump_clock.current_time() < 3


async def test_cancellation_leaves_the_store_in_order(gateway: Gateway) -> None:
    async with trio.open_nursery() as links:
        gateway.nursery = links
        phone = await gateway.listens()
        await gateway.accepts(notification(1))
        gateway.store.answers = trio.Event()
        await phone.acknowledges(*phone.pushes)  # under way
        links.cancel_scope.cancel()
        gateway.store.answers.set()
    assert len(gateway.sessions) == 0
    assert await gateway.store.pending() == 0
    assert not (await gateway.store.accept(DEVICE, notification(2))).is_present


async def test_a_goodbye_during_an_outage_is_short_and_said_in_the_log(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    gateway.store.is_out = True
    await phone.acknowledges(*phone.pushes)
    await phone.leaves()
    assert len(gateway.sessions) == 0
    assert any("the store did not hear of its end" in line for line in caplog.messages)
    gateway.store.is_out = False
    assert (await gateway.listens()).numbers == [1]  # the daemon drops what it knows
