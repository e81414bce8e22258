from __future__ import annotations

import pytest

from gateway.clock import Clock
from gateway.course import KEEP_SECONDS, Course
from tests.builders import NOW, SettableTime

MINUTE, HOUR = 60.0, 3600.0


class Desk:
    """A clock on a machine whose time a test sets."""

    def __init__(self) -> None:
        self.machine = SettableTime()
        self.clock = Clock(self.machine.now)

    def age(self, stamp: float, seen_at: float | None = None) -> float:
        now = self.clock.now()
        return now - self.clock.issued_at(stamp, now if seen_at is None else seen_at)


def test_a_clock_that_was_never_moved_takes_every_stamp_for_what_it_says() -> None:
    desk = Desk()
    assert [desk.clock.issued_at(each, NOW - HOUR) for each in (NOW - 7, NOW, NOW + 90)] == [
        NOW - 7,
        NOW,
        NOW + 90,
    ]


def test_a_stamp_of_before_a_jump_is_as_old_as_the_jump_is_long() -> None:
    desk = Desk()
    desk.machine.time += 10
    desk.clock.advance(HOUR)
    assert desk.age(NOW) == HOUR + 9, "a stamp counts whole seconds: it may be of their end"
    desk.machine.time += 5
    assert desk.age(NOW) == HOUR + 14
    assert desk.age(NOW + 12) == 2
    assert desk.age(NOW + 15) == 0


def test_in_the_second_of_the_jump_what_was_seen_before_it_tells_old_from_new() -> None:
    desk = Desk()
    seen_at = desk.clock.now()
    desk.clock.advance(HOUR)
    assert desk.age(NOW, seen_at) == HOUR
    assert desk.age(NOW) == 0


def test_a_stamp_that_is_ahead_of_the_machine_is_of_this_clock() -> None:
    desk = Desk()
    desk.clock.advance(2 * HOUR)
    assert desk.age(NOW + 2 * HOUR - 600) == 600
    assert desk.age(NOW + 30) == 0, "a machine whose clock is a little fast"


def test_a_stamp_that_is_ahead_of_both_clocks_stays_ahead_on_a_clock_that_was_moved() -> None:
    desk = Desk()
    desk.clock.freeze()
    desk.clock.advance(2 * HOUR)
    milliseconds = NOW * 1000
    assert desk.age(milliseconds) == NOW + 2 * HOUR - milliseconds
    seen_at, stamp = desk.clock.now(), NOW + 3 * HOUR - 60
    assert desk.age(stamp, seen_at) == 60 - HOUR
    desk.clock.advance(HOUR)
    assert desk.age(stamp, seen_at) == 60, "its age is its own, not how long it is known"


def test_on_a_clock_that_is_behind_a_fast_machines_stamp_is_ahead_by_what_it_is_there() -> None:
    desk = Desk()
    desk.clock.freeze()
    desk.machine.time += 3 * HOUR
    assert desk.age(desk.machine.time + 90) == -90
    assert desk.age(desk.machine.time + 2 * HOUR) == -2 * HOUR


def test_frozen_time_makes_nothing_older_and_fast_time_does() -> None:
    desk = Desk()
    desk.clock.freeze()
    desk.machine.time += 3 * HOUR
    assert desk.age(NOW) == 0
    desk.clock.resume()
    desk.clock.go_at(60)
    desk.machine.time += MINUTE
    assert desk.age(NOW) == HOUR
    assert desk.age(desk.machine.time - 31) == 30 * MINUTE


def test_of_two_readings_of_a_stamp_on_a_clock_that_is_behind_the_younger_counts() -> None:
    desk = Desk()
    desk.clock.freeze()
    desk.machine.time += 3 * HOUR
    desk.clock.resume()
    desk.machine.time += HOUR
    # By this clock, as who asks it stamps; it is three hours behind.
    assert desk.age(desk.clock.now() - 600) == 600
    # By the machine's.
    assert desk.age(desk.machine.time - 601) == 600


def test_a_reset_clock_is_one_that_was_never_moved() -> None:
    desk = Desk()
    desk.clock.go_at(100)
    desk.machine.time += 100
    desk.clock.reset()
    assert desk.clock.now() == desk.machine.time
    assert desk.age(NOW, NOW + 1) == 100


@pytest.mark.parametrize("days", [10, -10])
@pytest.mark.parametrize("is_frozen", [False, True])
def test_no_stamp_is_older_for_another_past_that_is_loaded(days: int, is_frozen: bool) -> None:
    desk = Desk()
    desk.clock.advance(5 * HOUR)
    seen_at = desk.clock.now()
    desk.machine.time += 300
    desk.clock.reset()
    if is_frozen:
        desk.clock.freeze()
    desk.clock.begin_at(NOW + days * 24 * HOUR)
    assert desk.age(NOW, seen_at) == desk.age(NOW) == 299
    desk.clock.advance(HOUR)
    assert desk.age(NOW, seen_at) == HOUR + 299


def test_a_jump_of_many_steps_is_one_turn_and_old_turns_are_forgotten() -> None:
    course, machine = Course(), NOW
    for step in range(10_000):
        course.turn(machine, NOW + step * 60, 1.0)
        machine += 0.0001
    assert len(course) <= 5
    for hour in range(100):
        course.turn(machine + hour * HOUR, NOW + hour, 0.0)
    assert len(course) <= KEEP_SECONDS / HOUR + 2


def test_a_stamp_of_before_all_that_is_remembered_is_at_least_as_old_as_that() -> None:
    course = Course()
    for hour in range(10):
        course.turn(NOW + hour * HOUR, NOW + hour * HOUR, 1.0)
    machine = NOW + 9 * HOUR
    assert course.at(NOW - HOUR, machine, machine, machine) == NOW - HOUR + 1
