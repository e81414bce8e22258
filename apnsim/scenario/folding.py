"""A daemon that tries again and again says the same again and again: a reader wants it once."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING

from apnsim.scenario.log import Line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# An attempt and the delay after it.
_ALTERNATING = 2
# So many repetitions are shown before the rest is counted.
_SHOWN = 4
_FOLDED_PROCESS = "apsd"


def folded(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines, where apsd repeats itself (but for numbers) only the first few and a count."""
    recent: deque[tuple[str, str]] = deque(maxlen=_ALTERNATING)
    repeated = 0
    last: Line | None = None
    for line in lines:
        likeness = line.device, _NUMBER.sub("0", line.message)
        if line.process == _FOLDED_PROCESS and likeness in recent:
            repeated += 1
            last = line
            if repeated <= _SHOWN:
                yield line
            continue
        if last is not None and repeated > _SHOWN:
            yield _count(last, repeated - _SHOWN)
        repeated = 0
        recent.append(likeness)
        yield line
    if last is not None and repeated > _SHOWN:
        yield _count(last, repeated - _SHOWN)


def _count(last: Line, hidden: int) -> Line:
    return Line(last.at, last.process, f"… {hidden} more lines like these", last.device)
