"""The TCP connection below TLS: how it sends, how it closes, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import memory_stream_pair, wait_all_tasks_blocked

from gateway import tcp
from gateway.tcp import AcceptedSocket

if TYPE_CHECKING:
    from trio.testing import MockClock


async def _pair() -> tuple[trio.SocketStream, trio.SocketStream]:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    theirs = await trio.open_tcp_stream("127.0.0.1", port)
    ours = await listener.accept()
    await listener.aclose()
    return ours, theirs


@pytest.mark.parametrize("is_linux", [True, False])
async def test_it_is_a_stream_with_two_halves(
    monkeypatch: pytest.MonkeyPatch, is_linux: bool
) -> None:
    if not is_linux:
        monkeypatch.setattr(tcp, "_QUICKACK", None)
    raw, theirs = await _pair()
    ours = AcceptedSocket(raw, acknowledges_quickly=True)
    await theirs.send_all(b"question")
    assert await ours.receive_some(100) == b"question"
    await ours.wait_send_all_might_not_block()
    await ours.send_all(b"answer")
    await ours.send_eof()
    assert await theirs.receive_some() == b"answer"
    assert await theirs.receive_some() == b""
    await theirs.aclose()
    await ours.aclose()
    await ours.aclose()


async def test_one_direction_can_be_ended_alone() -> None:
    far, near = memory_stream_pair()
    await AcceptedSocket(near).send_eof()
    assert await far.receive_some() == b""
    await far.send_all(b"still")
    assert await AcceptedSocket(near).receive_some() == b"still"


async def test_any_stream_will_do() -> None:
    far, near = memory_stream_pair()
    ours = AcceptedSocket(near, acknowledges_quickly=True)
    ours.give_up_after(60_000)
    assert ours.peer == "a stream"
    await ours.send_all(b"down")
    assert await far.receive_some() == b"down"
    await far.send_all(b"up")
    assert await ours.receive_some() == b"up"


# -- sending ---------------------------------------------------------------------------------------


async def test_what_the_kernel_does_not_take_at_once_is_sent_as_the_peer_reads() -> None:
    raw, theirs = await _pair()
    ours = AcceptedSocket(raw)
    data = bytes(range(256)) * 50_000
    received = bytearray()

    async def send() -> None:
        await ours.send_all(data)
        await ours.send_eof()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(send)
        await wait_all_tasks_blocked()  # the peer has not read: the rest waits
        async for piece in theirs:
            received += piece
    assert received == data
    await theirs.aclose()
    await ours.aclose()


async def test_nothing_is_sent_once_cancelled() -> None:
    raw, theirs = await _pair()
    ours = AcceptedSocket(raw)
    with trio.CancelScope() as scope:
        scope.cancel()
        await ours.send_all(b"never")
    assert scope.cancelled_caught
    await ours.send_all(b"only this")
    assert await theirs.receive_some() == b"only this"
    await theirs.aclose()
    await ours.aclose()


@pytest.mark.parametrize("data", [b"", b"more"])
async def test_sending_after_the_end_is_a_mistake_of_ours(data: bytes) -> None:
    raw, theirs = await _pair()
    ours = AcceptedSocket(raw)
    await ours.send_eof()
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(data)
    await theirs.aclose()
    await ours.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(data)


async def test_a_peer_that_has_gone_breaks_the_stream() -> None:
    raw, theirs = await _pair()
    ours = AcceptedSocket(raw)
    await ours.send_all(b"unread")
    await theirs.aclose()  # with unread bytes: a reset
    with pytest.raises(trio.BrokenResourceError):
        await ours.send_all(b"more")
    await ours.aclose()


# -- closing ---------------------------------------------------------------------------------------


async def test_what_is_on_its_way_survives_a_close_with_unread_bytes() -> None:
    raw, far = await _pair()
    near = AcceptedSocket(raw)
    near.give_up_after(60_000)
    await far.send_all(b"unread")
    await near.wait_send_all_might_not_block()
    await near.send_all(b"last words")
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(near.aclose)
            heard = b""
            async for data in far:
                heard += data
            await far.aclose()
    assert heard == b"last words"


async def test_closing_listens_to_the_last_words_so_that_ours_are_not_lost() -> None:
    raw, theirs = await _pair()
    ours = AcceptedSocket(raw)
    async with trio.open_nursery() as nursery:
        await theirs.send_all(b"unread" * 1000)
        await ours.send_all(b"goodbye")
        nursery.start_soon(ours.aclose)
        await wait_all_tasks_blocked()
        for _ in range(3):  # to a closed socket, the second of these fails
            await theirs.send_all(b"more")
        assert await theirs.receive_some() == b"goodbye"
        assert await theirs.receive_some() == b""
        await theirs.aclose()


async def test_the_peer_learns_of_a_close_at_once_and_ends_the_lingering(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    far, near = memory_stream_pair()
    nursery.start_soon(AcceptedSocket(near).aclose)
    assert await far.receive_some() == b""
    await far.aclose()
    await wait_all_tasks_blocked()
    assert autojump_clock.current_time() == 0


async def test_a_socket_does_not_linger_for_ever(autojump_clock: MockClock) -> None:
    far, near = memory_stream_pair()
    await AcceptedSocket(near).aclose()
    assert await far.receive_some() == b""
    assert autojump_clock.current_time() == 1


async def test_a_peer_that_never_closes_is_listened_to_for_as_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "LINGER_SECONDS", 0.01)
    raw, theirs = await _pair()
    with trio.fail_after(1):
        await AcceptedSocket(raw).aclose()
    assert raw.socket.fileno() == -1
    await theirs.aclose()


async def test_cancelled_it_closes_at_once() -> None:
    raw, theirs = await _pair()
    await trio.aclose_forcefully(AcceptedSocket(raw))
    assert raw.socket.fileno() == -1
    await theirs.aclose()


async def test_closing_a_socket_that_the_peer_has_closed_is_quiet() -> None:
    far, near = memory_stream_pair()
    await far.send_all(b"last words")
    await far.aclose()
    await AcceptedSocket(near).aclose()
    await AcceptedSocket(near).aclose()


# -- names -----------------------------------------------------------------------------------------


async def test_a_peer_that_has_gone_has_no_name() -> None:
    raw, far = await _pair()
    ours = AcceptedSocket(raw)
    assert ours.peer == "{}:{}".format(*far.socket.getsockname())
    raw.socket.close()
    ours.give_up_after(60_000)
    assert ours.peer == "a peer already gone"
    await far.aclose()
