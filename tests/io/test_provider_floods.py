"""Providers that flood us or do not read: bounded work, bounded memory, bounded time."""

# ruff: noqa: ARG002 - autojump_clock does its work by being there

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import lockstep_stream_pair, wait_all_tasks_blocked

from gateway.provider.contract import ConnectionSettings
from tests.io.streams import (
    EMPTY_SETTINGS,
    Held,
    Provider,
    accepted,
    connect,
    frame,
    new_gateway,
    refused,
)

if TYPE_CHECKING:
    from collections.abc import Callable


class TestFloods:
    async def test_rapid_reset_is_stopped(self, nursery: trio.Nursery, library: str) -> None:
        """CVE-2023-44487."""
        held = Held()
        provider, gateway = connect(nursery, held, library, resets_at_once=50, resets_per_second=1)
        await provider.hello()
        with trio.fail_after(10):
            while not gateway.connection._finishing:
                for _ in range(10):
                    provider.core.reset_stream(provider.ask(), 8)
                await provider.flush()
                await wait_all_tasks_blocked()
        await provider.hear_out()
        assert provider.goaways[0].error_code == 11
        assert gateway.connection.statistics().requests_withdrawn <= 60

    async def test_resets_now_and_then_are_forgiven_for_ever(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, Held(), library, resets_at_once=5, resets_per_second=1)
        await provider.hello()
        for _ in range(40):
            provider.core.reset_stream(await provider.post(), 8)
            await provider.flush()
            await trio.sleep(1.1)
        assert gateway.connection.statistics().requests_withdrawn == 40
        assert not gateway.ended.is_set()

    async def test_answers_nobody_wants_are_bounded(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, Held(), library, streams_tolerated=10)
        await provider.hello()
        for _ in range(11):
            number = await provider.post()
            await wait_all_tasks_blocked()
            provider.core.reset_stream(number, 8)
            await provider.flush()
        await provider.hear_out()
        assert provider.goaways[0].error_code == 11

    async def test_more_streams_than_tolerated_end_the_connection(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, _ = connect(nursery, held, library, streams_tolerated=20)
        await provider.hello()
        for _ in range(21):
            provider.ask()
        await provider.flush()
        await provider.hear_out()
        assert provider.goaways[0].error_code == 11
        assert len(held.asked) == 20

    async def test_a_settings_flood_is_stopped(self, nursery: trio.Nursery, library: str) -> None:
        provider, _ = connect(nursery, accepted, library, resets_at_once=50)
        await provider.hello()
        await provider.stream.send_all(EMPTY_SETTINGS * 100)
        await provider.hear_out()
        assert provider.goaways[0].error_code == 11

    async def test_a_frame_that_is_announced_too_long_is_not_waited_for(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        await provider.stream.send_all(frame(0, 0, 1, bytes(16_385))[:9])
        await provider.hear_out()
        assert provider.goaways[0].error_code == 6

    async def test_closed_streams_are_forgotten(self, nursery: trio.Nursery, library: str) -> None:
        provider, gateway = connect(nursery, refused("BadTopic"), library)
        await provider.hello()
        for _ in range(150):
            await provider.answer(await provider.post())
            gone = provider.ask(end=False)
            provider.core.reset_stream(gone, 8)
            await provider.flush()
        await provider.settle()
        core: Any = gateway.connection._http2._core
        assert len(core.streams) <= 64


async def test_a_header_block_that_ends_in_a_string_is_an_error_of_hpack(
    nursery: trio.Nursery, library: str
) -> None:
    """A panic in jh2's Rust, which is no Exception; IndexError from hpack."""
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    await provider.stream.send_all(frame(1, 5, 1, b"\x83\x87\x84\x00\x01x"))
    await provider.hear_out()
    assert [f.error_code for f in provider.goaways] == [9]


async def test_an_error_in_the_library_is_the_peers_and_an_interrupt_is_not(library: str) -> None:
    def fail(error: BaseException) -> Callable[[bytes], None]:
        def receive_data(_data: bytes) -> None:
            raise error

        return receive_data

    for error in (AssertionError(), KeyError(1), KeyboardInterrupt()):
        provider = Provider(lockstep_stream_pair()[0])
        gateway = new_gateway(provider.stream, accepted, ConnectionSettings(library=library))  # type: ignore[arg-type]
        core: Any = gateway.connection._http2._core
        core.receive_data = fail(error)
        if isinstance(error, KeyboardInterrupt):
            with pytest.raises(KeyboardInterrupt):
                gateway.connection._hear(b"x")
        else:
            gateway.connection._hear(b"x")
            assert gateway.connection._finishing


class TestSlowReader:
    """A peer that does not read: what waits for it is bounded, and so is the wait."""

    async def _flood(self, provider: Provider, piece: bytes) -> int:
        """Send a piece again and again, never reading, until the gateway no longer takes it."""
        taken = 0
        with trio.move_on_after(5):
            while taken < 10_000:
                await provider.stream.send_all(piece)
                taken += 1
        return taken

    @pytest.mark.parametrize(
        "piece",
        [
            frame(6, 0, 0, b"12345678") * 100,
            frame(3, 0, 1, b"\0\0\0\0") + frame(0, 0, 1, b"x") * 100,
        ],
    )
    async def test_replies_to_control_frames_do_not_pile_up(
        self,
        autojump_clock: trio.abc.Clock,
        nursery: trio.Nursery,
        library: str,
        piece: bytes,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level("INFO")
        ours, theirs = lockstep_stream_pair()
        gateway = new_gateway(
            ours,
            accepted,
            ConnectionSettings(library=library, write_seconds=30, unsent_bytes=10_000),
        )  # type: ignore[arg-type]
        nursery.start_soon(gateway.run)
        provider = Provider(theirs)
        provider.core.initiate_connection()
        first = provider.ask(end=False)
        assert first == 1
        await provider.stream.send_all(provider.core.data_to_send())
        started = trio.current_time()
        taken = await self._flood(provider, piece)
        assert 2 <= taken < 40
        assert gateway.connection._http2.unsent_bytes() < 10_000 + 2 * len(piece)
        await gateway.ended.wait()
        assert trio.current_time() - started == 30
        assert "has not read for 30 s" in caplog.text

    async def test_requests_whose_answers_are_not_read_are_bounded_and_then_cut(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        ours, theirs = lockstep_stream_pair()
        gateway = new_gateway(
            ours, accepted, ConnectionSettings(library=library, unsent_bytes=2000)
        )  # type: ignore[arg-type]
        nursery.start_soon(gateway.run)
        provider = Provider(theirs)
        provider.core.initiate_connection()
        asked = 0
        with trio.move_on_after(5):
            while True:
                for _ in range(50):
                    provider.core.streams.clear()
                    provider.ask()
                await provider.stream.send_all(provider.core.data_to_send())
                asked += 50
        answered = gateway.connection.statistics().requests_answered
        assert 50 <= answered <= asked <= 300
        await gateway.ended.wait()

    async def test_a_peer_that_reads_late_but_in_time_gets_everything(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        ours, theirs = lockstep_stream_pair()
        gateway = new_gateway(ours, accepted, ConnectionSettings(library=library, unsent_bytes=500))  # type: ignore[arg-type]
        nursery.start_soon(gateway.run)
        provider = Provider(theirs)
        provider.core.initiate_connection()
        numbers = [provider.ask() for _ in range(50)]
        await provider.stream.send_all(provider.core.data_to_send())
        await trio.sleep(29)
        async with trio.open_nursery() as sending:
            numbers += [provider.ask() for _ in range(50)]
            sending.start_soon(provider.stream.send_all, provider.core.data_to_send())
            for _ in numbers[:50]:
                if not await provider_hears(provider):
                    break
        provider.events += provider.core.receive_data(b"")
        await provider.hear_until(lambda: all(map(provider.ended, numbers)))

    async def test_bodies_for_closed_windows_are_bounded_and_then_the_peer_is_sent_away(
        self,
        autojump_clock: trio.abc.Clock,
        nursery: trio.Nursery,
        library: str,
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        caplog.set_level("INFO")
        provider, gateway = connect(nursery, refused("BadTopic"), library, write_seconds=30)
        await provider.hello(INITIAL_WINDOW_SIZE=0)
        for _ in range(50):
            provider.ask()
        await provider.flush()
        started = trio.current_time()
        await provider.hear_out()
        assert trio.current_time() - started == 30
        assert "50 answers wait for a window" in caplog.text
        await gateway.ended.wait()


async def provider_hears(provider: Provider) -> bool:
    data = await provider.stream.receive_some()
    provider._take_apart(bytes(data))
    provider.events += provider.core.receive_data(data)
    return not all(map(provider.ended, range(1, 101, 2)))
