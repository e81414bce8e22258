"""The socket below TLS: how it closes, and what it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
import trio.lowlevel
from trio.testing import memory_stream_pair

from gateway.courier.tcp import DeviceSocket
from tests.io.phones import settled

if TYPE_CHECKING:
    from trio.testing import MockClock


async def test_what_is_on_its_way_survives_a_close_with_unread_bytes() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    port = listeners[0].socket.getsockname()[1]
    far = await trio.open_tcp_stream("127.0.0.1", port)
    near = DeviceSocket(await listeners[0].accept())
    near.prepare()
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
    await listeners[0].aclose()


async def test_the_peer_learns_of_a_close_at_once_and_ends_the_lingering(
    nursery: trio.Nursery, autojump_clock: MockClock
) -> None:
    far, near = memory_stream_pair()
    nursery.start_soon(DeviceSocket(near).aclose)
    assert await far.receive_some() == b""
    await far.aclose()
    await settled()
    assert autojump_clock.current_time() == 0


async def test_one_direction_can_be_ended_alone() -> None:
    far, near = memory_stream_pair()
    await DeviceSocket(near).send_eof()
    assert await far.receive_some() == b""
    await far.send_all(b"still")
    assert await DeviceSocket(near).receive_some() == b"still"


async def test_a_socket_does_not_linger_for_ever(autojump_clock: MockClock) -> None:
    far, near = memory_stream_pair()
    await DeviceSocket(near).aclose()
    assert await far.receive_some() == b""
    assert autojump_clock.current_time() == 1


async def test_closing_a_socket_that_the_peer_has_closed_is_quiet() -> None:
    far, near = memory_stream_pair()
    await far.send_all(b"last words")
    await far.aclose()
    await DeviceSocket(near).aclose()
    await DeviceSocket(near).aclose()


async def test_a_peer_that_has_gone_has_no_name() -> None:
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    far = await trio.open_tcp_stream("127.0.0.1", listeners[0].socket.getsockname()[1])
    near = await listeners[0].accept()
    socket = DeviceSocket(near)
    assert socket.peer == "{}:{}".format(*far.socket.getsockname())
    near.socket.close()
    socket.prepare()
    assert socket.peer == "a peer already gone"
    await far.aclose()
    await listeners[0].aclose()
