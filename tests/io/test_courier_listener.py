"""Devices that knock with real TLS: over memory streams, and once over TCP."""

from __future__ import annotations

import contextlib
import logging
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio
import trio.lowlevel
from trio.testing import memory_stream_pair

from certs.authority import Authority
from certs.contexts import courier_server_context, device_client_context
from certs.server_names import DEFAULT_SERVER_NAMES
from gateway.courier.listener import CourierFront, environment_of
from gateway.courier.session import CourierSession
from gateway.courier.terms import CourierSettings
from gateway.ports import serve_port
from protocol.courier.messages import (
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    Push,
    PushAck,
)
from protocol.notification import Environment
from tests.builders import DEVICE, TOPIC, notification
from tests.io.phones import Gateway, Phone, settled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio.testing import MockClock

    from certs.leaf import Leaf

PRODUCTION, DEVELOPMENT = Environment.PRODUCTION, Environment.DEVELOPMENT


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="module")
def device_leaf(authority: Authority) -> Leaf:
    return authority.issue_device(DEVICE)


@pytest.fixture(scope="module")
def server_context(authority: Authority) -> ssl.SSLContext:
    leaf = authority.issue_server(DEFAULT_SERVER_NAMES)
    return courier_server_context(leaf, authority.certificate_pem)


@pytest.fixture
async def gateway(nursery: trio.Nursery, server_context: ssl.SSLContext) -> Gateway:
    gateway = Gateway(nursery, CourierSettings(handshake_seconds=5, handshakes_at_once=2))
    gateway.front = CourierFront(gateway.front.services, server_context, settings=gateway.settings)
    return gateway


@pytest.fixture(autouse=True)
def _log_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "gateway.courier")


def knock(
    gateway: Gateway, context: ssl.SSLContext, name: str = "courier.sandbox.push.apple.com"
) -> Phone:
    """A phone at the far end of a stream that the front serves; TLS begins with its first word."""
    far, near = memory_stream_pair()
    gateway.nursery.start_soon(gateway.front.serve, near)
    return Phone(trio.SSLStream(far, context, server_hostname=name))  # type: ignore[arg-type]


async def answer_to(phone: Phone) -> ConnectResponse:
    await phone.stream.send_all(phone.core.send(Connect()))
    (answer,) = phone.core.receive_data(bytes(await phone.stream.receive_some()))
    assert isinstance(answer, ConnectResponse)
    return answer


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("courier.push.apple.com", PRODUCTION),
        ("7-courier.push.apple.com", PRODUCTION),
        ("COURIER.PUSH.APPLE.COM.", PRODUCTION),
        ("courier.sandbox.push.apple.com", DEVELOPMENT),
        ("50-courier.sandbox.push.apple.com", DEVELOPMENT),
        ("courier.development.push.apple.com", DEVELOPMENT),
    ],
)
def test_apples_names_choose_the_environment(name: str, environment: Environment) -> None:
    assert all(environment_of(name, default) is environment for default in Environment)


@pytest.mark.parametrize(
    "name", ["localhost", "", None, "api.push.apple.com", "x-courier.push.apple.com"]
)
def test_any_other_name_means_the_default(name: str | None) -> None:
    assert all(environment_of(name, default) is default for default in Environment)


async def test_a_device_with_its_certificate_is_welcome(
    gateway: Gateway, authority: Authority, device_leaf: Leaf
) -> None:
    context = device_client_context(device_leaf, authority.certificate_pem)
    phone = knock(gateway, context, "courier.push.apple.com")
    assert (await answer_to(phone)).status is ConnectStatus.OK
    (shown,) = gateway.front.statistics()
    assert (shown.device, shown.environment) == (DEVICE, PRODUCTION)
    await phone.stream.aclose()
    await settled()
    assert gateway.front.statistics() == []
    assert len(gateway.sessions) == 0


async def test_the_default_environment_is_that_of_the_front(
    gateway: Gateway, authority: Authority, device_leaf: Leaf, autojump_clock: MockClock
) -> None:
    assert autojump_clock.rate == 0  # closing lingers for the phone's last words
    gateway.front.environment = PRODUCTION
    context = device_client_context(device_leaf, authority.certificate_pem)
    await answer_to(knock(gateway, context, "localhost"))
    assert gateway.front.statistics()[0].environment is PRODUCTION


async def refusal(
    gateway: Gateway, context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> str:
    """Why the front lets a phone go that knocks so."""
    phone = knock(gateway, context)
    with contextlib.suppress(trio.BrokenResourceError):
        await phone.stream.send_all(phone.core.send(Connect()))
        assert await phone.stream.receive_some() == b""
    await settled()
    assert len(gateway.sessions) == 0
    (record,) = caplog.records
    assert (record.levelno, record.exc_info) == (logging.INFO, None)
    return record.getMessage()


async def test_without_a_dialect_a_device_is_let_go(
    gateway: Gateway,
    authority: Authority,
    device_leaf: Leaf,
    caplog: pytest.LogCaptureFixture,
) -> None:
    context = device_client_context(device_leaf, authority.certificate_pem, ["h2"])
    why = await refusal(gateway, context, caplog)
    assert "ALPN chose None; a courier link speaks one of: apnsim-msgpack-v1" in why


async def test_without_a_certificate_nobody_comes_in(
    gateway: Gateway, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    context = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    context.set_alpn_protocols(["apnsim-msgpack-v1"])
    assert "a device certificate is due" in await refusal(gateway, context, caplog)


async def test_a_server_certificate_of_our_ca_is_no_device(
    gateway: Gateway, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    leaf = authority.issue_server(["localhost"])
    context = device_client_context(leaf, authority.certificate_pem)
    assert "refused" in await refusal(gateway, context, caplog)


async def test_a_device_of_another_ca_is_no_device(
    gateway: Gateway, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    leaf = Authority.create().issue_device(DEVICE)
    context = device_client_context(leaf, authority.certificate_pem)
    assert "TLS handshake failed" in await refusal(gateway, context, caplog)


async def test_a_handshake_that_does_not_come_is_not_awaited_for_ever(
    gateway: Gateway, autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    # More than may shake hands at once: those that wait for their turn are let go as well.
    ends = [memory_stream_pair() for _ in range(5)]
    async with trio.open_nursery() as nursery:
        for _, near in ends:
            nursery.start_soon(gateway.front.serve, near)
        await settled()
        assert gateway.front._turns.statistics().tasks_waiting == 3
    assert autojump_clock.current_time() == 5
    assert [await far.receive_some() for far, _ in ends] == [b""] * 5
    assert len([m for m in caplog.messages if "no TLS handshake within 5 s" in m]) == 5


async def test_a_bug_of_ours_closes_that_link_alone_with_a_traceback(
    gateway: Gateway,
    authority: Authority,
    device_leaf: Leaf,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    autojump_clock: MockClock,
) -> None:
    async def fail(_session: CourierSession) -> None:
        raise RuntimeError("a bug")

    context = device_client_context(device_leaf, authority.certificate_pem)
    with monkeypatch.context() as patched:
        patched.setattr(CourierSession, "_read", fail)
        phone = knock(gateway, context)
        await phone.stream.send_all(phone.core.send(Connect()))
        await trio.sleep(2)
    assert autojump_clock.current_time() == 2
    (error,) = [record for record in caplog.records if record.exc_info]
    assert error.levelno == logging.ERROR
    assert any("ended: internal error" in line for line in caplog.messages)
    assert len(gateway.sessions) == 0
    assert (await answer_to(knock(gateway, context))).status is ConnectStatus.OK


async def test_a_device_that_vanishes_without_a_goodbye_is_missed(
    gateway: Gateway, authority: Authority, device_leaf: Leaf, caplog: pytest.LogCaptureFixture
) -> None:
    phone = knock(gateway, device_client_context(device_leaf, authority.certificate_pem))
    await answer_to(phone)
    await phone.stream.transport_stream.aclose()  # type: ignore[attr-defined]
    await settled()
    assert gateway.front.statistics() == []
    assert any("ended: connection lost" in line for line in caplog.messages)


async def test_a_cancelled_link_is_still_closed_politely(
    gateway: Gateway, authority: Authority, device_leaf: Leaf, autojump_clock: MockClock
) -> None:
    async with trio.open_nursery() as links:
        gateway.nursery = links
        phone = knock(gateway, device_client_context(device_leaf, authority.certificate_pem))
        await answer_to(phone)
        links.cancel_scope.cancel()
    assert await phone.stream.receive_some() == b""  # an end of the stream, not a broken one
    assert autojump_clock.current_time() == 1


@asynccontextmanager
async def listening(gateway: Gateway) -> AsyncIterator[int]:
    async with trio.open_nursery() as accepting:
        yield await accepting.start(
            serve_port, gateway.front, "courier", "127.0.0.1", 0, gateway.nursery
        )
        accepting.cancel_scope.cancel()


async def test_a_push_over_tcp_and_a_goodbye_that_both_ends_understand(
    gateway: Gateway, authority: Authority, device_leaf: Leaf, caplog: pytest.LogCaptureFixture
) -> None:
    context = device_client_context(device_leaf, authority.certificate_pem)
    with trio.fail_after(5):
        async with listening(gateway) as port:
            stream = await trio.open_ssl_over_tcp_stream("127.0.0.1", port, ssl_context=context)
        phone = Phone(stream)  # type: ignore[arg-type]
        assert (await answer_to(phone)).status is ConnectStatus.OK
        await stream.send_all(phone.core.send(Filter(enabled=(TOPIC,))))
        await stream.receive_some()  # nothing is stored
        await gateway.accepts(notification(1))
        (push,) = phone.core.receive_data(bytes(await stream.receive_some()))
        assert isinstance(push, Push)
        (shown,) = gateway.front.statistics()
        assert shown.peer.startswith("127.0.0.1:")
        gateway.front.drain()
        await stream.send_all(phone.core.send(PushAck(push.message_id)))
        # close_notify: an end of the stream, not a broken one.
        assert await stream.receive_some() == b""
        await stream.aclose()
        while gateway.front.statistics():
            await trio.lowlevel.checkpoint()
    assert "drained: the gateway shuts down" in caplog.text


async def test_a_drain_does_not_wait_for_a_handshake_that_does_not_come(
    gateway: Gateway, autojump_clock: MockClock
) -> None:
    far, near = memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(gateway.front.serve, near)
        await settled()
        gateway.front.drain()
    assert autojump_clock.current_time() < 5
    assert await far.receive_some() == b""
