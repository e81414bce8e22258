"""Two links of one device: the newer one wins, wherever they meet."""

from __future__ import annotations

import logging

import pytest
import trio
from trio.testing import memory_stream_pair

from gateway.courier.link import Link
from gateway.courier.session import CourierSession
from gateway.courier.terms import Arrival, Caller, CourierSettings
from protocol.courier.compact import CompactCodec
from protocol.courier.messages import (
    Connect,
)
from protocol.notification import Environment
from tests.builders import DEVICE, NOW, notification
from tests.io.phones import Gateway, settled

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


async def test_the_second_link_of_a_device_wins(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = await gateway.listens(), await gateway.listens()
    assert endings(caplog) == ["a newer link of the same device has taken over"]
    assert (first.is_closed, second.is_closed) == (True, False)
    await gateway.accepts(notification(1))
    assert (first.numbers, second.numbers) == ([], [1])


async def test_the_late_goodbye_of_the_first_link_evicts_nobody(gateway: Gateway) -> None:
    await gateway.listens()
    gateway.store.answers = trio.Event()  # the first link's goodbye takes its time
    second = await gateway.connects()
    gateway.store.answers.set()
    await settled()
    await second.wants()
    assert len(gateway.sessions) == 1
    # Present in the store as well: a burst is not thinned out to its newest.
    await gateway.accepts(notification(1), notification(2))
    assert second.numbers == [1, 2]


@pytest.mark.parametrize("links", [2, 5])
async def test_of_links_that_come_at_once_table_and_store_hold_the_same(
    gateway: Gateway, links: int
) -> None:
    phones = [await gateway.calls() for _ in range(links)]
    for phone in phones:
        await phone.stream.send_all(phone.core.send(Connect()))
    await settled()
    (winner,) = [phone for phone in phones if not phone.is_closed]
    await winner.wants()
    await gateway.accepts(notification(1))
    assert winner.numbers == [1]


async def test_a_session_that_was_told_to_leave_does_not_attach_any_more(
    gateway: Gateway,
) -> None:
    _, near = memory_stream_pair()
    link = Link(near, CompactCodec(), SETTINGS)
    caller = Caller(1, DEVICE, Environment.DEVELOPMENT, "phone:1")
    arrival = Arrival(caller, Connect(), NOW)
    session = CourierSession(arrival, link, gateway.front.services, SETTINGS)
    session.leave("a newer link has arrived before this one's tasks had begun")
    await session.run()
    assert gateway.store.statistics().operations == 0


async def test_a_push_in_flight_on_the_old_link_comes_again_on_the_new(gateway: Gateway) -> None:
    first = await gateway.listens()
    await gateway.accepts(notification(1))
    second = await gateway.listens()
    assert (first.numbers, second.numbers) == ([1], [1])


async def test_a_session_that_the_store_has_replaced_ends(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.listens()
    await gateway.store.attach(DEVICE, now=NOW)  # as another node does
    gateway.sessions.wake(DEVICE)
    await settled()
    assert phone.is_closed
    assert endings(caplog) == ["a newer session of the device has taken over in the store"]
