"""docs/lint.md lists the rules, all of them and no others, and its examples are true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from protocol.lint.finding import Effect, Rule
from protocol.lint.table import RULES

TEXT = (Path(__file__).parents[3] / "docs" / "lint.md").read_text(encoding="utf-8")
SECTIONS = dict(
    zip(Effect, (each for each in TEXT.split("\n### ") if "| rule |" in each), strict=True)
)


def row(rule: Rule) -> str:
    page = rule.source.rpartition("/")[2]
    return f"| `{rule.id}` | {rule.about.rstrip('.')} | [{page}]({rule.source}) |"


@pytest.mark.parametrize("effect", Effect)
def test_every_rule_is_listed_under_what_comes_of_it(effect: Effect) -> None:
    listed = [line for line in SECTIONS[effect].splitlines() if line.startswith("| `")]
    assert listed == [row(rule) for rule in RULES if rule.effect is effect]


def test_the_rules_of_its_example_exist() -> None:
    assert set(re.findall(r"\[([a-z-]+)\]$", TEXT, re.MULTILINE)) <= {rule.id for rule in RULES}
