"""A phone's network: what half-open means, byte by byte."""

from __future__ import annotations

from random import Random
from typing import TypeAlias

import pytest
import trio
from trio.testing import (
    MemoryReceiveStream,
    MemorySendStream,
    MockClock,
    memory_stream_pair,
    wait_all_tasks_blocked,
)

from devicesim.network import (
    CLEAR,
    Conditions,
    Interface,
    LostStreams,
    NetworkEvent,
    NetworkKind,
    PhoneNetwork,
    PhoneStream,
)
from devicesim.network import lost as lost_module
from devicesim.network import stream as stream_module

Far: TypeAlias = trio.StapledStream[MemorySendStream, MemoryReceiveStream]


def pair() -> tuple[PhoneNetwork, PhoneStream, Far, LostStreams]:
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
    await PhoneStream(near, LostStreams(), Random()).aclose()
    assert await far.receive_some() == b""


# -- conditions --------------------------------------------------------------------------------


class Always(Random):
    """Dice that fall as they are told."""

    def __init__(self, *falls: float) -> None:
        super().__init__()
        self.falls = list(falls)

    def uniform(self, a: float, b: float) -> float:
        return a + (b - a) * self.falls.pop(0)


def slow(dice: Random | None = None, **conditions: object) -> tuple[PhoneStream, Far]:
    network = PhoneNetwork(LostStreams(), dice=dice)
    network.conditions = CLEAR.changed(conditions)  # type: ignore[arg-type]
    near, far = memory_stream_pair()
    stream = network.paths[Interface.WIFI].wrap_stream(near)
    assert isinstance(stream, PhoneStream)
    return stream, far


async def arrivals(stream: trio.abc.Stream, count: int) -> list[tuple[float, bytes]]:
    """When which bytes arrived."""
    came = []
    for _ in range(count):
        data = bytes(await stream.receive_some())
        came.append((round(trio.current_time(), 3), data))
    return came


async def test_bytes_are_late_both_ways(autojump_clock: MockClock) -> None:
    near, far = slow(latency_seconds=0.25)
    await near.send_all(b"up")
    assert await arrivals(far, 1) == [(0.25, b"up")]
    await far.send_all(b"down")
    assert await arrivals(near, 1) == [(0.5, b"down")]
    assert autojump_clock.current_time() == 0.5


async def test_what_follows_does_not_wait_for_what_is_on_its_way(autojump_clock: MockClock) -> None:
    near, far = slow(latency_seconds=1)

    async def talk() -> None:
        for word in (b"one", b"two", b"three"):
            await far.send_all(word)
            await trio.sleep(0.1)
        await far.aclose()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        came = await arrivals(near, 4)
    assert came == [(1.0, b"one"), (1.1, b"two"), (1.2, b"three"), (1.3, b"")]
    assert autojump_clock.current_time() == pytest.approx(1.3)


async def test_jitter_never_lets_bytes_overtake(autojump_clock: MockClock) -> None:
    near, far = slow(Always(1.0, 0.0), latency_seconds=1, jitter_seconds=3)

    async def talk() -> None:
        await far.send_all(b"late")
        await trio.sleep(0.1)
        await far.send_all(b"early")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(talk)
        assert await arrivals(near, 2) == [(4.0, b"late"), (4.0, b"early")]
    assert autojump_clock.current_time() == 4


async def test_a_narrow_network_takes_its_time(autojump_clock: MockClock) -> None:
    near, far = slow(bytes_per_second=1000)
    await near.send_all(bytes(2000))
    assert trio.current_time() == 2
    await far.send_all(bytes(500))
    assert [at for at, _ in await arrivals(near, 1)] == [2.5]
    assert autojump_clock.current_time() == 2.5


async def test_no_more_than_so_much_is_on_its_way(
    autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "ON_THE_WAY_BYTES", 10)
    near, far = slow(latency_seconds=1)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(arrivals, near, 1)
        await wait_all_tasks_blocked()
        await far.send_all(bytes(20))
        await wait_all_tasks_blocked()
        await far.send_all(b"more")
        await wait_all_tasks_blocked()
        assert sum(len(each) for _, each in near._coming) == 20
    assert await arrivals(near, 1) == [(2.0, b"more")]
    assert autojump_clock.current_time() == 2


async def test_a_piece_may_be_received_in_pieces() -> None:
    near, far = slow(nat_idle_seconds=60)
    await far.send_all(b"abc")
    assert [await near.receive_some(2), await near.receive_some(2)] == [b"ab", b"c"]


async def test_opening_a_connection_takes_a_round_trip(autojump_clock: MockClock) -> None:
    network = PhoneNetwork(LostStreams())
    network.conditions = CLEAR.changed({"latency_seconds": 2})
    await network.paths[Interface.CELLULAR].wait()
    assert autojump_clock.current_time() == 4


async def test_a_clear_network_keeps_nothing() -> None:
    near, far = slow()
    assert near._conditions is CLEAR
    await far.send_all(b"down")
    assert await near.receive_some() == b"down"
    assert len(near._coming) == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"latency_seconds": -1},
        {"jitter_seconds": float("nan")},
        {"bytes_per_second": 0},
        {"nat_idle_seconds": float("inf")},
        {"nat_answer": "shrug"},
        {"weather": "rain"},
    ],
)
def test_conditions_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"cannot be|NatAnswer|weather"):
        CLEAR.changed(wrong)  # type: ignore[arg-type]


def test_conditions_are_written_and_read_by_other_versions_too() -> None:
    conditions = CLEAR.changed({"latency_seconds": 0.5, "nat_answer": "reset"})
    assert Conditions.read(conditions.describe() | {"weather": "rain"}) == conditions
    assert Conditions.read({}) == CLEAR


# -- a NAT that forgets ------------------------------------------------------------------------


async def test_a_nat_forgets_a_silent_connection(autojump_clock: MockClock) -> None:
    near, far = slow(nat_idle_seconds=100)
    await trio.sleep(99)
    await near.send_all(b"in time")
    await trio.sleep(99)
    await far.send_all(b"in time")
    assert await near.receive_some() == b"in time"
    await trio.sleep(100)
    await far.send_all(b"too late")
    with trio.move_on_after(10):
        assert await near.receive_some() == b"never"
    await near.send_all(b"too late as well")
    assert await far.receive_some() == b"in time"
    with trio.move_on_after(10) as waiting:
        await far.receive_some()
    assert waiting.cancelled_caught
    assert autojump_clock.current_time() == 318


async def test_a_nat_may_answer_the_phone_with_a_reset(autojump_clock: MockClock) -> None:
    near, far = slow(nat_idle_seconds=100, nat_answer="reset")
    await trio.sleep(100)
    with pytest.raises(trio.BrokenResourceError, match="reset by the NAT"):
        await near.send_all(b"too late")
    await near.wait_send_all_might_not_block()
    await near.aclose()
    with trio.move_on_after(10) as waiting:
        await far.receive_some()
    assert waiting.cancelled_caught, "nobody tells the gateway"
    assert autojump_clock.current_time() == 110


# -- events ------------------------------------------------------------------------------------


async def test_a_reset_ends_both_sides() -> None:
    network, near, far, lost = pair()
    async with trio.open_nursery() as nursery:

        async def wait_for_it() -> None:
            with pytest.raises(trio.BrokenResourceError, match="reset by something"):
                await near.receive_some()

        nursery.start_soon(wait_for_it)
        await wait_all_tasks_blocked()
        await network.paths[Interface.WIFI].happen(NetworkEvent.RESET)
    with pytest.raises(trio.BrokenResourceError):
        await near.send_all(b"up")
    assert await far.receive_some() == b""
    await near.aclose()
    assert len(lost) == 0


async def test_a_reset_of_a_socket_is_a_reset_at_the_far_end_too() -> None:
    network = PhoneNetwork(LostStreams())
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    tcp = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
    far = await listener.accept()
    network.paths[Interface.WIFI].wrap_stream(tcp)
    await network.paths[Interface.WIFI].happen(NetworkEvent.RESET)
    with pytest.raises(trio.BrokenResourceError):
        await far.receive_some()
    await listener.aclose()
    await far.aclose()


async def test_a_connection_that_was_on_its_way_when_the_path_died_is_dark(
    autojump_clock: MockClock,
) -> None:
    network = PhoneNetwork(LostStreams())
    path = network.paths[Interface.WIFI]
    await path.wait()  # it was well
    network.switch(NetworkKind.HALF_OPEN)
    tcp, far = memory_stream_pair()
    near = path.wrap_stream(tcp)
    await near.send_all(b"up")
    with trio.move_on_after(60) as waiting:
        await far.receive_some()
    assert waiting.cancelled_caught
    assert autojump_clock.current_time() == 60


@pytest.mark.parametrize("first", [NetworkEvent.RESET, NetworkEvent.CUT_WAN])
async def test_what_has_ended_can_be_reset_until_the_phone_has_closed_it(
    first: NetworkEvent,
) -> None:
    network = PhoneNetwork(LostStreams())
    path = network.paths[Interface.WIFI]
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with listener:
        tcp = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
        near = path.wrap_stream(tcp)
        await path.happen(first)
        await path.happen(NetworkEvent.RESET)
        with pytest.raises(trio.BrokenResourceError, match="reset by something"):
            await near.send_all(b"up")


async def test_a_router_without_its_wan_side_shows_the_phone_a_healthy_link(
    autojump_clock: MockClock,
) -> None:
    network, near, far, lost = pair()
    path = network.paths[Interface.WIFI]
    await path.happen(NetworkEvent.CUT_WAN)
    assert await far.receive_some() == b"", "the service has none"
    await near.send_all(b"up")
    with trio.move_on_after(60) as waiting:
        await near.receive_some()
    assert waiting.cancelled_caught
    with trio.move_on_after(60) as waiting:
        await path.wait()
    assert waiting.cancelled_caught, "no way out until the router is mended"
    await near.aclose()
    assert len(lost) == 0
    assert network.switch(NetworkKind.WIFI)
    await path.wait()
    assert autojump_clock.current_time() == 120


@pytest.mark.parametrize("event", [NetworkEvent.HAND_OVER, NetworkEvent.FORGET_NAT])
async def test_connections_that_nobody_carries_any_more_stay_open_at_the_gateway(
    event: NetworkEvent, autojump_clock: MockClock
) -> None:
    network, near, far, lost = pair()
    path = network.paths[Interface.WIFI]
    await path.happen(event)
    await near.send_all(b"up")
    await near.aclose()
    with trio.move_on_after(60) as waiting:
        await far.receive_some()
    assert waiting.cancelled_caught
    assert len(lost) == 1
    await path.wait()
    assert autojump_clock.current_time() == 60, "new connections work"


async def test_the_gateway_does_not_notice_a_lost_connection_by_a_full_buffer() -> None:
    lost = LostStreams()
    network = PhoneNetwork(lost)
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    tcp = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
    far = await listener.accept()
    near = network.paths[Interface.WIFI].wrap_stream(tcp)
    network.switch(NetworkKind.HALF_OPEN)
    await near.aclose()
    piece, written = bytes(64 * 1024), 0
    with trio.fail_after(10):
        while written < 16 * 1024 * 1024:
            await far.send_all(piece)
            written += len(piece)
            await lost.sweep()
    await lost.aclose()
    await lost.sweep()
    await listener.aclose()
    await far.aclose()


class FullWire(trio.abc.Stream):
    """A stream that takes nothing until it is closed under the hands of whoever sends."""

    def __init__(self) -> None:
        self.closed = trio.Event()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:  # noqa: ARG002
        await self.closed.wait()
        raise trio.ClosedResourceError

    async def wait_send_all_might_not_block(self) -> None:
        await self.closed.wait()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:  # noqa: ARG002
        await self.closed.wait()
        return b""

    async def aclose(self) -> None:
        self.closed.set()
        await trio.lowlevel.checkpoint()


async def test_what_is_being_sent_when_the_router_cuts_its_wan_side_vanishes() -> None:
    path = PhoneNetwork(LostStreams()).paths[Interface.WIFI]
    phone = path.wrap_stream(FullWire())
    async with trio.open_nursery() as nursery:
        nursery.start_soon(phone.send_all, b"up")
        await wait_all_tasks_blocked()
        await path.happen(NetworkEvent.CUT_WAN)
    await phone.send_all(b"more")  # the phone goes on talking into the void
