from __future__ import annotations

import datetime

import pytest

from apnsim.scenario import times


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("31 min", 1860),
        ("2 min 40 s", 160),
        ("1h", 3600),
        ("1 day 2 hours", 93_600),
        ("500 ms", 0.5),
        ("1.5 s", 1.5),
        (90, 90),
        (0.25, 0.25),
        (0, 0),
    ],
)
def test_a_duration_is_a_number_of_seconds_or_has_units(written: object, seconds: float) -> None:
    assert times.duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    [
        *["", "soon", "5", "5 parsecs", "-5 s", -1, True, "1 min 5", [], None],
        *[float("inf"), float("nan"), 10**400, "9" * 400 + " s"],
    ],
    ids=lambda written: f"{written!r:.9}",
)
def test_what_is_no_duration_is_told_what_one_looks_like(written: object) -> None:
    with pytest.raises(ValueError, match=r'expected a duration such as "2 min 40 s"'):
        times.duration(written)


START = datetime.datetime(2026, 3, 2, 17, 14, 56, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("written", "after"),
    [
        ("31 min", 1860.0),
        (12, 12.0),
        ("+2 min 40 s", 1000.0 + 160),
        ("17:45:59.562", 1863.562),
        ("17:20", 304.0),
        (datetime.time(17, 20), 304.0),
        ("00:00:56", 24_360.0),  # the next morning
    ],
)
def test_a_moment_counts_from_the_start_from_the_step_before_or_is_a_time_of_day(
    written: object, after: float
) -> None:
    moment = times.moment(written)
    assert moment.after(1000.0, times.start_of_day(START)) == pytest.approx(after)


@pytest.mark.parametrize("written", ["later", "25:00", "+", "-3 s", {}])
def test_what_is_no_moment_is_told_what_one_looks_like(written: object) -> None:
    with pytest.raises(ValueError, match="expected when"):
        times.moment(written)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 ms"),
        (0.077, "77 ms"),
        (0.9996, "1 s"),
        (59.5, "59.5 s"),
        (243.1, "4 min 3 s"),
        (3600, "1 h"),
        (90_061, "1 d 1 h"),
    ],
)
def test_durations_are_said_as_people_do(seconds: float, said: str) -> None:
    assert times.spoken(seconds) == said
