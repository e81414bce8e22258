"""A phone's network: what half-open means, byte by byte."""

from __future__ import annotations

import pytest
import trio
from trio.testing import (
    MockClock,
    memory_stream_pair,
    wait_all_tasks_blocked,
)

from devicesim.network import Interface, LostStreams, NetworkKind, PhoneNetwork, PhoneStream
from devicesim.network import lost as lost_module


def pair() -> tuple[PhoneNetwork, PhoneStream, LostStreams]:
    lost = LostStreams()
    network = PhoneNetwork(lost)
    near, far = memory_stream_pair()
    stream = network.paths[Interface.WIFI].wrap_stream(near)
    assert isinstance(stream, PhoneStream)
    return network, stream, far, lost


async def test_a_healthy_network_changes_nothing() -> None:
    _, near, far, lost = pair()
    await near.wait_send_all_might_not_block()
    await near.send_all(b"up")
    assert await far.receive_some() == b"up"
    await far.send_all(b"down")
    assert await near.receive_some() == b"down"
    await near.aclose()
    assert await far.receive_some() == b""
    assert len(lost) == 0


async def test_half_open_swallows_both_directions_and_the_end(autojump_clock: MockClock) -> None:
    network, near, far, _ = pair()
    network.switch(NetworkKind.HALF_OPEN)
    await near.wait_send_all_might_not_block()
    await near.send_all(b"up")
    await far.send_all(b"down")
    await far.aclose()
    with trio.move_on_after(3600) as waiting:
        await near.receive_some()
    assert waiting.cancelled_caught
    assert autojump_clock.current_time() == 3600


async def test_bytes_that_were_on_their_way_vanish_too(autojump_clock: MockClock) -> None:
    network, near, far, _ = pair()
    received = []

    async def receive() -> None:
        received.append(await near.receive_some())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(receive)
        await wait_all_tasks_blocked()
        network.switch(NetworkKind.HALF_OPEN)
        await far.send_all(b"down")
        await trio.sleep(3600)
        nursery.cancel_scope.cancel()
    assert received == []
    assert autojump_clock.current_time() == 3600


async def test_the_other_side_of_a_lost_stream_sees_no_end_until_it_is_let_go(
    autojump_clock: MockClock,
) -> None:
    network, near, far, lost = pair()
    network.switch(NetworkKind.HALF_OPEN)
    await near.aclose()
    await near.aclose()
    with trio.move_on_after(10) as waiting:
        await far.receive_some()
    assert waiting.cancelled_caught, "no FIN"
    await lost.sweep()
    assert len(lost) == 1
    await trio.sleep(lost_module.LOST_STREAM_SECONDS)
    await lost.sweep()
    assert await far.receive_some() == b""
    assert autojump_clock.current_time() > lost_module.LOST_STREAM_SECONDS


async def test_lost_streams_are_bounded_and_closed_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lost_module, "MAX_LOST_STREAMS", 2)
    lost, ends = LostStreams(), []
    for _ in range(3):
        near, far = memory_stream_pair()
        lost.keep(near)
        ends.append(far)
    await lost.sweep()
    assert len(lost) == 2
    assert await ends[0].receive_some() == b""
    await lost.aclose()
    assert [await end.receive_some() for end in ends] == [b"", b"", b""]


async def test_a_reset_does_not_reach_a_dark_phone(autojump_clock: MockClock) -> None:
    network, near, _, _ = pair()
    broken = trio.Event()

    async def break_later(_: object = None) -> bytes:
        await broken.wait()
        raise trio.BrokenResourceError("reset")

    near._stream.receive_some = break_later  # type: ignore[method-assign]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(near.receive_some)
        await wait_all_tasks_blocked()
        network.switch(NetworkKind.HALF_OPEN)
        broken.set()
        await trio.sleep(60)
        nursery.cancel_scope.cancel()
    assert autojump_clock.current_time() == 60


async def test_a_reset_reaches_a_healthy_one() -> None:
    _, near, far, _ = pair()
    near._stream.receive_some = _broken  # type: ignore[method-assign]
    with pytest.raises(trio.BrokenResourceError):
        await near.receive_some()
    await far.aclose()


async def _broken(_: object = None) -> bytes:
    await trio.lowlevel.checkpoint()
    raise trio.BrokenResourceError("reset")


async def test_there_is_no_path_while_half_open(autojump_clock: MockClock) -> None:
    network = PhoneNetwork(LostStreams(), NetworkKind.CELLULAR)
    path = network.paths[Interface.CELLULAR]
    await path.wait()
    network.switch(NetworkKind.HALF_OPEN)
    assert network.interfaces == {Interface.CELLULAR}, "the phone sees a healthy network"
    with trio.move_on_after(60) as waiting:
        await path.wait()
    assert waiting.cancelled_caught
    assert network.switch(NetworkKind.WIFI), "what was open is dead"
    await path.wait()
    assert network.interfaces == {Interface.WIFI}
    assert autojump_clock.current_time() == 60


@pytest.mark.parametrize(
    ("kind", "interfaces"),
    [
        ("wifi", {"WiFi"}),
        ("cellular", {"Cellular"}),
        ("wifi+cellular", {"WiFi", "Cellular"}),
        ("airplane", set()),
        ("none", set()),
    ],
)
def test_a_network_has_interfaces(kind: str, interfaces: set[str]) -> None:
    assert PhoneNetwork(LostStreams(), NetworkKind(kind)).interfaces == interfaces


async def test_a_stream_of_no_network_closes_like_any_other() -> None:
    near, far = memory_stream_pair()
    await PhoneStream(near, LostStreams()).aclose()
    assert await far.receive_some() == b""
