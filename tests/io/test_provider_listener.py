"""The provider front on real sockets and real TLS: ALPN or none, SNI, time limits, ports, closing."""

from __future__ import annotations

import errno
import functools
import socket
import ssl
import struct
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from certs.authority import Authority
from certs.contexts import provider_server_context
from gateway.provider.contract import ConnectionFacts, ConnectionHandle, ConnectionSettings
from gateway.provider.listener import (
    ListenSettings,
    ProviderFront,
    environment_of,
    serve_providers,
)
from protocol.notification import Environment
from tests.io.streams import AnyAnswer, Held, Provider, accepted, shutdown

NAMES = ["localhost", "127.0.0.1", "api.push.apple.com", "api.sandbox.push.apple.com"]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="module")
def context(authority: Authority) -> ssl.SSLContext:
    return provider_server_context(
        authority.issue_server(NAMES), client_ca_pem=authority.certificate_pem
    )


@pytest.fixture
def client_context(authority: Authority) -> ssl.SSLContext:
    made = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    made.set_alpn_protocols(["h2"])
    return made


class Front:
    """A listening provider front, and what its connections were told of themselves."""

    def __init__(self, answer: AnyAnswer, **settings: Any) -> None:
        self.facts: list[ConnectionFacts] = []
        self.answer = answer
        self.front = ProviderFront(self._make, shutdown, ConnectionSettings(**settings))
        self.port = 0
        self.opened: list[trio.abc.AsyncResource] = []

    def _make(self, facts: ConnectionFacts, _handle: ConnectionHandle) -> AnyAnswer:
        self.facts.append(facts)
        return self.answer

    async def knock(self) -> trio.SocketStream:
        """TCP to the front, and nothing yet."""
        tcp = await trio.open_tcp_stream("127.0.0.1", self.port)
        self.opened.append(tcp)
        return tcp

    async def leave(self) -> None:
        """Close the providers' ends."""
        for stream in reversed(self.opened):
            await trio.aclose_forcefully(stream)

    async def dial(self, context: ssl.SSLContext, name: str | None = "localhost") -> Provider:
        """TLS to the front, and the HTTP/2 preface."""
        tls = trio.SSLStream(await self.knock(), context, server_hostname=name)
        self.opened.append(tls)
        await tls.do_handshake()
        provider = Provider(tls)
        await provider.hello()
        return provider


Listen = Callable[..., Any]


@pytest.fixture
def listening(context: ssl.SSLContext) -> Listen:
    @asynccontextmanager
    async def listen(
        answer: AnyAnswer = accepted, settings: ListenSettings | None = None, **connection: Any
    ) -> AsyncIterator[Front]:
        made = Front(answer, **connection)
        settings = settings or ListenSettings(ports=(0,))
        async with trio.open_nursery() as nursery:
            serve = functools.partial(serve_providers, made.front, context, settings, nursery)
            (made.port,) = await nursery.start(serve)
            yield made
            await made.leave()
            nursery.cancel_scope.cancel()

    return listen


async def _speaks(provider: Provider) -> bool:
    return (await provider.answer(await provider.post())).status == 200


async def test_b1_alpn_h2_is_chosen_even_if_http_1_is_in_the_list(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    client_context.set_alpn_protocols(["http/1.1", "h2"])
    async with listening() as front:
        provider = await front.dial(client_context)
        assert provider.stream.selected_alpn_protocol() == "h2"
        assert await _speaks(provider)


async def test_b1_no_alpn_at_all_means_http_2_with_prior_knowledge(
    listening: Listen, authority: Authority
) -> None:
    """aioapns and Pushy."""
    plain = ssl.create_default_context(cadata=authority.certificate_pem.decode())
    async with listening() as front:
        provider = await front.dial(plain)
        assert provider.stream.selected_alpn_protocol() is None
        assert await _speaks(provider)


@pytest.mark.parametrize("library", ["jh2", "h2"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_b1_tls_1_2_and_1_3_are_served(
    listening: Listen, client_context: ssl.SSLContext, version: ssl.TLSVersion, library: str
) -> None:
    client_context.minimum_version = client_context.maximum_version = version
    async with listening(library=library) as front:
        provider = await front.dial(client_context)
        assert provider.stream.version() == version.name.replace("_", ".").replace("v", "v", 1)
        assert await _speaks(provider)


async def test_tls_1_1_is_refused_and_the_front_lives(
    listening: Listen, client_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with listening() as front:
        tcp = await front.knock()
        await tcp.send_all(b"\x16\x03\x01\x00\x05nonsense")
        assert await _until_end(tcp)
        assert await _speaks(await front.dial(client_context))
    assert "TLS handshake failed" in caplog.text
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
        assert await _speaks(await front.dial(client_context, name))
        (facts,) = front.facts
        assert (facts.environment, facts.requested_name) == (environment, name)
        assert facts.connection_id == 1
        assert facts.peer.startswith("127.0.0.1:")


async def test_b5_no_sni_is_fine(listening: Listen, client_context: ssl.SSLContext) -> None:
    settings = ListenSettings(ports=(0,), environment=Environment.PRODUCTION)
    async with listening(settings=settings) as front:
        assert await _speaks(await front.dial(client_context, "127.0.0.1"))
        assert front.facts[0].requested_name is None
        assert front.facts[0].environment is Environment.PRODUCTION


async def test_b7_a_client_certificate_is_asked_for_and_not_required(
    listening: Listen,
    client_context: ssl.SSLContext,
    authority: Authority,
) -> None:
    async with listening() as front:
        assert await _speaks(await front.dial(client_context))
        authority.issue_device("provider").configure(client_context)
        assert await _speaks(await front.dial(client_context))
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
        assert await _speaks(first)
        session = first.stream.session
        tcp = await front.knock()
        tls: Any = trio.SSLStream(tcp, client_context, server_hostname="localhost")
        tls._ssl_object.session = session
        await tls.do_handshake()
        provider = Provider(tls)
        await provider.hello()
        assert await _speaks(provider)
        assert [facts.peer_certificate for facts in front.facts] == [None, None]


async def test_a_handshake_that_takes_too_long_is_dropped(
    listening: Listen, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    settings = ListenSettings(ports=(0,), handshake_seconds=0.05)
    async with listening(settings=settings) as front:
        tcp = await front.knock()
        with trio.fail_after(5):
            assert await _until_end(tcp)
    assert "no TLS handshake within 0.05 s" in caplog.text


async def test_more_handshakes_than_allowed_at_once_are_dropped(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    settings = ListenSettings(ports=(0,), handshakes_at_once=2)
    async with listening(settings=settings) as front:
        idlers = [await front.knock() for _ in range(2)]
        dropped = await front.knock()
        with trio.fail_after(5):
            assert await _until_end(dropped)
        await idlers[0].aclose()
        with trio.fail_after(5):
            while True:
                try:
                    provider = await front.dial(client_context)
                    break
                except trio.BrokenResourceError:
                    await front.leave()
        assert await _speaks(provider)


async def test_a_port_in_use_is_an_oserror_to_the_caller(
    nursery: trio.Nursery, context: ssl.SSLContext
) -> None:
    front = Front(accepted).front
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings = ListenSettings(ports=(0, taken.getsockname()[1]))
        with pytest.raises(OSError) as caught:
            await serve_providers(front, context, settings, nursery)
    assert caught.value.errno == errno.EADDRINUSE


async def test_several_ports_are_reported_in_order(
    nursery: trio.Nursery, context: ssl.SSLContext
) -> None:
    front = Front(accepted).front
    settings = ListenSettings(ports=(0, 0))
    ports = await nursery.start(serve_providers, front, context, settings, nursery)
    assert len(set(ports)) == 2
    for port in ports:
        await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
    nursery.cancel_scope.cancel()


async def test_accepting_stops_and_serving_goes_on(
    context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    held = Held()
    made = Front(held)
    async with trio.open_nursery() as sessions:
        async with trio.open_nursery() as accepting:
            serve = functools.partial(
                serve_providers, made.front, context, ListenSettings(ports=(0,)), sessions
            )
            (made.port,) = await accepting.start(serve)
            provider = await made.dial(client_context)
            number = await provider.post()
            await provider.settle()
            accepting.cancel_scope.cancel()
        with pytest.raises(OSError, match="connect"):
            await trio.open_tcp_stream("127.0.0.1", made.port)
        held.let_go()
        assert (await provider.answer(number)).status == 200
        await made.leave()
        sessions.cancel_scope.cancel()


async def test_drain_reaches_every_connection_and_those_still_to_come(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    async with listening() as front:
        early = await front.dial(client_context)
        assert await _speaks(early)
        assert [each.requests_answered for each in front.front.statistics()] == [1]
        front.front.drain()
        late = await front.dial(client_context)
        for provider in (early, late):
            await provider.hear_out()
            assert provider.goaways[0].additional_data == b'{"reason":"Shutdown"}'
        await front.leave()
        with trio.fail_after(5):
            while front.front.statistics():
                await trio.lowlevel.checkpoint()


async def test_b24_after_goaway_tcp_is_closed_at_once_and_nothing_is_lost(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    """Unread bytes from the provider must not turn our FIN into a reset."""
    async with listening() as front:
        provider = await front.dial(client_context)
        assert await _speaks(provider)
        front.front.drain()
        await trio.lowlevel.checkpoint()
        await provider.stream.send_all(b"\0\0\x08\6\0\0\0\0\0ignored!" * 100)
        started = time.perf_counter()
        await provider.hear_out()
        assert time.perf_counter() - started < 0.5
        assert len(provider.goaways) == 1


async def test_a_provider_that_resets_the_connection_is_no_news(
    listening: Listen, client_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    async with listening() as front:
        provider = await front.dial(client_context)
        assert await _speaks(provider)
        sock = provider.stream.transport_stream
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(sock)
        with trio.fail_after(5):
            while front.front.statistics():
                await trio.sleep(0.001)
    assert not [record for record in caplog.records if record.levelname != "INFO"]


async def test_a_connection_reset_before_the_handshake_is_no_news(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    async with listening() as front:
        tcp = await front.knock()
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(tcp)
        assert await _speaks(await front.dial(client_context))


async def test_b29_a_request_in_two_writes_is_not_held_up_by_delayed_acknowledgements(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    """hyper clients leave Nagle on: each request cost 40 ms."""
    async with listening() as front:
        provider = await front.dial(client_context)
        tcp = provider.stream.transport_stream
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        await _speaks(provider)
        started = time.perf_counter()
        for _ in range(10):
            number = provider.ask(None, end=False)
            await provider.flush()
            provider.core.send_data(number, b"{}", end_stream=True)
            await provider.flush()
            await provider.answer(number)
        assert time.perf_counter() - started < 0.3


async def _until_end(stream: trio.SocketStream) -> bool:
    """Whether the other side hangs up, politely or not."""
    try:
        while await stream.receive_some():
            pass
    except trio.BrokenResourceError:
        pass
    return True
