"""TlsStream against Trio's own SSLStream on the other end."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import memory_stream_pair

from certs.authority import Authority
from certs.contexts import courier_server_context, device_client_context
from devicesim.tls import TlsStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio.abc import Stream


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = Authority.create()
    ca_pem = authority.certificate_pem
    return (
        courier_server_context(authority.issue_server(["localhost"]), ca_pem),
        device_client_context(authority.issue_device("phone-1"), ca_pem),
    )


@asynccontextmanager
async def connected(
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
) -> AsyncIterator[tuple[TlsStream, trio.SSLStream[Stream], Stream]]:
    near, far = memory_stream_pair()
    server = trio.SSLStream(far, contexts[0], server_side=True)
    device = TlsStream(near, contexts[1], "localhost")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.do_handshake)
        await device.do_handshake()
    yield device, server, far
    await device.aclose()


Contexts = tuple[ssl.SSLContext, ssl.SSLContext]


async def test_bytes_go_both_ways_and_alpn_is_known(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, _):
        assert device.selected_alpn == "apnsim-msgpack-v1"
        await device.wait_send_all_might_not_block()
        await device.send_all(b"up")
        assert await server.receive_some() == b"up"
        await server.send_all(b"down")
        assert await device.receive_some() == b"down"


async def test_one_wake_reads_all_records_that_have_arrived(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, _):
        await server.send_all(b"a" * 40_000)
        await server.send_all(b"b")
        assert await device.receive_some() == b"a" * 40_000 + b"b"


async def test_more_than_a_record_is_sent_whole(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, _):
        data = bytes(range(256)) * 400
        await device.send_all(data)
        received = bytearray()
        while len(received) < len(data):
            received += await server.receive_some()
        assert received == data


async def test_a_goodbye_is_the_end_after_the_data_before_it(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, _):
        await server.send_all(b"last words")
        await server.aclose()
        assert await device.receive_some() == b"last words"
        assert await device.receive_some() == b""
        assert await device.receive_some() == b""


async def test_an_end_without_a_goodbye_is_a_broken_connection(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, far):
        await server.send_all(b"cut")
        await far.aclose()
        assert await device.receive_some() == b"cut"
        with pytest.raises(trio.BrokenResourceError) as caught:
            await device.receive_some()
        assert isinstance(caught.value.__cause__, ssl.SSLEOFError)


async def test_garbage_after_data_is_told_after_the_data(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, far):
        await server.send_all(b"good")
        await far.send_all(b"\x17\x03\x03\x00\x05wrong")
        assert await device.receive_some() == b"good"
        with pytest.raises(trio.BrokenResourceError):
            await device.receive_some()


async def test_our_goodbye_is_heard_and_what_is_still_sent_is_dropped(contexts: Contexts) -> None:
    async with connected(contexts) as (device, server, _):
        await server.send_all(b"on its way")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(device.say_goodbye)
            assert await server.receive_some() == b""
            await server.aclose()
        with pytest.raises(trio.BrokenResourceError):
            await device.send_all(b"after the end")


async def test_a_server_that_is_no_tls_server_or_leaves_breaks_the_handshake(
    contexts: Contexts,
) -> None:
    for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b""):
        near, far = memory_stream_pair()
        device = TlsStream(near, contexts[1], "localhost")
        await far.send_all(said)
        await far.send_eof()
        with pytest.raises(trio.BrokenResourceError) as caught:
            await device.do_handshake()
        assert isinstance(caught.value.__cause__, ssl.SSLError)


async def test_a_server_with_another_name_is_refused(contexts: Contexts) -> None:
    near, far = memory_stream_pair()
    server = trio.SSLStream(far, contexts[0], server_side=True)
    device = TlsStream(near, contexts[1], "courier.push.apple.com")

    async def serve() -> None:  # with TLS 1.3 it may learn of the refusal at its first read only
        with suppress(trio.BrokenResourceError):
            await server.do_handshake()
            await server.receive_some()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        with pytest.raises(trio.BrokenResourceError) as caught:
            await device.do_handshake()
        await device.aclose()
    assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
