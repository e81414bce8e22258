"""What ``apnsim lint`` prints: for people, and for programs."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from protocol.lint.finding import Effect, Level
from protocol.lint.table import RULES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.output import Pen
    from protocol.lint.finding import Finding
    from protocol.lint.judgement import Report

_BOLD, _DIM, _RED, _YELLOW, _GREEN = "1", "2", "31", "33", "32"
_COLOURS = {Level.ERROR: _RED, Level.WARNING: _YELLOW}
_COMES_OF_IT = {
    Effect.REFUSED: "APNs refuses it",
    Effect.NOT_SHOWN: "the phone does nothing with the push",
    Effect.IGNORED: "the phone leaves this part out",
    Effect.DOUBTFUL: "accepted, and probably not what was meant",
}


def in_text(name: str, report: Report, pen: Pen) -> Iterator[str]:
    """The report as a person reads it."""
    kind = f"{report.push_type} push" + ", by its looks (--push-type says)" * report.is_guessed
    size = f"{report.size} of {report.max_size} bytes"
    yield f"{pen(name, _BOLD)}: {kind}, {size}"
    for finding in report.findings:
        yield from _finding(finding, pen)
    yield _verdict(report, pen)


def _finding(finding: Finding, pen: Pen) -> Iterator[str]:
    level = pen(finding.level, _COLOURS[finding.level], _BOLD)
    yield f"  {level} {pen(finding.where, _BOLD)}: {finding.what}"
    yield f"    → {finding.advice}"
    outcome = _COMES_OF_IT[finding.effect]
    if finding.reason is not None:
        outcome = f"{outcome}: {finding.status} {finding.reason}"
    yield pen(f"    {outcome} [{finding.rule}]", _DIM)
    yield pen(f"    {finding.source}", _DIM)


def _verdict(report: Report, pen: Pen) -> str:
    if not report.findings:
        return pen("  nothing to say", _GREEN)
    counts = ((report.count(level), level) for level in Level)
    said = [f"{count} {level}{'s' * (count > 1)}" for count, level in counts if count]
    return f"  {', '.join(said)}"


def in_json(name: str, report: Report) -> str:
    """The report as one line; as the control API has it, with the name of the file."""
    told: dict[str, Any] = {
        "file": name,
        "push_type": report.push_type,
        "guessed": report.is_guessed,
        "size": report.size,
        "max_size": report.max_size,
        "findings": [asdict(finding) for finding in report.findings],
    }
    return json.dumps(told, ensure_ascii=False)


def rules_in_text(pen: Pen) -> Iterator[str]:
    """Every rule, in the order in which they are asked."""
    width = max(len(rule.id) for rule in RULES)
    for rule in RULES:
        level = pen(f"{rule.level:7}", _COLOURS[rule.level])
        yield f"{level}  {rule.id:{width}}  {rule.about}"


def rules_in_json() -> Iterator[str]:
    """Every rule, one a line."""
    for rule in RULES:
        told = {"rule": rule.id, "level": rule.level, "effect": rule.effect}
        yield json.dumps(told | {"about": rule.about, "source": rule.source}, ensure_ascii=False)
