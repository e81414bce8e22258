from __future__ import annotations

import math
import time

import pytest

from gateway.clock import Clock
from protocol.courier.fields import LATEST_SECONDS
from tests.builders import NOW, SettableTime


@pytest.fixture
def machine() -> SettableTime:
    return SettableTime()


@pytest.fixture
def clock(machine: SettableTime) -> Clock:
    return Clock(machine.now)


def test_time_is_the_machines_until_told_otherwise(clock: Clock, machine: SettableTime) -> None:
    assert clock.now() == NOW
    machine.time += 5
    assert clock.now() == NOW + 5
    assert not clock.is_frozen


def test_without_a_machine_it_is_unix_time() -> None:
    before = time.time()
    assert before <= Clock().now() <= time.time()


def test_frozen_time_stands_still(clock: Clock, machine: SettableTime) -> None:
    clock.freeze()
    machine.time += 5
    assert clock.is_frozen
    assert clock.now() == NOW


def test_freezing_twice_changes_nothing(clock: Clock, machine: SettableTime) -> None:
    clock.freeze()
    machine.time += 5
    clock.freeze()
    assert clock.now() == NOW


def test_time_runs_on_from_where_it_stood(clock: Clock, machine: SettableTime) -> None:
    clock.freeze()
    machine.time += 100
    clock.resume()
    assert not clock.is_frozen
    assert clock.now() == NOW
    machine.time += 5
    assert clock.now() == NOW + 5


def test_resuming_what_runs_changes_nothing(clock: Clock, machine: SettableTime) -> None:
    clock.advance(10)
    clock.resume()
    machine.time += 5
    assert clock.now() == NOW + 15


def test_time_can_be_moved_by_a_month_running_or_frozen(
    clock: Clock, machine: SettableTime
) -> None:
    month = 30 * 86_400
    clock.advance(month)
    assert clock.now() == NOW + month
    clock.freeze()
    clock.advance(month)
    assert clock.now() == NOW + 2 * month
    clock.resume()
    machine.time += 1
    assert clock.now() == NOW + 2 * month + 1


@pytest.mark.parametrize("is_frozen", [True, False])
def test_time_ends_where_no_device_could_be_told_of_it(clock: Clock, is_frozen: bool) -> None:
    if is_frozen:
        clock.freeze()
    with pytest.raises(ValueError, match="ends with the year 9999"):
        clock.advance(1e12)
    assert clock.now() == NOW


def test_it_does_not_go_on_into_the_year_10000(clock: Clock, machine: SettableTime) -> None:
    clock.advance(LATEST_SECONDS - NOW - 1)
    machine.time += 3600
    assert clock.now() == LATEST_SECONDS
    with pytest.raises(ValueError, match="ends with the year 9999"):
        clock.advance(1)
    clock.reset()
    assert clock.now() == machine.time


@pytest.mark.parametrize("is_frozen", [True, False])
@pytest.mark.parametrize("seconds", [-1, -0.001, math.inf, -math.inf, math.nan])
def test_time_moves_forward_and_not_to_the_end_of_time(
    clock: Clock, is_frozen: bool, seconds: float
) -> None:
    if is_frozen:
        clock.freeze()
    with pytest.raises(ValueError, match="time moves forward"):
        clock.advance(seconds)
    assert clock.now() == NOW


def test_time_goes_at_another_rate(clock: Clock, machine: SettableTime) -> None:
    clock.go_at(60)
    machine.time += 10
    assert (clock.now(), clock.rate) == (NOW + 600, 60)
    clock.freeze()
    machine.time += 10
    clock.go_at(0.5)
    assert clock.now() == NOW + 600
    clock.resume()
    machine.time += 10
    assert clock.now() == NOW + 605
    assert clock.lead == 575


@pytest.mark.parametrize("rate", [0, 0.09, 1001, -1, math.inf, math.nan])
def test_a_rate_has_bounds(clock: Clock, rate: float) -> None:
    with pytest.raises(ValueError, match=r"from 0.1 to 1000"):
        clock.go_at(rate)
    assert clock.rate == 1


def test_a_reset_clock_is_the_machines_and_its_waits_do_not_go_back(
    clock: Clock, machine: SettableTime
) -> None:
    clock.reset()
    clock.advance(3600)
    clock.freeze()
    waited = clock.elapsed()
    clock.reset()
    assert (clock.now(), clock.is_frozen, clock.rate, clock.lead) == (NOW, False, 1, 0)
    assert clock.elapsed() == waited
    machine.time += 5
    assert (clock.now(), clock.elapsed()) == (NOW + 5, waited + 5)
    clock.advance(10)
    assert (clock.now(), clock.elapsed()) == (NOW + 15, waited + 15)


def test_a_clock_that_is_let_run_runs_as_the_machines(clock: Clock, machine: SettableTime) -> None:
    clock.go_at(100)
    clock.freeze()
    clock.let_run()
    machine.time += 5
    assert clock.now() == NOW + 5
