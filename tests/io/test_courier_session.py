"""The life of a link: its welcome, its faults, and what else a device says."""

from __future__ import annotations

import hashlib
import logging
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.courier.terms import CourierSettings
from gateway.records import LinkEvent
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
    PushAck,
    SetState,
    TokenStatus,
)
from protocol.identifiers import DeviceToken, TokenPurpose, Topic
from protocol.notification import Environment
from tests.builders import DEVICE, NOW, TOKEN, TOPIC, notification, registration
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


async def test_a_connect_is_answered_with_the_gateways_time_and_limit(gateway: Gateway) -> None:
    phone = await gateway.connects()
    token = DeviceToken.parse(hashlib.sha256(b"base token of phone in development").hexdigest())
    assert phone.heard == [ConnectResponse(ConnectStatus.OK, NOW, 32 * 1024, token=token)]
    assert gateway.sessions.session_of(DEVICE) is not None


async def test_a_link_that_says_no_connect_is_let_go(
    gateway: Gateway, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await gateway.calls()
    await trio.sleep(4.9)
    assert not phone.is_closed
    await trio.sleep(0.2)
    assert phone.is_closed
    assert endings(caplog) == ["said no Connect within 5 s, or before the drain"]
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


async def test_tokens_of_one_topic_are_told_apart_by_purpose_and_may_expire(
    gateway: Gateway,
) -> None:
    phone = await gateway.connects()
    purpose = TokenPurpose("activity 1")
    await phone.says(AppTokenRequest(TOPIC), AppTokenRequest(TOPIC, purpose=purpose))
    own, other = phone.all(AppTokenResponse)
    assert (own.purpose, other.purpose) == ("", purpose)
    assert own.token != other.token
    assert other.token is not None
    await phone.says(AppTokenInvalidate(other.token, is_expired=True))
    known = gateway.directory.registration_of(other.token)
    assert known is not None
    assert (known.unregistered_at, known.is_expired, known.purpose) == (NOW, True, purpose)


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
        up, down = (events.receive_nowait().happening for _ in range(2))
    assert isinstance(up, LinkEvent)
    assert isinstance(down, LinkEvent)
    assert (up.device, up.is_connected) == (DEVICE, True)
    assert (down.is_connected, down.detail) == (False, "closed by the device")
