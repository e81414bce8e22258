"""What almost was what somebody waited for, as the console tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHOWN = 3


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A push that is not the one that was wanted, or, without a ``number``, what else is going on.

    Attributes:
        why: what it is, how it differs, and what became of it, in one sentence.
        distance: the smaller, the nearer; None: it has nothing in common with what was wanted.
        differs: ``filter``, ``wanted`` and ``found`` of each thing that is not as wanted.
        became: what became of it.
        advice: what to do.
        linter: what the linter says about why nobody sees it.
    """

    why: str
    distance: int | None
    number: int | None
    apns_id: str | None
    received_at: float | None
    topic: str | None
    token: str | None
    device: str | None
    status: int | None
    reason: str | None
    state: str | None
    differs: list[dict[str, Any]]
    became: str
    advice: str
    linter: list[str]

    def lines(self) -> list[str]:
        """For the reader: why, and below it what to do."""
        notes = [
            self.advice,
            *(f"linter: {each}" for each in self.linter if self.advice not in each),
        ]
        return [self.why, *(f"  → {each}" for each in notes if each)]


def told(near: list[NearMiss]) -> str:
    """The nearest of them, a line or two each, below the line before; empty if there is none."""
    return "".join(f"\n  {line}" for each in near[:SHOWN] for line in each.lines())
