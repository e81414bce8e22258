"""The CONNECT proxy on real sockets: who gets a tunnel, who is refused, and how it ends."""

from __future__ import annotations

import functools
import re
import socket
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.ports import serve_port
from gateway.provider.listener import ListenSettings
from gateway.proxy import MAX_HEAD_BYTES, Destination, ProxyFront
from tests.examples_drawn import examples
from tests.io.provider_front import Front, speaks
from tests.io.streams import Provider, accepted

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Iterator, Mapping

    from gateway.proxy import Door

APPLE = "api.push.apple.com"
CONNECT = f"CONNECT {APPLE}:443 HTTP/1.1\r\nHost: {APPLE}:443\r\n\r\n".encode()
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


async def echo(stream: trio.SocketStream, heard: bytes) -> None:
    """A door behind which everything comes back until the end, and then a last word."""
    async with stream:
        with suppress(trio.BrokenResourceError):  # a door never raises for what the peer does
            await stream.send_all(heard)
            async for data in stream:
                await stream.send_all(data)
            await stream.send_all(b" - the end")


class Proxy:
    """A listening proxy, and those who dial it."""

    def __init__(self, front: ProxyFront) -> None:
        self.front = front
        self.port = 0

    async def dial(self) -> trio.SocketStream:
        return await trio.open_tcp_stream("127.0.0.1", self.port)

    async def hears(self, said: bytes) -> str:
        """Everything that comes back for these bytes, until the proxy closes."""
        async with await self.dial() as stream:
            await stream.send_all(said)
            return (await everything(stream)).decode()

    async def tunnel(self) -> trio.SocketStream:
        """To Apple, or so it seems."""
        stream = await self.dial()
        await stream.send_all(CONNECT)
        assert await stream.receive_some() == ESTABLISHED
        return stream


async def everything(stream: trio.abc.ReceiveStream) -> bytes:
    return b"".join([bytes(data) async for data in stream])


@asynccontextmanager
async def proxying(
    doors: Mapping[Destination, Door] | None = None, seconds: float = 20
) -> AsyncIterator[Proxy]:
    doors = {Destination.PUSH: echo} if doors is None else doors
    proxy = Proxy(ProxyFront(doors, seconds))
    async with trio.open_nursery() as links, trio.open_nursery() as accepting:
        serve = functools.partial(serve_port, proxy.front, "proxy", "127.0.0.1", 0, links)
        proxy.port = await accepting.start(serve)
        yield proxy
        accepting.cancel_scope.cancel()
        links.cancel_scope.cancel()


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async with proxying() as made:
        yield made


@pytest.fixture(autouse=True)
def _nothing_is_our_mistake(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    caplog.set_level("INFO")
    yield
    assert not [record for record in caplog.records if record.levelname in ("WARNING", "ERROR")]


async def test_bytes_pass_both_ways_and_half_a_close_is_half_a_close(proxy: Proxy) -> None:
    async with await proxy.tunnel() as stream:
        await stream.send_all(b"there and back")
        assert await stream.receive_some() == b"there and back"
        await stream.send_eof()
        assert await everything(stream) == b" - the end"


@pytest.mark.parametrize("size", [1, 7, len(CONNECT) - 1])
async def test_a_request_may_come_in_pieces(proxy: Proxy, size: int) -> None:
    async with await proxy.dial() as stream:
        for start in range(0, len(CONNECT), size):
            await stream.send_all(CONNECT[start : start + size])
            await trio.testing.wait_all_tasks_blocked()
        assert await stream.receive_some() == ESTABLISHED


async def test_what_a_client_says_before_the_tunnel_is_there_is_not_lost(proxy: Proxy) -> None:
    async with await proxy.dial() as stream:
        await stream.send_all(CONNECT + b"impatient")
        await stream.send_eof()
        assert await everything(stream) == ESTABLISHED + b"impatient - the end"


@pytest.mark.parametrize(
    "said",
    [
        f"CONNECT {APPLE}:2197 HTTP/1.1\r\nHost: other\r\nProxy-Connection: keep-alive\r\n\r\n",
        f"CONNECT {APPLE.upper()}:443 HTTP/1.1\r\nHost: x\r\nProxy-Authorization: Basic eA\r\n\r\n",
        f"CONNECT {APPLE}:443 HTTP/1.0\r\n\r\n",
    ],
)
async def test_clients_ask_in_their_own_ways(proxy: Proxy, said: str) -> None:
    async with await proxy.dial() as stream:
        await stream.send_all(said.encode())
        await stream.send_eof()
        answer = await everything(stream)
        assert answer.startswith(b"HTTP/1.1 200 Connection established\r\n")
        assert answer.endswith(b"\r\n\r\n - the end")


@pytest.mark.parametrize(
    "target", ["example.com:443", "127.0.0.1:22", "[::1]:443", f"{APPLE}:22", f"{APPLE}:65536"]
)
async def test_every_other_target_is_refused_in_words(
    proxy: Proxy, target: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await proxy.hears(f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    why = f"{target} is none of Apple's push hosts and ports"
    assert answer.startswith(f"HTTP/1.1 403 {why}\r\n")
    assert answer.endswith(f"\r\n\r\n{why}\n")
    assert re.search(rf"127.0.0.1:\d+: no tunnel: 403, {re.escape(why)}", caplog.text)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("CONNECT api.push.apple.com HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("CONNECT api.push.apple.com: HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("CONNECT api.push.apple.com:https HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"CONNECT {APPLE}:{'4' * 5000} HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        ("CONNECT / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (f"CONNECT {APPLE}:443 HTTP/1.1\r\n\r\n", 400),  # no Host
        (f"CONNECT {APPLE}:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 400),
        (f"CONNECT {APPLE}:443\r\n\r\n", 400),
        ("\x16\x03\x01\x02\x00\x01\x00\x01", 400),  # TLS to the proxy itself
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 405),
        ("GET http://api.push.apple.com/ HTTP/1.1\r\nHost: api.push.apple.com\r\n\r\n", 405),
        ("POST /3/device/ab HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi", 405),
        (f"CONNECT {APPLE}:443 HTTP/1.1\r\nX: {'x' * 2 * MAX_HEAD_BYTES}\r\n\r\n", 431),
        ("x" * (MAX_HEAD_BYTES + 1), 431),
        ("CONNECT api-manage-broadcast.push.apple.com:2196 HTTP/1.1\r\nHost: x\r\n\r\n", 502),
    ],
)
async def test_whoever_asks_for_no_tunnel_hears_why(proxy: Proxy, said: str, status: int) -> None:
    answer = await proxy.hears(said.encode("latin-1"))
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert ("allow: CONNECT" in answer) == (status == 405)
    head, _, body = answer.partition("\r\n\r\n")
    assert head.partition("\r\n")[0].endswith(body.strip())


async def test_whoever_says_nothing_in_time_is_told_and_let_go() -> None:
    async with proxying(seconds=0.05) as proxy, await proxy.dial() as stream:
        await stream.send_all(CONNECT[:20])
        assert (await everything(stream)).startswith(b"HTTP/1.1 408 no request within 0.05 s\r\n")


async def test_whoever_leaves_politely_or_not_is_no_news(proxy: Proxy) -> None:
    for said in (b"", CONNECT[:20], CONNECT):
        for polite in (True, False):
            stream = await proxy.dial()
            await stream.send_all(said) if said else None
            if not polite:
                stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            await stream.aclose()
    async with await proxy.tunnel():
        pass


async def test_too_many_who_have_not_asked_yet_are_dropped(
    proxy: Proxy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.proxy._AT_ONCE", 1)
    async with await proxy.dial() as first:
        await trio.testing.wait_all_tasks_blocked()
        async with await proxy.dial() as second:
            assert await everything(second) == b""
        assert "connection dropped: 1 have not said" in caplog.text
        caplog.clear()
        await first.send_all(CONNECT)
        assert await first.receive_some() == ESTABLISHED
        async with await proxy.tunnel():
            pass


async def test_a_bug_behind_a_door_ends_one_connection_and_the_proxy_lives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_stream: trio.SocketStream, _heard: bytes) -> None:
        raise ZeroDivisionError

    doors: dict[Destination, Door] = {Destination.PUSH: broken}
    async with proxying(doors) as proxy:
        for _ in range(2):
            assert (await proxy.hears(CONNECT)).encode() == ESTABLISHED
    bugs = [record.message for record in caplog.records if record.levelname == "ERROR"]
    assert bugs == ["a connection of the proxy ends: our mistake"] * 2
    caplog.clear()


async def test_a_drain_turns_away_whoever_has_no_tunnel_yet(proxy: Proxy) -> None:
    async with await proxy.tunnel() as tunnel, await proxy.dial() as early:
        await early.send_all(CONNECT[:20])
        await trio.testing.wait_all_tasks_blocked()
        proxy.front.drain()
        shutdown = b"HTTP/1.1 503 the gateway shuts down\r\n"
        assert (await everything(early)).startswith(shutdown)
        assert (await proxy.hears(CONNECT)).startswith(shutdown.decode())
        await tunnel.send_all(b"that of others is theirs")
        assert await tunnel.receive_some() == b"that of others is theirs"


async def test_a_provider_in_a_tunnel_is_a_provider_and_its_drain_is_said_inside(
    front_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    provider_front = Front(accepted).front
    listen = ListenSettings()

    async def door(stream: trio.SocketStream, heard: bytes) -> None:
        await provider_front.serve(stream, lambda: front_context, listen, heard)

    async with proxying({Destination.PUSH: door}) as proxy:
        tcp = await proxy.tunnel()
        tls = trio.SSLStream(tcp, client_context, server_hostname=APPLE)
        provider = Provider(tls)
        await provider.hello()
        assert await speaks(provider)
        [shown] = provider_front.statistics()
        port = tcp.socket.getsockname()[1]
        assert (shown.facts.peer, shown.facts.requested_name) == (f"127.0.0.1:{port}", APPLE)
        provider_front.drain()
        await provider.hear_out()
        assert provider.goaways[0].additional_data == b'{"reason":"Shutdown"}'
        await trio.aclose_forcefully(tcp)


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    said=st.binary(max_size=200)
    | st.text(max_size=60).map(lambda text: f"CONNECT {text} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    | st.binary(max_size=60).map(lambda data: CONNECT[:-2] + data + b"\r\n\r\n")
)
async def test_any_bytes_earn_an_answer_or_a_close(said: bytes) -> None:
    async with proxying() as proxy, await proxy.dial() as stream:
        await stream.send_all(said) if said else None
        await stream.send_eof()
        answer = await everything(stream)
        assert re.match(rb"HTTP/1\.1 (200|400|403|405|431|501|502) |$", answer)
