"""The life of a link: who wins, who is let go and why, and what that costs the others."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import lockstep_stream_pair, memory_stream_pair

from gateway.courier.link import Link
from gateway.courier.session import CourierSession
from gateway.courier.terms import Arrival, Caller, CourierSettings
from protocol.courier.compact import CompactCodec
from protocol.courier.frames import frame
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    NoStorage,
    PushAck,
    SetState,
    TokenStatus,
)
from protocol.identifiers import DeviceToken, Topic
from protocol.notification import Environment
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, notification, registration
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


# -- the welcome -------------------------------------------------------------------------------


async def test_a_connect_is_answered_with_the_gateways_time_and_limit(gateway: Gateway) -> None:
    phone = await gateway.connects()
    assert phone.heard == [ConnectResponse(ConnectStatus.OK, NOW, 32 * 1024)]
    assert gateway.sessions.session_of(DEVICE) is not None


async def test_a_link_that_says_no_connect_is_let_go(
    gateway: Gateway, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.calls()
    await trio.sleep(4.9)
    assert not phone.is_closed
    await trio.sleep(0.2)
    assert phone.is_closed
    assert endings(caplog) == ["said no Connect within 5 s"]
    assert autojump_clock.current_time() < 6


async def test_chatter_of_unknown_commands_is_no_connect(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    phone = await gateway.calls()
    for _ in range(5):
        await phone.sends(frame(0x1E, b""))
        await trio.sleep(1)
    await settled()
    assert phone.is_closed
    assert autojump_clock.current_time() == 5


async def test_a_link_that_leaves_before_its_connect_has_no_session(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.calls()
    await phone.leaves()
    assert endings(caplog) == ["closed by the device"]
    assert gateway.sessions.statistics().arrivals == 0


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (encode(KeepAlive()), "KeepAlive received in state CONNECTING"),
        (encode(Connect()) + encode(Filter()), "Filter received in state CONNECTED"),
        (b"GET / HTTP/1.1\r\n\r\n", "frame of command 0x47 has"),
        (b"\x07\xff\xff\xff\xff", "the limit is 32768"),
    ],
)
async def test_who_does_not_speak_the_protocol_is_not_welcomed(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, said: bytes, why: str
) -> None:
    phone = await gateway.calls()
    await phone.sends(said)
    (reason,) = endings(caplog)
    assert reason.startswith("protocol error: ")
    assert why in reason
    assert (phone.is_closed, phone.heard) == (True, [])
    assert gateway.sessions.statistics().arrivals == 0


# -- faults of one link are no other's ---------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (encode(Connect()), "Connect received in state FILTERED"),
        (encode(KeepAliveResponse()), "KeepAliveResponse received in state FILTERED"),
        (b"\x0b\x7f\xff\xff\xff", "the limit is 32768"),
        (frame(PushAck.NUMBER, b"\xc1"), "PushAck is not msgpack"),
        (frame(PushAck.NUMBER, b"\x90"), "PushAck has 0 fields"),
    ],
)
async def test_a_broken_frame_closes_that_link_alone_and_says_why(
    gateway: Gateway, caplog: pytest.LogCaptureFixture, said: bytes, why: str
) -> None:
    good, bad = await gateway.listens(), await gateway.listens(device="broken")
    await bad.sends(said)
    (reason,) = endings(caplog)
    assert why in reason
    assert (bad.is_closed, good.is_closed) == (True, False)
    await gateway.accepts(notification(1))
    assert good.numbers == [1]


async def test_an_acknowledgement_before_a_broken_frame_counts(gateway: Gateway) -> None:
    phone = await gateway.listens()
    await gateway.accepts(notification(1))
    await phone.sends(encode(PushAck(notification(1).unique_id)) + b"\x0b\xff\xff\xff\xff")
    assert phone.is_closed
    assert await gateway.store.pending() == 0


async def test_what_is_asked_before_a_broken_frame_is_done_but_not_answered(
    gateway: Gateway,
) -> None:
    phone = await gateway.connects()
    await phone.sends(encode(AppTokenRequest(TOPIC)) + frame(KeepAlive.NUMBER, b""))
    assert phone.is_closed
    assert phone.all(AppTokenResponse) == []
    assert len(list(gateway.directory.registrations(DEVICE))) == 1


# -- two links of one device -------------------------------------------------------------------


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


# -- slow and silent ---------------------------------------------------------------------------


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
    said = 4 * SETTINGS.high_water_bytes // len(encode(KeepAliveResponse()))

    async def talk() -> None:
        for _ in range(said):
            await phone.stream.send_all(encode(KeepAlive(60)))

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
    autojump_clock.jump(patience)
    assert gateway.front.sweep() == 0
    autojump_clock.jump(1)
    assert gateway.front.sweep() == 1


# -- drain -------------------------------------------------------------------------------------


async def test_a_drained_link_closes_at_once_when_nothing_is_in_flight(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.listens()
    gateway.front.drain()
    await settled()
    assert phone.is_closed
    assert endings(caplog) == ["drained: the gateway shuts down"]


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


# -- what else a device says -------------------------------------------------------------------


async def test_an_app_gets_its_token_once_it_is_durable(gateway: Gateway) -> None:
    phone = await gateway.connects()
    gateway.store.answers = trio.Event()
    await phone.says(AppTokenRequest(TOPIC))
    assert phone.all(AppTokenResponse) == []
    gateway.store.answers.set()
    await settled()
    (answer,) = phone.all(AppTokenResponse)
    assert (answer.status, answer.topic) == (TokenStatus.OK, TOPIC)
    assert answer.token is not None
    known = gateway.directory.registration_of(answer.token)
    assert known == registration(token=answer.token, registered_at=NOW)
    assert known in await gateway.store.registrations()


async def test_a_token_is_stable_until_the_app_renews_it(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await phone.says(AppTokenRequest(TOPIC), AppTokenRequest(TOPIC))
    await phone.says(AppTokenRequest(TOPIC, renew=True), AppTokenRequest(Topic("com.example.b")))
    first, second, third, fourth = (answer.token for answer in phone.all(AppTokenResponse))
    assert first == second
    assert len({first, third, fourth}) == 3


async def test_an_app_gives_its_token_back(gateway: Gateway) -> None:
    phone = await gateway.connects()
    await phone.says(AppTokenRequest(TOPIC))
    token = phone.all(AppTokenResponse)[0].token
    assert token is not None
    await phone.says(AppTokenInvalidate(token), AppTokenInvalidate(token))
    assert (
        phone.all(AppTokenInvalidateResponse)
        == [AppTokenInvalidateResponse(TokenStatus.OK, token)] * 2
    )
    known = gateway.directory.registration_of(token)
    assert known is not None
    assert known.unregistered_at == NOW


@pytest.mark.parametrize("token", [TOKEN, DeviceToken(b"unknown")])
async def test_a_device_cannot_give_back_what_is_not_its_own(
    gateway: Gateway, token: DeviceToken
) -> None:
    await gateway.accepts(notification(1), to=registration(device="tablet"))
    phone = await gateway.connects()
    await phone.says(AppTokenInvalidate(token))
    assert phone.all(AppTokenInvalidateResponse) == [
        AppTokenInvalidateResponse(TokenStatus.REFUSED, token)
    ]
    known = gateway.directory.registration_of(TOKEN)
    assert known is not None
    assert known.unregistered_at is None


async def test_during_an_outage_tokens_are_refused_and_the_link_is_kept(gateway: Gateway) -> None:
    await gateway.accepts(notification(1))
    phone = await gateway.connects()
    gateway.store.is_out = True
    await phone.says(AppTokenRequest(Topic("com.example.b")), AppTokenInvalidate(TOKEN))
    assert phone.heard[1:] == [
        AppTokenResponse(TokenStatus.REFUSED, Topic("com.example.b"), None),
        AppTokenInvalidateResponse(TokenStatus.REFUSED, TOKEN),
    ]
    gateway.store.is_out = False
    await phone.says(KeepAlive(60))
    assert phone.all(KeepAliveResponse) == [KeepAliveResponse()]


async def test_statistics_say_what_the_console_shows(gateway: Gateway) -> None:
    phone = await gateway.connects(
        connect=Connect(is_active=False, interface="310410", os_version="18.5")
    )
    await phone.wants()
    await gateway.accepts(notification(1), notification(2))
    gateway.time.time += 9
    await phone.says(PushAck(notification(1).unique_id), SetState(is_active=True))
    (shown,) = gateway.front.statistics()
    assert (shown.number, shown.device, shown.peer) == (1, DEVICE, "phone:1")
    assert (shown.environment, shown.interface) == (Environment.DEVELOPMENT, "310410")
    assert (shown.os_version, shown.is_active) == ("18.5", True)
    assert (shown.since, shown.last_heard) == (NOW, NOW + 9)
    assert (shown.sent, shown.acknowledged, shown.in_flight) == (2, 1, 1)


async def test_the_journal_hears_of_links(gateway: Gateway) -> None:
    with gateway.journal.view() as events:
        phone = await gateway.connects()
        await phone.leaves()
        up, down = events.receive_nowait(), events.receive_nowait()
    assert (up.device, up.is_connected) == (DEVICE, True)
    assert (down.is_connected, down.detail) == (False, "closed by the device")
