"""TlsStream in either role, against Trio's own SSLStream on the other end."""

from __future__ import annotations

import ssl
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import (
    check_two_way_stream,
    lockstep_stream_pair,
    memory_stream_pair,
    wait_all_tasks_blocked,
)

from certs.authority import Authority
from certs.contexts import courier_server_context, device_client_context, provider_server_context
from certs.tls_stream import TlsStream
from tests.certs.tls import only, trusting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from trio.testing import MemoryReceiveStream, MemorySendStream

    from certs.leaf import Leaf

    Memory = trio.StapledStream[MemorySendStream, MemoryReceiveStream]

TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@dataclass
class Ends:
    """Ours and theirs, and what is below theirs."""

    ours: TlsStream
    theirs: trio.SSLStream[Memory]
    far: Memory
    near: Memory


@dataclass
class Contexts:
    server: ssl.SSLContext
    client: ssl.SSLContext

    def ends(self, *, we_serve: bool) -> Ends:
        """Before the handshake."""
        near, far = memory_stream_pair()
        ours, theirs = (self.server, self.client) if we_serve else (self.client, self.server)
        return Ends(
            TlsStream(
                near, ours, server_side=we_serve, server_hostname=None if we_serve else "localhost"
            ),
            trio.SSLStream(
                far,
                theirs,
                server_side=not we_serve,
                server_hostname="localhost" if we_serve else None,
            ),
            far,
            near,
        )


@pytest.fixture(params=[TLS12, TLS13])
def contexts(
    request: pytest.FixtureRequest, authority: Authority, server_leaf: Leaf, device_leaf: Leaf
) -> Contexts:
    ca_pem = authority.certificate_pem
    return Contexts(
        courier_server_context(server_leaf, ca_pem),
        only(request.param, device_client_context(device_leaf, ca_pem)),
    )


async def at_once(*tasks: Callable[[], Awaitable[object]]) -> None:
    async with trio.open_nursery() as nursery:
        for task in tasks:
            nursery.start_soon(task)


@pytest.fixture(params=[True, False], ids=["server", "client"])
async def ends(request: pytest.FixtureRequest, contexts: Contexts) -> Ends:
    ends = contexts.ends(we_serve=request.param)
    await at_once(ends.ours.do_handshake, ends.theirs.do_handshake)
    return ends


def pieces(stream: Memory) -> list[int]:
    """The sizes of what is sent on a stream from now on, write by write."""
    sizes: list[int] = []
    send_all = stream.send_all

    async def noted(data: bytes | bytearray | memoryview) -> None:
        sizes.append(len(data))
        await send_all(data)

    stream.send_all = noted  # type: ignore[method-assign]
    return sizes


# -- talking ---------------------------------------------------------------------------------------


async def test_bytes_go_both_ways(ends: Ends) -> None:
    await ends.ours.wait_send_all_might_not_block()
    await ends.theirs.send_all(b"to us")
    assert await ends.ours.receive_some() == b"to us"
    await ends.ours.send_all(b"")
    await ends.ours.send_all(bytearray(b"to them"))
    assert await ends.theirs.receive_some() == b"to them"


async def test_what_was_agreed_in_the_handshake_is_known(
    contexts: Contexts, device_leaf: Leaf, server_leaf: Leaf
) -> None:
    for we_serve, leaf in ((True, device_leaf), (False, server_leaf)):
        ends = contexts.ends(we_serve=we_serve)
        assert ends.ours.server_hostname == (None if we_serve else "localhost")
        await at_once(ends.ours.do_handshake, ends.theirs.do_handshake)
        assert ends.ours.server_hostname == "localhost"
        assert ends.ours.selected_alpn_protocol() == "apnsim-msgpack-v1"
        assert ends.ours.peer_certificate is not None
        shown = ssl.DER_cert_to_PEM_cert(ends.ours.peer_certificate)
        assert shown.strip() in leaf.certificate_pem.decode()


async def test_a_client_that_shows_nothing_and_wants_nothing_is_nobody(
    authority: Authority, server_leaf: Leaf
) -> None:
    server = provider_server_context(server_leaf, client_ca_pem=authority.certificate_pem)
    ends = Contexts(server, trusting(authority.certificate_pem)).ends(we_serve=True)
    await at_once(ends.ours.do_handshake, ends.theirs.do_handshake)
    assert ends.ours.peer_certificate is None
    assert ends.ours.selected_alpn_protocol() is None


async def test_one_wake_reads_all_records_that_have_arrived(ends: Ends) -> None:
    await ends.theirs.send_all(b"a" * 40_000)
    await ends.theirs.send_all(b"b")
    assert await ends.ours.receive_some() == b"a" * 40_000 + b"b"


async def test_no_more_is_returned_than_was_asked_for(ends: Ends) -> None:
    await ends.theirs.send_all(b"a" * 20_000)
    await ends.theirs.send_all(b"bc")
    taken = [len(await ends.ours.receive_some(9_000)) for _ in range(3)]
    assert taken == [9_000, 9_000, 2_002]
    await ends.theirs.send_all(b"next")
    assert await ends.ours.receive_some(1) == b"n"
    assert await ends.ours.receive_some(10) == b"ext"


async def test_a_record_may_arrive_in_parts(ends: Ends) -> None:
    halves: list[bytes] = []
    send_all = ends.far.send_all

    async def hold_back(data: bytes | bytearray | memoryview) -> None:
        halves.append(bytes(data))

    ends.far.send_all = hold_back  # type: ignore[method-assign]
    await ends.theirs.send_all(b"whole")
    await ends.theirs.send_all(b"halved")
    first, second = halves
    await send_all(first + second[:9])
    assert await ends.ours.receive_some() == b"whole"
    received: list[bytes] = []

    async def receive() -> None:
        received.append(await ends.ours.receive_some())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await wait_all_tasks_blocked()
        await send_all(second[9:12])
        await wait_all_tasks_blocked()
        assert not received
        await send_all(second[12:])
    assert received == [b"halved"]


async def test_many_records_leave_in_one_write_and_much_in_bounded_pieces(ends: Ends) -> None:
    sizes = pieces(ends.near)
    await ends.ours.send_all(b"x" * 200_000)
    assert len(sizes) == 1
    data = bytes(range(256)) * 4_000
    received = bytearray()

    async def receive() -> None:
        while len(received) < 200_000 + len(data):
            received.extend(await ends.theirs.receive_some())

    await at_once(receive, lambda: ends.ours.send_all(data))
    assert received == b"x" * 200_000 + data
    assert len(sizes) == 1 + 4
    assert max(sizes) < 300_000


async def test_much_arrives_whole_while_as_much_is_sent(ends: Ends) -> None:
    data = bytes(range(256)) * 4_000

    async def receive(stream: trio.abc.Stream) -> None:
        received = bytearray()
        while len(received) < len(data):
            received += await stream.receive_some()
        assert received == data

    async with trio.open_nursery() as nursery:
        for stream in (ends.ours, ends.theirs):
            nursery.start_soon(receive, stream)
            nursery.start_soon(stream.send_all, data)


async def test_what_came_with_the_handshake_is_not_forgotten(contexts: Contexts) -> None:
    ends = contexts.ends(we_serve=True)

    async def greet() -> None:
        await ends.theirs.send_all(b"hello")

    await at_once(greet, ends.ours.do_handshake)
    assert await ends.ours.receive_some() == b"hello"


@pytest.mark.parametrize("version", [TLS12, TLS13])
async def test_session_tickets_leave_with_the_first_write(
    authority: Authority, server_leaf: Leaf, version: ssl.TLSVersion
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # unlike ours: it hands out tickets
    server_leaf.configure(server)
    client = only(version, trusting(authority.certificate_pem))
    ends = Contexts(server, client).ends(we_serve=True)
    await at_once(ends.ours.do_handshake, ends.theirs.do_handshake)
    sizes = pieces(ends.near)
    await ends.ours.send_all(b"x")
    assert (sum(sizes) > 100) == (version is TLS13)
    assert await ends.theirs.receive_some() == b"x"


async def test_a_flood_of_answers_that_only_tls_wants_ends_the_link(ends: Ends) -> None:
    # As a client leaves behind that asks for renegotiation all the time (TLS 1.2).
    ends.ours._outgoing.write(b"alert" * 4_000)
    with pytest.raises(trio.BrokenResourceError, match="over and over"):
        await ends.ours.receive_some()


# -- the end ---------------------------------------------------------------------------------------


async def test_a_goodbye_is_the_end_after_the_data_before_it(ends: Ends) -> None:
    await ends.theirs.send_all(b"last words")
    await ends.theirs.aclose()
    assert await ends.ours.receive_some() == b"last words"
    assert await ends.ours.receive_some() == b""
    assert await ends.ours.receive_some() == b""
    await ends.ours.aclose()


async def test_after_their_goodbye_we_may_still_talk(ends: Ends) -> None:
    with suppress(ssl.SSLWantReadError):
        ends.theirs._ssl_object.unwrap()
    await ends.far.send_all(ends.theirs._outgoing.read())
    assert await ends.ours.receive_some() == b""
    await ends.ours.send_all(b"answer")
    ends.theirs._incoming.write(await ends.far.receive_some())
    assert ends.theirs._ssl_object.read(100) == b"answer"


async def test_an_end_without_a_goodbye_is_a_broken_connection_and_no_reason_for_an_alert(
    ends: Ends,
) -> None:
    await ends.theirs.send_all(b"cut")
    await ends.far.send_eof()
    assert await ends.ours.receive_some() == b"cut"
    for _ in range(2):
        with pytest.raises(trio.BrokenResourceError) as caught:
            await ends.ours.receive_some()
        assert isinstance(caught.value.__cause__, ssl.SSLEOFError)
    with pytest.raises(trio.BrokenResourceError) as caught:
        await ends.ours.send_all(b"answer")
    assert isinstance(caught.value.__cause__, ssl.SSLEOFError)
    await ends.ours.aclose()
    assert await ends.far.receive_some() == b""


async def test_garbage_is_told_after_the_data_before_it_and_answered_with_an_alert(
    ends: Ends,
) -> None:
    await ends.theirs.send_all(b"good")
    await ends.far.send_all(b"\x17\x03\x03\x00\x20" + b"g" * 32)
    assert await ends.ours.receive_some() == b"good"
    for _ in range(2):
        with pytest.raises(trio.BrokenResourceError) as caught:
            await ends.ours.receive_some()
        assert "bad record mac" in str(caught.value.__cause__)
    await ends.ours.aclose()
    with pytest.raises(trio.BrokenResourceError) as caught:
        await ends.theirs.receive_some()
    assert "alert bad record mac" in str(caught.value.__cause__)


async def test_a_close_says_goodbye_and_does_not_wait_for_an_answer(ends: Ends) -> None:
    await ends.ours.send_all(b"last words")
    await ends.ours.aclose()
    await ends.ours.aclose()
    assert await ends.theirs.receive_some() == b"last words"
    assert await ends.theirs.receive_some() == b""
    with pytest.raises(trio.ClosedResourceError):
        await ends.ours.receive_some()
    with pytest.raises(trio.ClosedResourceError):
        await ends.ours.send_all(b"more")


async def test_a_close_that_nobody_hears_is_quiet(ends: Ends) -> None:
    await ends.far.aclose()
    await ends.ours.aclose()


async def test_our_goodbye_is_heard_and_what_is_still_sent_is_dropped(ends: Ends) -> None:
    await ends.theirs.send_all(b"on its way")

    async def leave() -> None:
        assert await ends.theirs.receive_some() == b""
        await ends.theirs.aclose()

    await at_once(ends.ours.say_goodbye, leave)
    with pytest.raises(trio.BrokenResourceError):
        await ends.ours.send_all(b"after the end")


# -- cancellation, and peers that do not read ------------------------------------------------------


async def test_a_cancelled_receive_loses_nothing(ends: Ends) -> None:
    for _ in range(2):  # before anything has come, and with something at hand
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(ends.ours.receive_some)
                await wait_all_tasks_blocked()
                scope.cancel()
        with trio.CancelScope() as scope:
            scope.cancel()
            await ends.ours.receive_some()
        assert scope.cancelled_caught
        await ends.theirs.send_all(b"ab")
        assert await ends.ours.receive_some(1) == b"a"
        with trio.CancelScope() as scope:
            scope.cancel()
            await ends.ours.receive_some()
        assert await ends.ours.receive_some() == b"b"


def clog(stream: Memory) -> None:
    """From now on what is sent on a stream arrives, and the sender does not learn of it."""
    deliver = stream.send_stream.send_all_hook
    assert deliver is not None

    async def wait() -> None:
        await deliver()
        await trio.sleep_forever()

    stream.send_stream.send_all_hook = wait


async def test_a_cancelled_send_ends_sending_and_nothing_else(ends: Ends) -> None:
    clog(ends.near)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ends.ours.send_all, b"unread")
            await wait_all_tasks_blocked()
            with pytest.raises(trio.BusyResourceError):
                await ends.ours.send_all(b"in between")
            scope.cancel()
    with pytest.raises(trio.BrokenResourceError, match="cut off"):
        await ends.ours.send_all(b"more")
    await ends.theirs.send_all(b"still heard")
    assert await ends.ours.receive_some() == b"still heard"
    await ends.ours.aclose()  # says nothing: that would wait for ever


async def test_a_send_that_was_cancelled_before_it_began_costs_nothing(ends: Ends) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await ends.ours.send_all(b"never")
    assert scope.cancelled_caught
    await ends.ours.send_all(b"only this")
    assert await ends.theirs.receive_some() == b"only this"


async def test_closing_under_a_send_that_waits_says_nothing_more(ends: Ends) -> None:
    clog(ends.near)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ends.ours.send_all, b"sent")
        await wait_all_tasks_blocked()
        await ends.ours.aclose()
        nursery.cancel_scope.cancel()
    assert await ends.theirs.receive_some() == b"sent"
    with pytest.raises(trio.BrokenResourceError):
        await ends.theirs.receive_some()


async def test_a_goodbye_to_a_peer_that_does_not_read_can_be_cut_short(ends: Ends) -> None:
    clog(ends.near)
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ends.ours.aclose)
            await wait_all_tasks_blocked()
            scope.cancel()
    with pytest.raises(trio.BrokenResourceError):
        await ends.far.send_all(b"anybody there?")  # closed below, too
    with pytest.raises(trio.ClosedResourceError):
        await ends.ours.receive_some()


async def test_a_mistake_below_is_told_and_the_stream_below_is_closed(ends: Ends) -> None:
    async def fail() -> None:
        raise RuntimeError("a bug")

    ends.near.send_stream.send_all_hook = fail
    with pytest.raises(RuntimeError, match="a bug"):
        await ends.ours.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await ends.far.send_all(b"anybody there?")


async def test_trios_own_test_of_streams_is_passed(contexts: Contexts) -> None:
    async def pair(near: trio.abc.Stream, far: trio.abc.Stream) -> tuple[TlsStream, TlsStream]:
        client = TlsStream(near, contexts.client, server_hostname="localhost")
        server = TlsStream(far, contexts.server, server_side=True)
        await at_once(client.do_handshake, server.do_handshake)
        return client, server

    async def buffered() -> tuple[TlsStream, TlsStream]:
        return await pair(*memory_stream_pair())

    async def lockstep() -> tuple[TlsStream, TlsStream]:
        return await pair(*lockstep_stream_pair())

    await check_two_way_stream(buffered, lockstep)


# -- handshakes that fail --------------------------------------------------------------------------


async def test_a_server_that_is_no_tls_server_or_leaves_breaks_the_handshake(
    contexts: Contexts,
) -> None:
    for said in (b"HTTP/1.1 400 Bad Request\r\n\r\n", b""):
        ends = contexts.ends(we_serve=False)
        await ends.far.send_all(said)
        await ends.far.send_eof()
        with pytest.raises(trio.BrokenResourceError) as caught:
            await ends.ours.do_handshake()
        assert isinstance(caught.value.__cause__, ssl.SSLError)


@pytest.mark.parametrize(
    ("said", "why", "alert"),
    [
        (b"POST /3/device/00 HTTP/1.1\r\nhost: localhost\r\n\r\n", "http request", None),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "wrong version number", None),
        (b"\x16\x03\x01\x00\x05nonsense", "unexpected message", 10),
        (b"", "eof", 50),  # Python's words for it have changed
    ],
)
async def test_a_client_that_does_not_speak_tls_is_told_so_if_tls_can(
    contexts: Contexts, said: bytes, why: str, alert: int | None
) -> None:
    ends = contexts.ends(we_serve=True)
    await ends.far.send_all(said)
    await ends.far.send_eof()
    with pytest.raises(trio.BrokenResourceError) as caught:
        await ends.ours.do_handshake()
    assert why in str(caught.value.__cause__).lower()
    await ends.ours.aclose()
    heard = b"".join([piece async for piece in ends.far])
    assert heard == (b"" if alert is None else bytes([0x15, 3, heard[2], 0, 2, 2, alert]))


async def test_a_device_of_another_ca_hears_why_it_is_refused(contexts: Contexts) -> None:
    stranger = Authority.create().issue_device("phone-1")
    stranger.configure(contexts.client)
    ends = contexts.ends(we_serve=True)

    async def join() -> None:  # with TLS 1.3 the refusal does not come before the first read
        await ends.theirs.do_handshake()
        await ends.theirs.receive_some()

    async def learn() -> None:
        with pytest.raises(trio.BrokenResourceError) as caught:
            await join()
        assert "alert unknown ca" in str(caught.value.__cause__)

    async def refuse() -> None:
        with pytest.raises(trio.BrokenResourceError) as caught:
            await ends.ours.do_handshake()
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        await ends.ours.aclose()

    await at_once(learn, refuse)


async def test_a_server_with_another_name_is_refused(
    contexts: Contexts, authority: Authority
) -> None:
    contexts.server = courier_server_context(
        authority.issue_server(["elsewhere"]), authority.certificate_pem
    )
    ends = contexts.ends(we_serve=False)

    async def serve() -> None:  # with TLS 1.3 it may learn of the refusal at its first read only
        with suppress(trio.BrokenResourceError):
            await ends.theirs.do_handshake()
            await ends.theirs.receive_some()

    async def visit() -> None:
        with pytest.raises(trio.BrokenResourceError) as caught:
            await ends.ours.do_handshake()
        assert isinstance(caught.value.__cause__, ssl.SSLCertVerificationError)
        await ends.ours.aclose()

    await at_once(serve, visit)


async def test_an_alert_that_nobody_hears_changes_nothing(contexts: Contexts) -> None:
    ends = contexts.ends(we_serve=True)
    await ends.far.send_all(b"\x16\x03\x01\x00\x05nonsense")
    await ends.far.aclose()
    with pytest.raises(trio.BrokenResourceError) as caught:
        await ends.ours.do_handshake()
    assert "unexpected message" in str(caught.value.__cause__)
