"""The TCP below a provider's TLS."""

from __future__ import annotations

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.provider import tcp
from gateway.provider.listener import _peer_name


async def _pair() -> tuple[trio.SocketStream, trio.SocketStream]:
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listener.socket.getsockname()[1]
    theirs = await trio.open_tcp_stream("127.0.0.1", port)
    ours = await listener.accept()
    await listener.aclose()
    return ours, theirs


@pytest.mark.parametrize("quick_acknowledgements", [True, False])
async def test_it_is_a_stream_with_two_halves(
    monkeypatch: pytest.MonkeyPatch, quick_acknowledgements: bool
) -> None:
    if not quick_acknowledgements:  # not on Linux
        monkeypatch.setattr(tcp, "_QUICKACK", None)
    raw, theirs = await _pair()
    ours = tcp.ProviderSocket(raw)
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


async def test_closing_listens_to_the_last_words_so_that_ours_are_not_lost() -> None:
    raw, theirs = await _pair()
    ours = tcp.ProviderSocket(raw)
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


async def test_a_provider_that_never_closes_is_listened_to_for_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tcp, "LINGER_SECONDS", 0.01)
    raw, theirs = await _pair()
    with trio.fail_after(1):
        await tcp.ProviderSocket(raw).aclose()
    assert raw.socket.fileno() == -1
    await theirs.aclose()


async def test_cancelled_it_closes_at_once() -> None:
    raw, theirs = await _pair()
    await trio.aclose_forcefully(tcp.ProviderSocket(raw))
    assert raw.socket.fileno() == -1
    await theirs.aclose()


async def test_a_peer_already_gone_has_a_name_too() -> None:
    raw, theirs = await _pair()
    host, port = theirs.socket.getsockname()[:2]
    assert _peer_name(raw) == f"{host}:{port}"
    await raw.aclose()
    assert _peer_name(raw) == "a peer already gone"
    await theirs.aclose()
