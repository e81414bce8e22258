"""What the linter tells, as values."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """What the linter has to say of a push: docs/lint.md.

    ``level`` is ``error`` (APNs answers ``status`` and ``reason``) or ``warning``; ``where`` is a
    header, ``body``, or the way to a key such as ``aps.badge``.
    """

    rule: str
    level: str
    effect: str
    where: str
    what: str
    advice: str
    source: str
    reason: str | None
    status: int | None


@dataclass(frozen=True, slots=True)
class LintReport:
    """What is wrong with a push, errors first; ``guessed``: nothing said its push type."""

    push_type: str
    guessed: bool
    size: int
    max_size: int
    findings: list[Finding]
