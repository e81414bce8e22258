"""A rule: when, what, and how often."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from gateway.faults.actions import Answer, Delay, NeverAnswer, Outage, Pass
from gateway.faults.basics import STRICT, Act, Stage
from gateway.faults.courier import DelayDelivery, Disconnect, DropAck, Duplicate, Storm
from gateway.faults.frames import (
    Close,
    Goaway,
    IdleClose,
    NoPingAck,
    NoWindow,
    Pieces,
    ResetStream,
    Settings,
    Truncate,
)
from gateway.faults.match import KNOWN, Match
from gateway.faults.tls import Tls

Action = Annotated[
    Answer
    | Delay
    | NeverAnswer
    | Outage
    | Pass
    | ResetStream
    | Pieces
    | Truncate
    | Goaway
    | Settings
    | Close
    | NoPingAck
    | NoWindow
    | IdleClose
    | Tls
    | DropAck
    | Duplicate
    | DelayDelivery
    | Disconnect
    | Storm,
    Field(discriminator="type"),
]


MAX_STEPS = 100_000
"""Of a list of actions, all its times together: each step is kept."""


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Rule:
    """A fault, and when it happens.

    Rules are asked in the order of their ``priority``, the greatest first, then as they were made;
    the first that applies decides; after an act that is transparent the next ones are asked, too.

    ``action``: one, or a list: one after the other. ``times``: how often it may happen; of a list,
    how often it is gone through (once, if absent). ``after``: so many occasions that match pass by
    first. ``probability``: how likely an occasion is struck; the dice are those of ``seed``, or of
    the rule's number, so that every run is the same.
    """

    action: Action | Annotated[list[Action], Field(min_length=1, max_length=1000)]
    match: Match = Field(default_factory=Match)
    times: int | None = Field(default=None, ge=1)
    probability: float = Field(default=1, ge=0, le=1)
    after: int = Field(default=0, ge=0)
    priority: int = 0
    seed: int | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> "Rule":
        if isinstance(self.action, list) and len(self.action) * (self.times or 1) > MAX_STEPS:
            most = MAX_STEPS // len(self.action)
            raise ValueError(f"a list of {len(self.action)} is gone through {most} times at most")
        stages = {each.stage for each in self.actions if not isinstance(each, Pass)}
        if len(stages) > 1:
            told = " and ".join(sorted(stages))
            raise ValueError(f"one rule cannot act on a {told}: make two of it")
        unknown = self.match.given().keys() - KNOWN[self.stage]
        if unknown:
            known = ", ".join(sorted(KNOWN[self.stage]))
            raise ValueError(
                f"match.{min(unknown)} is not known of a {self.stage}, at which"
                f" {self.actions[0]} happens; known are {known}"
            )
        return self

    @property
    def actions(self) -> tuple[Act, ...]:
        """One or more."""
        return tuple(self.action) if isinstance(self.action, list) else (self.action,)

    @property
    def stage(self) -> Stage:
        """Where it is asked for."""
        return next((e.stage for e in self.actions if not isinstance(e, Pass)), Stage.REQUEST)

    def steps(self) -> Sequence[tuple[Act, int | None]]:
        """What is done one after the other, and how often each; None = without end."""
        if isinstance(self.action, list):
            return [(each, each.times or 1) for each in self.action] * (self.times or 1)
        return [(self.action, self.times or self.action.times)]
