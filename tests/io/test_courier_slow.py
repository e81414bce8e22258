"""Phones that do not read, that only talk, or that say nothing at all."""

from __future__ import annotations

import logging
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import lockstep_stream_pair

from gateway.courier.terms import CourierSettings
from protocol.courier.compact import CompactCodec
from protocol.courier.messages import (
    Connect,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    NoStorage,
)
from tests.builders import TOPIC, notification
from tests.io.phones import Gateway, Phone, StreamPair, settled

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
encode = CompactCodec().encode


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


async def reads_nothing(gateway: Gateway) -> tuple[Phone, trio.abc.ReceiveStream]:
    """A listening phone whose stream passes nothing on until it is read, and that stops reading."""
    kept: list[trio.abc.HalfCloseableStream] = []

    def streams() -> StreamPair:
        far, near = lockstep_stream_pair()
        kept.append(far)
        return far, near

    phone = await gateway.calls(streams=streams, listens=False)
    await phone.stream.send_all(phone.core.send(Connect()))
    assert phone.core.receive_data(bytes(await kept[0].receive_some()))
    await phone.stream.send_all(phone.core.send(Filter(enabled=(TOPIC,))))
    assert phone.core.receive_data(bytes(await kept[0].receive_some())) == [NoStorage()]
    return phone, kept[0]


async def test_a_phone_that_does_not_read_is_sent_a_bounded_amount_then_let_go(
    gateway: Gateway, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    await reads_nothing(gateway)
    large = b"x" * 4000
    await gateway.accepts(*(notification(n, payload=large) for n in range(100)))
    (shown,) = gateway.front.statistics()
    # One write under way, and one batch of the store above the high-water mark.
    assert 1 < shown.in_flight <= 1 + 1 + 32
    await trio.sleep(19)
    assert len(gateway.sessions) == 1
    await trio.sleep(4)
    assert len(gateway.sessions) == 0
    assert endings(caplog) == ["the device did not read for 20 s"]
    assert await gateway.store.pending() == 100
    assert autojump_clock.current_time() < 30


async def test_a_phone_that_talks_without_listening_is_not_heard(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    phone, _ = await reads_nothing(gateway)
    said = 0
    with trio.move_on_after(1):
        while True:
            await phone.stream.send_all(encode(KeepAlive(60)) * 100)
            said += 100
    answers = len(encode(KeepAliveResponse()))
    assert said * answers < 2 * SETTINGS.high_water_bytes + 200 * answers
    assert autojump_clock.current_time() == 1


async def test_a_phone_that_reads_again_is_heard_again(gateway: Gateway) -> None:
    phone, far = await reads_nothing(gateway)
    said = 4000
    assert said * len(encode(KeepAliveResponse())) > 4 * SETTINGS.high_water_bytes

    async def talk() -> None:
        for _ in range(said // 100):
            await phone.stream.send_all(encode(KeepAlive(60)) * 100)

    gateway.nursery.start_soon(talk)
    await settled()
    heard = 0
    while heard < said:
        heard += len(phone.core.receive_data(bytes(await far.receive_some())))
    assert heard == said


async def test_offers_stop_at_the_high_water_mark(gateway: Gateway) -> None:
    await reads_nothing(gateway)
    large = {"payload": b"x" * 4000, "expires_at": 0.0}
    pushes = [notification(n, **large) for n in range(5)]
    await gateway.accepts(*pushes)
    assert [gateway.states(push) for push in pushes[3:]] == [["Discarded - Expired"]] * 2


async def test_a_silent_link_is_swept_away(
    gateway: Gateway, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    silent, talking = await gateway.listens(), await gateway.listens(device="talking")
    autojump_clock.jump(600)
    await talking.says(KeepAlive())
    autojump_clock.jump(401)
    assert gateway.front.sweep() == 1
    await settled()
    assert (silent.is_closed, talking.is_closed) == (True, False)
    assert endings(caplog) == ["silent for too long"]


@pytest.mark.parametrize(
    ("interval", "patience"), [(0, 1000), (10, 90), (300, 600), (100_000, 2000)]
)
async def test_a_phone_that_says_when_it_speaks_again_is_given_twice_that(
    gateway: Gateway, autojump_clock: MockClock, interval: int, patience: float
) -> None:
    phone = await gateway.connects()
    await phone.says(KeepAlive(interval))
    autojump_clock.jump(patience - 1)
    assert gateway.front.sweep() == 0
    autojump_clock.jump(1)
    assert gateway.front.sweep() == 1


async def test_a_silent_link_that_takes_its_time_to_end_is_looked_at_once(
    gateway: Gateway, mock_clock: MockClock
) -> None:
    await reads_nothing(gateway)
    mock_clock.jump(2000)
    assert await gateway.front.end_silence() == inf, "nothing more is due for a link that ends"
    assert gateway.front.sweep() == 0
