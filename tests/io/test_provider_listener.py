"""The provider front on real sockets: ports, accepting, drain, close (clients.md §2, 24, 29)."""

from __future__ import annotations

import functools
import re
import socket
import struct
import time
from typing import TYPE_CHECKING, Never

import pytest
import trio

from gateway.ports import PortError
from gateway.provider.listener import (
    ListenSettings,
    serve_providers,
)
from tests.io.provider_front import Front, Listen, speaks, until_end
from tests.io.streams import Held, accepted

if TYPE_CHECKING:
    import ssl


async def test_a_port_in_use_is_named_to_the_caller(
    nursery: trio.Nursery, front_context: ssl.SSLContext
) -> None:
    front = Front(accepted).front
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = ListenSettings(ports=(0, port))
        with pytest.raises(PortError, match=f"provider port {port} of 127.0.0.1: Address already"):
            await serve_providers(front, lambda: front_context, settings, nursery)


async def test_several_ports_are_reported_in_order(
    nursery: trio.Nursery, front_context: ssl.SSLContext
) -> None:
    front = Front(accepted).front
    settings = ListenSettings(ports=(0, 0))
    ports = await nursery.start(serve_providers, front, lambda: front_context, settings, nursery)
    assert len(set(ports)) == 2
    for port in ports:
        await (await trio.open_tcp_stream("127.0.0.1", port)).aclose()
    nursery.cancel_scope.cancel()


async def test_accepting_stops_and_serving_goes_on(
    front_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    held = Held()
    made = Front(held)
    async with trio.open_nursery() as sessions:
        async with trio.open_nursery() as accepting:
            serve = functools.partial(
                serve_providers,
                made.front,
                lambda: front_context,
                ListenSettings(ports=(0,)),
                sessions,
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
        assert await speaks(early)
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


@pytest.mark.alone
async def test_b24_after_goaway_tcp_is_closed_at_once_and_nothing_is_lost(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    """Unread bytes from the provider must not turn our FIN into a reset."""
    async with listening() as front:
        provider = await front.dial(client_context)
        assert await speaks(provider)
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
        assert await speaks(provider)
        sock = provider.stream.transport_stream
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await trio.aclose_forcefully(sock)
        with trio.fail_after(5):
            while front.front.statistics():
                await trio.lowlevel.checkpoint()
    assert not [record for record in caplog.records if record.levelname != "INFO"]


@pytest.mark.alone
async def test_b29_a_request_in_two_writes_is_not_held_up_by_delayed_acknowledgements(
    listening: Listen, client_context: ssl.SSLContext
) -> None:
    """hyper clients leave Nagle on: each request cost 40 ms."""
    async with listening() as front:
        provider = await front.dial(client_context)
        tcp = provider.stream.transport_stream
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        await speaks(provider)
        started = time.perf_counter()
        for _ in range(10):
            number = provider.ask(None, end=False)
            await provider.flush()
            provider.core.send_data(number, b"{}", end_stream=True)
            await provider.flush()
            await provider.answer(number)
        assert time.perf_counter() - started < 0.3


async def test_a_bug_of_ours_ends_one_connection_and_the_server_lives(
    listening: Listen, client_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_facts: object, _handle: object) -> Never:
        raise ZeroDivisionError

    async with listening() as front:
        works, front.front.make_answer = front.front.make_answer, broken
        assert await until_end((await front.dial(client_context)).stream)
        front.front.make_answer = works
        assert await speaks(await front.dial(client_context))
    (record,) = [r for r in caplog.records if r.levelname == "ERROR"]
    assert re.fullmatch(r"the connection of 127\.0\.0\.1:\d+ ends: our mistake", record.message)
    assert record.exc_info is not None
