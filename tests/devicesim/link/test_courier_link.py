"""The shell around the connection: one writer, bounds, ends."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import (
    MemoryReceiveStream,
    MemorySendStream,
    MockClock,
    lockstep_stream_pair,
    memory_stream_pair,
    wait_all_tasks_blocked,
)

from devicesim.link import courier_link as link_module
from devicesim.link.courier_link import CLOSE_SECONDS, CourierLink, open_link
from devicesim.link.dial import LinkError, SecureStream, say_goodbye
from devicesim.link.intervals import FixedInterval
from devicesim.link.keepalive import KeepAliveSweeper
from protocol.courier.compact import CompactCodec
from protocol.courier.connection import CourierConnection
from protocol.courier.messages import (
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    NoStorage,
    PushAck,
)
from protocol.courier.states import Role
from protocol.identifiers import UniqueId
from tests.devicesim.scripted_gateway import ScriptedGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WELCOME = ConnectResponse(ConnectStatus.OK, 0.0, 65536)


@asynccontextmanager
async def scripted() -> AsyncIterator[ScriptedGateway]:
    gateway = ScriptedGateway()
    async with trio.open_nursery() as nursery:
        gateway.nursery = nursery
        yield gateway
        nursery.cancel_scope.cancel()


def acks(count: int) -> list[PushAck]:
    return [PushAck(UniqueId.from_random(n.to_bytes(16))) for n in range(count)]


class Counted(trio.abc.Stream):
    """Counts writes; lets them through only while the gate is open."""

    def __init__(self, stream: trio.StapledStream[MemorySendStream, MemoryReceiveStream]) -> None:
        self.inner = stream
        self.writes: list[int] = []
        self.gate = trio.Event()
        self.gate.set()

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.writes.append(len(data))
        await self.gate.wait()
        await self.inner.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self.inner.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        return bytes(await self.inner.receive_some(max_bytes))

    async def aclose(self) -> None:
        await self.inner.aclose()


async def test_what_is_said_together_leaves_in_one_write() -> None:
    async with scripted() as gateway:
        streams = []

        async def dial() -> SecureStream:
            secure = await gateway.dial()
            streams.append(Counted(secure.stream))  # type: ignore[arg-type]
            return SecureStream(streams[0], secure.codec)

        async with open_link(dial) as link:
            before = len(streams[0].writes)
            link.send(Filter(), *acks(100))
            await gateway.hears(PushAck, 100)
            assert len(streams[0].writes) == before + 1


async def test_a_gateway_that_does_not_read_costs_bounded_memory_and_then_the_link(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "OUTBOX_MAX_BYTES", 10_000)
    async with scripted() as gateway:
        streams = []

        async def dial() -> SecureStream:
            secure = await gateway.dial()
            streams.append(Counted(secure.stream))  # type: ignore[arg-type]
            return SecureStream(streams[0], secure.codec)

        sent = 0
        async with open_link(dial) as link:
            link.send(Filter())
            streams[0].gate = trio.Event()
            while not link.reason:
                link.send(*acks(10))
                sent += 10
                await trio.lowlevel.checkpoint()
        assert link.reason == "the gateway does not read"
        assert sent < 500


async def test_the_reader_reads_nothing_more_while_the_outbox_is_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(link_module, "OUTBOX_ROOM_BYTES", 100)
    async with scripted() as gateway:
        streams = []

        async def dial() -> SecureStream:
            secure = await gateway.dial()
            streams.append(Counted(secure.stream))  # type: ignore[arg-type]
            return SecureStream(streams[0], secure.codec)

        async with open_link(dial) as link:
            link.send(Filter())
            await gateway.hears(Filter)
            assert await anext(link) == [NoStorage()]
            streams[0].gate = trio.Event()
            link.send(*acks(50))
            await wait_all_tasks_blocked()  # the writer is stuck with these
            link.send(*acks(50))
            await gateway.say(KeepAliveResponse())
            with trio.move_on_after(0.01) as waiting:
                await anext(link)
            assert waiting.cancelled_caught
            streams[0].gate.set()
            assert await anext(link) == [KeepAliveResponse()]
            await gateway.hears(PushAck, 100)


async def test_the_end_has_one_reason_and_what_is_said_after_it_is_lost() -> None:
    async with scripted() as gateway, open_link(gateway.dial) as link:
        link.end("first")
        link.end("second")
        link.send(KeepAlive())
        await trio.sleep_forever()
    assert link.reason == "first"
    assert gateway.all_heard(KeepAlive) == []


async def test_what_was_said_before_the_end_still_leaves() -> None:
    async with scripted() as gateway:
        async with open_link(gateway.dial) as link:
            link.send(Filter(), *acks(3))
            link.end("done")
            await trio.sleep_forever()
        await wait_all_tasks_blocked()
        assert len(gateway.all_heard(PushAck)) == 3


async def test_a_gateway_that_does_not_close_delays_the_goodbye_by_a_second(
    autojump_clock: MockClock,
) -> None:
    device_end, gateway_end = memory_stream_pair()
    core = CourierConnection(Role.GATEWAY, CompactCodec())

    async def dial() -> SecureStream:
        await trio.lowlevel.checkpoint()
        return SecureStream(device_end, CompactCodec())

    async with trio.open_nursery() as nursery:

        async def welcome() -> None:
            core.receive_data(bytes(await gateway_end.receive_some()))
            await gateway_end.send_all(core.send(WELCOME))

        nursery.start_soon(welcome)
        async with open_link(dial):
            pass
    assert autojump_clock.current_time() == CLOSE_SECONDS


async def test_a_gateway_that_never_reads_delays_the_goodbye_by_a_second_too(
    autojump_clock: MockClock,
) -> None:
    device_end, gateway_end = lockstep_stream_pair()
    core = CourierConnection(Role.GATEWAY, CompactCodec())

    async def dial() -> SecureStream:
        await trio.lowlevel.checkpoint()
        return SecureStream(device_end, CompactCodec())

    async with trio.open_nursery() as nursery:

        async def welcome() -> None:
            core.receive_data(bytes(await gateway_end.receive_some()))
            await gateway_end.send_all(core.send(WELCOME))

        nursery.start_soon(welcome)
        async with open_link(dial) as link:
            link.send(Filter())
            await wait_all_tasks_blocked()
    assert autojump_clock.current_time() == CLOSE_SECONDS


async def test_a_gateway_that_leaves_at_once_is_no_link() -> None:
    device_end, gateway_end = memory_stream_pair()
    await gateway_end.aclose()

    async def dial() -> SecureStream:
        await trio.lowlevel.checkpoint()
        return SecureStream(device_end, CompactCodec())

    with pytest.raises(LinkError, match="let go before it welcomed this device"):
        async with open_link(dial):
            pytest.fail("no link")


async def test_a_dial_that_takes_too_long_is_no_link(autojump_clock: MockClock) -> None:
    async def dial() -> SecureStream:
        await trio.sleep_forever()
        raise AssertionError

    with pytest.raises(LinkError, match="within 10 s"):
        async with open_link(dial):
            pytest.fail("no link")
    assert autojump_clock.current_time() == 10


async def test_a_writer_that_meets_a_broken_stream_ends_the_link() -> None:
    async with scripted() as gateway:
        streams = []

        async def dial() -> SecureStream:
            secure = await gateway.dial()
            streams.append(Counted(secure.stream))  # type: ignore[arg-type]
            return SecureStream(streams[0], secure.codec)

        async def broken(_: object) -> None:
            await trio.lowlevel.checkpoint()
            raise trio.BrokenResourceError

        async with open_link(dial) as link:
            streams[0].send_all = broken  # type: ignore[method-assign,assignment]
            link.send(KeepAlive())
            await trio.sleep_forever()
        assert link.reason == "connection lost: reset by the gateway"


async def test_saying_goodbye_to_a_stream_without_half_close_or_life_is_harmless() -> None:
    near, far = memory_stream_pair()
    await say_goodbye(Counted(near))
    await near.aclose()
    await say_goodbye(near)
    await far.aclose()


async def test_an_answer_that_was_not_asked_for_means_nothing() -> None:
    sweeper = KeepAliveSweeper(FixedInterval(5))
    device_end, _ = memory_stream_pair()
    link = CourierLink(SecureStream(device_end, CompactCodec()))
    pulse = sweeper.watch(link, "WiFi")
    pulse.hear_answer()
    assert pulse.answered == 0
    assert len(sweeper) == 1
    sweeper.forget(pulse)
    assert len(sweeper) == 0
