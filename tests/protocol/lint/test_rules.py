"""Each rule finds its mistake, and that alone; what is right passes all of them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from protocol.lint.finding import Effect, Level
from protocol.lint.judgement import lint
from protocol.lint.table import RULES
from protocol.notification import PushType
from protocol.provider.rejection import Reason
from tests.protocol.lint.cases import CASES, activity, broadcast, sent

if TYPE_CHECKING:
    from protocol.lint.push import Push

BY_ID = {rule.id: rule for rule in RULES}


def found(push: Push) -> list[str]:
    return [finding.rule for finding in lint(push).findings]


def test_every_rule_has_its_own_name_a_case_a_page_of_apples_and_says_what_it_finds() -> None:
    assert [rule.id for rule in RULES] == list(CASES)
    for rule in RULES:
        assert rule.source.startswith("https://developer.apple.com/documentation/")
        assert rule.about.endswith(".")


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_finds_what_it_is_about_and_no_other_does(rule: str) -> None:
    assert found(CASES[rule][0]) == [rule]


@pytest.mark.parametrize("rule", CASES)
def test_the_same_push_without_the_mistake_passes_every_rule(rule: str) -> None:
    assert found(CASES[rule][1]) == []


@pytest.mark.parametrize("rule", CASES)
def test_a_finding_tells_where_it_is_what_is_wrong_what_to_do_and_what_comes_of_it(
    rule: str,
) -> None:
    [finding] = lint(CASES[rule][0]).findings
    assert finding.where
    assert finding.what
    assert finding.advice
    assert finding.source == BY_ID[rule].source
    is_error = finding.effect is Effect.REFUSED
    assert (finding.level is Level.ERROR) == is_error
    known = {reason.text: reason.status for reason in Reason}
    assert (known[finding.reason] if finding.reason else None) == finding.status
    assert (finding.reason is not None) == is_error


@pytest.mark.parametrize("kind", PushType)
def test_a_valid_push_of_every_type_passes(kind: PushType) -> None:
    changes = {"apns_expiration": "0"} if kind is PushType.PUSH_TO_TALK else {}
    push = activity("start") if kind is PushType.LIVE_ACTIVITY else sent(kind=kind, **changes)
    assert found(push) == []


def test_a_valid_broadcast_passes_with_5120_bytes() -> None:
    assert found(broadcast()) == []
    report = lint(broadcast())
    assert (report.push_type, report.is_guessed, report.max_size) == ("liveactivity", False, 5120)
    assert report.count(Level.ERROR) == report.count(Level.WARNING) == 0


def test_ids_are_words_for_ever() -> None:
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in BY_ID)
