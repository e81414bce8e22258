from __future__ import annotations

import logging

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

import worldtime
from gateway.clock import Clock
from gateway.timekeeper import ClockResetError, Timekeeper


async def ticker(seconds: float, ticks: list[float]) -> None:
    began = worldtime.current_time()
    while True:
        await worldtime.sleep(seconds)
        ticks.append(round(worldtime.current_time() - began, 6))


async def test_time_passes_by_itself_at_its_rate(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    clock = Clock()
    ticks: list[float] = []
    with worldtime.follow(clock.timers):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(Timekeeper(clock).run)
            nursery.start_soon(ticker, 60, ticks)
            await trio.sleep(121)
            assert ticks == [60, 120]
            clock.go_at(0.5)
            await trio.sleep(118.5)
            assert ticks[2:] == [180]
            clock.freeze()
            await trio.sleep(3600)
            assert len(ticks) == 3
            clock.resume()
            await trio.sleep(120.5)
            assert ticks[3:] == [240]
            nursery.cancel_scope.cancel()


async def test_a_jump_happens_step_by_step_and_leaves_nothing_out() -> None:
    clock = Clock()
    events: list[tuple[str, float]] = []
    with worldtime.follow(clock.timers):
        began = clock.elapsed()

        async def every(seconds: float, name: str) -> None:
            send, receive = trio.open_memory_channel[None](0)

            async def answers() -> None:
                while True:  # what is set off by what is due
                    await receive.receive()
                    events.append((f"{name} answered", clock.elapsed() - began))

            nursery.start_soon(answers)
            while True:
                await worldtime.sleep(seconds)
                await send.send(None)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(Timekeeper(clock).run)
            nursery.start_soon(every, 4, "four")
            nursery.start_soon(every, 6, "six")
            await wait_all_tasks_blocked()
            await Timekeeper(clock).advance(13)
            nursery.cancel_scope.cancel()
    told = [(name, round(at)) for name, at in events]
    assert told == [
        ("four answered", 4),
        ("six answered", 6),
        ("four answered", 8),
        *sorted([("four answered", 12), ("six answered", 12)], key=told.index),
    ]


async def test_a_jump_waits_for_what_is_at_work_outside(
    mock_clock: MockClock,  # noqa: ARG001
) -> None:
    clock, is_busy = Clock(), True
    keeper = Timekeeper(clock, lambda: is_busy)
    began = clock.elapsed()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keeper.advance, 3600)
        for _ in range(10):
            await wait_all_tasks_blocked()
        assert clock.elapsed() == began
        is_busy = False
    assert clock.elapsed() == began + 3600


async def test_no_jump_passes_over_a_thread(
    mock_clock: MockClock,  # noqa: ARG001
) -> None:
    clock = Clock()
    began = clock.elapsed()
    with worldtime.follow(clock.timers):
        async with trio.open_nursery() as nursery:
            with worldtime.at_work():
                nursery.start_soon(Timekeeper(clock).advance, 3600)
                for _ in range(10):
                    await wait_all_tasks_blocked()
                assert clock.elapsed() == began
    assert clock.elapsed() == began + 3600


async def test_a_load_that_never_rests_does_not_hold_time_up() -> None:
    clock = Clock()
    began = clock.now()
    async with trio.open_nursery() as nursery:

        async def load() -> None:
            while True:
                await trio.lowlevel.checkpoint()

        nursery.start_soon(load)
        with trio.fail_after(20):
            await Timekeeper(clock).advance(3600)
        nursery.cancel_scope.cancel()
    assert clock.now() - began >= 3600


async def test_meanwhile_time_does_not_pass_by_itself_and_then_goes_on(
    mock_clock: MockClock,
) -> None:
    clock = Clock()
    keeper, busy = Timekeeper(clock, lambda: busy), True
    before = clock.elapsed()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(keeper.advance, 100)
        await wait_all_tasks_blocked()
        mock_clock.jump(0.5)
        assert clock.elapsed() == before
        busy = False
    assert clock.elapsed() == before + 100
    mock_clock.jump(5)
    assert clock.elapsed() == before + 105


async def test_a_jump_that_takes_long_says_how_far_it_has_come(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr("gateway.timekeeper.TELL_SECONDS", 0.01)
    clock, ticks = Clock(), list[float]()
    with worldtime.follow(clock.timers):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ticker, 60, ticks)
            await wait_all_tasks_blocked()
            await Timekeeper(clock).advance(6000)
            nursery.cancel_scope.cancel()
    assert len(ticks) == 100
    assert "moving time" in caplog.text


async def test_a_reset_ends_every_jump_and_no_wait_goes_back() -> None:
    clock = Clock()
    keeper, ticks = Timekeeper(clock), list[float]()
    with worldtime.follow(clock.timers):
        async with trio.open_nursery() as nursery:
            is_far, ended = trio.Event(), list[str]()

            async def walk() -> None:
                await worldtime.sleep(100)
                is_far.set()

            nursery.start_soon(ticker, 1, ticks)
            nursery.start_soon(walk)

            async def jump() -> None:
                with pytest.raises(ClockResetError):
                    await keeper.advance(1e7)
                ended.append("jump")

            async with trio.open_nursery() as jumps:
                jumps.start_soon(jump)
                jumps.start_soon(jump)
                await is_far.wait()
                await keeper.reset()
            assert ended == ["jump", "jump"]
            assert clock.lead == 0
            assert clock.elapsed() - trio.current_time() >= 99
            nursery.cancel_scope.cancel()


async def test_a_jump_that_leads_nowhere_moves_nothing() -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="time moves forward"):
        await Timekeeper(clock).advance(-1)
    with pytest.raises(ValueError, match="year 9999"):
        await Timekeeper(clock).advance(1e12)
    assert clock.lead == 0


async def test_what_a_jump_that_was_broken_off_has_left_is_due_at_once() -> None:
    clock, ticks = Clock(), list[float]()
    with worldtime.follow(clock.timers):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ticker, 5, ticks)
            await wait_all_tasks_blocked()
            # As a jump that is cancelled before it could tell those whose time has come.
            clock._turn()
            clock._elapsed += 7
            nursery.start_soon(Timekeeper(clock).run)
            await wait_all_tasks_blocked(0.01)
            assert [round(tick) for tick in ticks] == [7]
            nursery.cancel_scope.cancel()
