from __future__ import annotations

from math import inf
from random import Random
from typing import TYPE_CHECKING

import trio
from trio.testing import wait_all_tasks_blocked

import worldtime
from gateway.clock import Clock
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from trio.testing import MockClock


async def sleeper(seconds: float, name: str, woken: list[str]) -> None:
    await worldtime.sleep(seconds)
    woken.append(name)


async def test_without_a_clock_to_follow_the_worlds_time_is_trios(
    autojump_clock: MockClock,
) -> None:
    assert worldtime.current_time() == autojump_clock.current_time()
    began = trio.current_time()
    await worldtime.sleep(3600)
    with worldtime.move_on_after(60) as scope:
        await trio.sleep_forever()
    assert scope.cancelled_caught
    with worldtime.at_work():
        assert trio.current_time() == began + 3660


async def test_who_waits_is_woken_by_the_clock_alone_and_in_order(mock_clock: MockClock) -> None:
    woken: list[str] = []
    clock = Clock()
    clock.freeze()
    with worldtime.follow(clock.timers):
        async with trio.open_nursery() as nursery:
            for seconds, name in ((30, "second"), (10, "first"), (50, "never")):
                nursery.start_soon(sleeper, seconds, name, woken)
            await wait_all_tasks_blocked()
            mock_clock.jump(3600)
            await wait_all_tasks_blocked()
            assert (woken, len(clock.timers)) == ([], 3)
            for _ in range(2):
                clock.go_to(clock.timers.next_due)
                await wait_all_tasks_blocked()
            assert woken == ["first", "second"]
            nursery.cancel_scope.cancel()
    assert (len(clock.timers), clock.timers.next_due) == (0, inf)


async def test_a_deadline_that_is_over_cancels_at_once_and_one_that_never_comes_does_not() -> None:
    clock = Clock()
    with worldtime.follow(clock.timers):
        with worldtime.move_on_at(worldtime.current_time()) as scope:
            await trio.sleep_forever()
        assert scope.cancelled_caught
        with worldtime.move_on_at(inf) as scope:
            await trio.lowlevel.checkpoint()
        assert not scope.cancel_called
        await worldtime.sleep(0)
        await worldtime.sleep(-1)
        assert len(clock.timers) == 0


async def test_what_was_left_before_its_deadline_is_not_kept(mock_clock: MockClock) -> None:
    clock = Clock()
    with worldtime.follow(clock.timers):
        for _ in range(10_000):
            with worldtime.move_on_after(3600):
                pass
        assert len(clock.timers) == 0
        assert len(clock.timers._entries) <= 1001
        mock_clock.jump(7200)
        clock.timers.fire()


async def test_an_alarm_rings_at_the_earliest_of_its_times_and_then_no_more(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    alarm, began = Alarm(), trio.current_time()
    alarm.ring_at(began + 100)
    alarm.ring_at(began + 50)
    alarm.ring_at(began + 70)
    await alarm.wait()
    assert trio.current_time() == began + 50
    assert alarm.at == inf
    with trio.move_on_after(1000) as scope:
        await alarm.wait()
    assert scope.cancelled_caught


async def test_an_alarm_that_is_set_to_something_sooner_meanwhile_rings_then(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    alarm, began = Alarm(), trio.current_time()
    alarm.ring_at(began + 100)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(alarm.wait)
        await trio.sleep(10)
        alarm.ring_at(began + 20)
    assert trio.current_time() == began + 20


async def test_an_alarm_whose_clock_is_put_back_waits_for_it_to_come_again(
    autojump_clock: MockClock,  # noqa: ARG001
) -> None:
    wall = 1000.0
    alarm = Alarm(lambda: wall)
    alarm.ring_at(1010.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(alarm.wait)
        await wait_all_tasks_blocked()
        wall = 900.0
        await trio.sleep(11)
        assert alarm.at == 1010
        wall = 1010.0
        await trio.sleep(200)
    assert alarm.at == inf


async def test_an_alarm_rings_however_its_times_are_rounded(autojump_clock: MockClock) -> None:
    dice, rings = Random(1), 0
    for _ in range(2000):
        alarm = Alarm()
        alarm.ring_at(trio.current_time() + dice.random() * 100)
        await alarm.wait()
        rings += 1
    assert rings == 2000
    assert autojump_clock.current_time() > 50_000
