"""TLS in front of providers: ALPN or none, versions, SNI, certificates (clients.md §2, 1, 5, 7)."""

from __future__ import annotations

import socket
import ssl
import struct
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.provider.listener import (
    ListenSettings,
    environment_of,
)
from protocol.notification import Environment
from tests.io.provider_front import Listen, speaks, until_end
from tests.io.streams import Provider

if TYPE_CHECKING:
    from certs.authority import Authority


async def test_b1_alpn_h2_is_chosen_even_if_http_1_is_in_the_list(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    client_context.set_alpn_protocols(["http/1.1", "h2"])
    async with listening() as front:
        provider = await front.dial(client_context)
        assert provider.stream.selected_alpn_protocol() == "h2"
        assert await speaks(provider)


async def test_b1_no_alpn_at_all_means_http_2_with_prior_knowledge(
    listening: Listen, front_authority: Authority
) -> None:
    """aioapns and Pushy."""
    plain = ssl.create_default_context(cadata=front_authority.certificate_pem.decode())
    async with listening() as front:
        provider = await front.dial(plain)
        assert provider.stream.selected_alpn_protocol() is None
        assert await speaks(provider)


@pytest.mark.parametrize("library", ["jh2", "h2"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_b1_tls_1_2_and_1_3_are_served(
    listening: Listen, client_context: ssl.SSLContext, version: ssl.TLSVersion, library: str
) -> None:
    client_context.minimum_version = client_context.maximum_version = version
    async with listening(library=library) as front:
        provider = await front.dial(client_context)
        assert provider.stream.version() == version.name.replace("_", ".").replace("v", "v", 1)
        assert await speaks(provider)


async def test_tls_1_1_is_refused_and_the_front_lives(
    listening: Listen, client_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with listening() as front:
        tcp = await front.knock()
        await tcp.send_all(b"\x16\x03\x01\x00\x05nonsense")
        assert await until_end(tcp)
        assert await speaks(await front.dial(client_context))
    assert "TLS handshake failed" in caplog.text
    [failed] = front.front.failed_handshakes
    assert failed.peer.startswith("127.0.0.1:")
    assert "SSL" in failed.why
    assert not [record for record in caplog.records if record.exc_info]


async def test_a_client_that_speaks_http_1_inside_tls_gets_no_status(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    client_context.set_alpn_protocols(["http/1.1"])
    async with listening() as front:
        tcp = await front.knock()
        tls = trio.SSLStream(tcp, client_context, server_hostname="localhost")
        await tls.send_all(b"POST /3/device/00 HTTP/1.1\r\nhost: localhost\r\n\r\n")
        said = b""
        while data := await tls.receive_some():
            said += bytes(data)
        assert b"HTTP/1" not in said


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("api.push.apple.com", Environment.PRODUCTION),
        ("API.Push.Apple.com.", Environment.PRODUCTION),
        ("api-manage-broadcast.push.apple.com", Environment.PRODUCTION),
        ("api.sandbox.push.apple.com", Environment.DEVELOPMENT),
        ("api.development.push.apple.com", Environment.DEVELOPMENT),
        ("api-manage-broadcast.sandbox.push.apple.com", Environment.DEVELOPMENT),
    ],
)
def test_a_server_name_of_apples_decides_the_environment(
    name: str, environment: Environment
) -> None:
    for default in Environment:
        assert environment_of(name, default) is environment


@pytest.mark.parametrize("name", [None, "", "localhost", "push.apple.com"])
def test_any_other_name_means_the_default_environment(name: str | None) -> None:
    for default in Environment:
        assert environment_of(name, default) is default


@pytest.mark.parametrize(
    ("name", "environment"),
    [
        ("api.push.apple.com", Environment.PRODUCTION),
        ("api.sandbox.push.apple.com", Environment.DEVELOPMENT),
        ("localhost", Environment.DEVELOPMENT),
    ],
)
async def test_b5_the_environment_comes_from_sni(
    listening: Listen, client_context: ssl.SSLContext, name: str, environment: Environment
) -> None:
    async with listening() as front:
        assert await speaks(await front.dial(client_context, name))
        (facts,) = front.facts
        assert (facts.environment, facts.requested_name) == (environment, name)
        assert facts.connection_id == 1
        assert facts.peer.startswith("127.0.0.1:")


async def test_b5_no_sni_is_fine(listening: Listen, client_context: ssl.SSLContext) -> None:
    settings = ListenSettings(ports=(0,), environment=Environment.PRODUCTION)
    async with listening(settings=settings) as front:
        assert await speaks(await front.dial(client_context, "127.0.0.1"))
        assert front.facts[0].requested_name is None
        assert front.facts[0].environment is Environment.PRODUCTION


async def test_b7_a_client_certificate_is_asked_for_and_not_required(
    listening: Listen,
    client_context: ssl.SSLContext,
    front_authority: Authority,
) -> None:
    async with listening() as front:
        assert await speaks(await front.dial(client_context))
        front_authority.issue_device("provider").configure(client_context)
        assert await speaks(await front.dial(client_context))
        without, with_certificate = front.facts
        assert without.peer_certificate is None
        assert with_certificate.peer_certificate is not None
        assert with_certificate.peer_certificate[:1] == b"\x30"  # DER


async def test_b7_a_resumed_session_without_a_certificate_has_none(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with listening() as front:
        first = await front.dial(client_context)
        assert await speaks(first)
        session = first.stream.session
        tcp = await front.knock()
        tls: Any = trio.SSLStream(tcp, client_context, server_hostname="localhost")
        tls._ssl_object.session = session
        await tls.do_handshake()
        provider = Provider(tls)
        await provider.hello()
        assert await speaks(provider)
        assert [facts.peer_certificate for facts in front.facts] == [None, None]


async def test_a_handshake_that_takes_too_long_is_dropped(
    listening: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    settings = ListenSettings(ports=(0,), handshake_seconds=0.05)
    async with listening(settings=settings) as front:
        tcp = await front.knock()
        with trio.fail_after(5):
            assert await until_end(tcp)
    assert "no TLS handshake within 0.05 s" in caplog.text
    assert [each.why for each in front.front.failed_handshakes] == [
        "no TLS handshake within 0.05 s"
    ]


async def test_a_drain_does_not_wait_for_a_handshake_that_does_not_come(listening: Listen) -> None:
    async with listening(settings=ListenSettings(ports=(0,), handshake_seconds=3600)) as front:
        silent = await front.knock()
        await wait_all_tasks_blocked(0.05)
        front.front.drain()
        with trio.fail_after(5):
            assert await until_end(silent)


async def test_more_handshakes_than_allowed_at_once_are_dropped(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    settings = ListenSettings(ports=(0,), handshakes_at_once=2)
    async with listening(settings=settings) as front:
        idlers = [await front.knock() for _ in range(2)]
        dropped = await front.knock()
        with trio.fail_after(5):
            assert await until_end(dropped)
        await idlers[0].aclose()
        with trio.fail_after(5):
            while True:
                try:
                    provider = await front.dial(client_context)
                    break
                except trio.BrokenResourceError:
                    await front.leave()
        assert await speaks(provider)


async def test_a_connection_reset_before_the_handshake_is_no_news(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    async with listening() as front:
        tcp = await front.knock()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(tcp)
        assert await speaks(await front.dial(client_context))
