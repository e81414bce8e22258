from __future__ import annotations

from apnsim.scenario.folding import folded
from apnsim.scenario.log import Line


def attempts(count: int, device: str = "phone") -> list[Line]:
    return [
        Line(float(number), "apsd", text, device)
        for number in range(count)
        for text in ("no courier link", f"next attempt in {number}.5 s")
    ]


def messages(*lines: Line) -> list[str]:
    return [line.message for line in folded(lines)]


def test_what_is_repeated_over_and_over_is_counted() -> None:
    other = Line(99.0, "apns", "connected")
    assert messages(*attempts(20), other) == [
        "no courier link",
        "next attempt in 0.5 s",
        "no courier link",
        "next attempt in 1.5 s",
        "no courier link",
        "next attempt in 2.5 s",
        "… 34 more lines like these",
        "connected",
    ]


def test_the_count_is_told_at_the_end_too_with_the_time_of_the_last() -> None:
    *_, last = folded(attempts(20))
    assert (last.at, last.process, last.device) == (19.0, "apsd", "phone")
    assert last.message == "… 34 more lines like these"


def test_a_few_repetitions_are_shown() -> None:
    lines = attempts(3)
    assert [*folded(lines)] == lines


def test_what_others_say_is_never_folded() -> None:
    lines = [Line(0.0, "provider", f"pushes {number}") for number in range(9)]
    assert [*folded(lines)] == lines
    two = [line for pair in zip(attempts(1), attempts(1, "pad"), strict=True) for line in pair]
    assert [*folded(two)] == two
