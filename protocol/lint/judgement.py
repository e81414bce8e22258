"""The judgement of one push, by the table of rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from protocol.lint.finding import Finding, Level, Road, Rule
from protocol.lint.table import RULES

if TYPE_CHECKING:
    from protocol.lint.push import Push
    from protocol.notification import PushType


# Of a payload with a thousand unknown keys nobody reads the rest; bounds what judging costs, too.
MAX_PER_RULE = 20


@dataclass(frozen=True, slots=True)
class Report:
    """The judgement of one push.

    Attributes:
        push_type: what it was judged as.
        is_guessed: whether neither a header nor the topic said so.
        size: bytes of the body.
        max_size: how many it may have.
        findings: errors first, in the order in which APNs looks, at most 20 of a rule; empty if
            all is well.
    """

    push_type: PushType
    is_guessed: bool
    size: int
    max_size: int
    findings: tuple[Finding, ...]

    def count(self, level: Level) -> int:
        """How many findings are of this level."""
        return sum(each.level is level for each in self.findings)


def lint(push: Push) -> Report:
    """Judge a push by every rule that is about it; never raises, whatever it is."""
    findings = [
        Finding.of(rule, found)
        for rule in _rules_for(push.road, push.kind, push.payload is not None)
        for found in islice(rule.check(push), MAX_PER_RULE)
    ]
    return Report(
        push_type=push.kind,
        is_guessed=push.told_kind is None,
        size=len(push.request.body),
        max_size=push.max_bytes,
        findings=tuple(findings),
    )


@lru_cache(maxsize=64)
def _rules_for(road: Road | None, kind: PushType, has_payload: bool) -> tuple[Rule, ...]:
    return tuple(
        rule
        for rule in RULES
        if road in rule.roads and kind in rule.kinds and (has_payload or not rule.reads_payload)
    )
