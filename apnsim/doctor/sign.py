"""What the doctor sees: one sign each, with what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from apnsim.output import Pen


class Health(StrEnum):
    """How it is. A worry may be meant; a failure keeps something from working."""

    GOOD = "ok"
    WORRY = "look"
    FAILURE = "FAIL"


_COLOURS = {Health.GOOD: ("32",), Health.WORRY: ("33", "1"), Health.FAILURE: ("31", "1")}


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that was looked at; ``advice`` is what to do, empty if nothing."""

    about: str
    health: Health
    seen: str
    advice: str = ""


def good(about: str, seen: str) -> Sign:
    """As it should be."""
    return Sign(about, Health.GOOD, seen)


def worry(about: str, seen: str, advice: str) -> Sign:
    """Perhaps on purpose, perhaps the reason for a surprise."""
    return Sign(about, Health.WORRY, seen, advice)


def failure(about: str, seen: str, advice: str) -> Sign:
    """This cannot work."""
    return Sign(about, Health.FAILURE, seen, advice)


def in_text(signs: Iterable[Sign], pen: Pen) -> Iterator[str]:
    """As a person reads it."""
    for sign in signs:
        yield f"{pen(f'{sign.health:4}', *_COLOURS[sign.health])}  {sign.about}: {sign.seen}"
        if sign.advice:
            yield f"      → {sign.advice}"
