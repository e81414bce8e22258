"""How a scenario says when: ``"2 min 40 s"``, ``"+1 h"``, ``"17:45:59.562"``, or seconds."""

from __future__ import annotations

import datetime
import math
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

DAY_SECONDS = 86_400.0
_UNITS = {
    "ms": 0.001,
    "s": 1.0, "second": 1.0, "seconds": 1.0,
    "min": 60.0, "minute": 60.0, "minutes": 60.0,
    "h": 3600.0, "hour": 3600.0, "hours": 3600.0,
    "d": DAY_SECONDS, "day": DAY_SECONDS, "days": DAY_SECONDS,
}  # fmt: skip
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)")
_DURATION = re.compile(rf"{_PART.pattern}(?:\s*{_PART.pattern})*")
_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d(?:\.\d{1,6})?))?")
_EXPECTED = 'expected a duration such as "2 min 40 s" (units: ms, s, min, h, days) or seconds'


class Anchor(Enum):
    """What a moment is counted from."""

    START = auto()
    PREVIOUS = auto()
    MIDNIGHT = auto()


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of a timeline, not yet on it."""

    seconds: float
    anchor: Anchor

    def after(self, previous: float, start_of_day: float) -> float:
        """Seconds after the start.

        Args:
            previous: the moment before this one.
            start_of_day: how long before the start midnight was.
        """
        if self.anchor is Anchor.START:
            return self.seconds
        if self.anchor is Anchor.PREVIOUS:
            return previous + self.seconds
        since = self.seconds - start_of_day
        return since if since >= 0 else since + DAY_SECONDS


def duration(value: Any) -> float:  # noqa: ANN401 - whatever TOML holds
    """Seconds, 0 or more.

    Raises:
        ValueError: it is none; says what was expected.
    """
    with suppress(OverflowError):  # of an integer beyond any float
        if 0 <= (seconds := _seconds(value)) < math.inf:
            return seconds
    raise ValueError(_EXPECTED)


def _seconds(value: Any) -> float:  # noqa: ANN401
    """As many as are written, however many; NaN if that is no duration."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str):
        text = value.strip().lower()
        parts = _PART.findall(text)
        if _DURATION.fullmatch(text) and all(unit in _UNITS for _, unit in parts):
            return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return math.nan


def typed(text: str) -> float:
    """A duration from a command line, where 7200 is a text, too.

    Raises:
        ValueError: it is none; says what was expected.
    """
    return duration(float(text) if text.replace(".", "", 1).isdecimal() else text)


def moment(value: Any) -> Moment:  # noqa: ANN401
    """A point of the timeline.

    Raises:
        ValueError: it is none; says what was expected.
    """
    if isinstance(value, datetime.time):
        return Moment(_since_midnight(value), Anchor.MIDNIGHT)
    if isinstance(value, str) and (clock := _CLOCK.fullmatch(value.strip())):
        hours, minutes, seconds = clock.groups(default="0")
        since = int(hours) * 3600 + int(minutes) * 60 + float(seconds)
        return Moment(since, Anchor.MIDNIGHT)
    try:
        if isinstance(value, str) and value.lstrip().startswith("+"):
            return Moment(duration(value.lstrip()[1:]), Anchor.PREVIOUS)
        return Moment(duration(value), Anchor.START)
    except ValueError:
        raise ValueError(
            'expected when: "31 min" after the start, "+2 min 40 s" after the step before, or the'
            ' time of day "17:45:59.562"'
        ) from None


def start_of_day(start: datetime.datetime) -> float:
    """How many seconds before this time midnight was."""
    return _since_midnight(start.timetz())


def _since_midnight(time: datetime.time) -> float:
    return time.hour * 3600 + time.minute * 60 + time.second + time.microsecond / 1e6


def spoken(seconds: float) -> str:
    """A duration as people say it: ``4 min 3 s``, ``77 ms``."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.3f}".rstrip("0").rstrip(".") + " s"
    rest = round(seconds)
    parts = []
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number} {unit}")
    return " ".join(parts[:2])
