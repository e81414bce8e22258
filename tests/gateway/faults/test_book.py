"""Which rule strikes: order, matching, counting, sequences, dice."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from gateway.faults.book import RuleBook
from gateway.faults.match import Occasion
from gateway.faults.reading import read_rule

PUSH: dict[str, Any] = {
    "token": "ab01",
    "topic": "com.example.app",
    "push_type": "alert",
    "priority": 10,
    "environment": "development",
    "connection": 7,
    "path": "/3/device/ab01",
    "nth_on_connection": 2,
    "payload": {"aps": {"alert": {"title": "Goal!"}, "badge": 1}, "ids": ["x", "y"], "on": True},
    "team_id": "TEAM",
    "key_id": "KEY",
}


def book_of(*rules: object) -> RuleBook:
    return RuleBook(map(read_rule, rules))


def strike(book: RuleBook, times: int = 1, **changes: Any) -> list[str]:  # noqa: ANN401
    """What is done to so many occasions, each told as numbers of rules and acts."""
    occasions = [Occasion(PUSH | changes) for _ in range(times)]
    return [", ".join(map(str, book.meet(book.requests, each))) for each in occasions]


@pytest.mark.parametrize(
    ("match", "fits"),
    [
        ({}, True),
        ({"token": "AB01"}, True),
        ({"token": "ab02"}, False),
        ({"topic": "com.example.*"}, True),
        ({"topic": ["other", "com.example.app"]}, True),
        ({"topic": "com.example"}, False),
        ({"bundle_id": "com.example.app"}, True),
        ({"bundle_id": ["other", "com.example.*"]}, True),
        ({"bundle_id": "com.example"}, False),
        ({"push_type": "voip"}, False),
        ({"priority": [5, 10]}, True),
        ({"priority": 5}, False),
        ({"environment": "production"}, False),
        ({"connection": 7}, True),
        ({"connection": [1, 2]}, False),
        ({"path": "/4/*"}, False),
        ({"nth_on_connection": 2}, True),
        ({"nth_on_connection": 1}, False),
        ({"team_id": "TEAM", "key_id": "KEY"}, True),
        ({"team_id": "TEAM", "key_id": "OTHER"}, False),
        ({"payload": {"aps.alert.title": "Goal*"}}, True),
        ({"payload": {"aps.alert.title": "Goa[l]!"}}, False),
        ({"payload": {"ids." + 5000 * "1": "x"}}, False),
        ({"payload": {"aps.alert.title": "?oal!"}}, False),
        ({"payload": {"aps.alert.title": "Penalty"}}, False),
        ({"payload": {"aps.badge": 1}}, True),
        ({"payload": {"aps.badge": True}}, False),
        ({"payload": {"on": True}}, True),
        ({"payload": {"on": 1}}, False),
        ({"payload": {"ids.1": "y"}}, True),
        ({"payload": {"ids.2": "*"}}, False),
        ({"payload": {"aps": "*"}}, True),
        ({"payload": {"aps.sound": "*"}}, False),
        ({"payload": {"aps.badge.deeper": "*"}}, False),
    ],
)
def test_everything_that_is_said_must_be_so(match: dict[str, Any], *, fits: bool) -> None:
    book = book_of({"action": {"type": "never-answer"}, "match": match})
    assert strike(book) == (["rule 1: never answer"] if fits else [""])


def test_what_is_not_known_matches_nothing() -> None:
    assert strike(book_of("never-answer match.topic=*"), topic=None) == [""]
    assert strike(book_of({"action": {"type": "pass"}, "match": {"payload": {"a": "*"}}})) == [""]


def test_the_greater_priority_is_asked_first_then_the_older_rule_and_one_decides() -> None:
    book = book_of("answer status=500", "answer status=429 priority=1", "answer status=410")
    assert [entry.number for entry in book] == [2, 1, 3]
    assert strike(book) == ["rule 2: answer 429 TooManyRequests"]
    book.remove(2)
    assert strike(book) == ["rule 1: answer 500 InternalServerError"]
    assert [(entry.seen, entry.hits) for entry in book] == [(1, 1), (0, 0)]


def test_delays_add_up_and_the_next_rule_is_asked_too() -> None:
    book = book_of("delay seconds=1", "delay seconds=2 holds=request", "pass", "answer status=503")
    assert strike(book) == ["rule 1: delay the answer, rule 2: delay the request, rule 3: pass"]


def test_so_many_times_and_it_is_spent_and_costs_nothing_more() -> None:
    book = book_of("answer status=503 times=2")
    assert strike(book, 3) == [*["rule 1: answer 503 ServiceUnavailable"] * 2, ""]
    [entry] = book
    assert (entry.seen, entry.hits, entry.is_spent) == (2, 2, True)
    assert not book.requests


def test_after_so_many_and_only_the_nth_that_match() -> None:
    assert strike(book_of("pass after=2"), 4) == ["", "", "rule 1: pass", "rule 1: pass"]
    assert strike(book_of("pass match.nth=[2,4]"), 4) == ["", "rule 1: pass", "", "rule 1: pass"]
    book = book_of("pass match.nth=1 match.topic=a")
    assert strike(book, topic="b") + strike(book, 2, topic="a") == ["", "rule 1: pass", ""]


def test_a_sequence_goes_one_after_the_other_and_then_lets_pass() -> None:
    steps = [{"type": "answer", "status": 503, "times": 2}, {"type": "pass"}]
    acts = ["answer 503 ServiceUnavailable", "answer 503 ServiceUnavailable", "pass"]
    once = book_of({"action": steps})
    assert strike(once, 4) == [*(f"rule 1: {act}" for act in acts), ""]
    twice = book_of({"action": steps, "times": 2})
    assert strike(twice, 7) == [*(f"rule 1: {act}" for act in acts * 2), ""]


def test_chance_is_the_same_in_every_run_and_about_as_likely_as_asked() -> None:
    def run(**rule: Any) -> list[str]:  # noqa: ANN401
        return strike(book_of({"action": {"type": "pass"}, "probability": 0.3, **rule}), 1000)

    assert run() == run()
    assert run(seed=1) != run(seed=2)
    assert 250 < Counter(run())["rule 1: pass"] < 350
    assert strike(book_of("pass probability=0"), 100) == [""] * 100


def test_reset_returns_to_the_rules_of_the_settings_as_if_nothing_had_happened() -> None:
    book = book_of("pass times=1")
    strike(book)
    book.add(read_rule("never-answer"))
    assert len(book) == 2
    book.reset()
    assert [(entry.number, entry.hits, entry.is_spent) for entry in book] == [(1, 0, False)]
    book.clear()
    assert (len(book), book.requests, book.remove(1)) == (0, (), False)


@pytest.mark.parametrize(
    ("match", "missed"),
    [
        ({"topic": "com.example.a"}, "topic was 'com.example.app'"),
        ({"channel": "*"}, "there was no channel"),
        ({"topic": "com.*", "payload": {"aps.badge": 2}}, "payload.aps.badge was 1"),
        ({"payload": {"aps.sound": "*"}}, "there was no payload.aps.sound"),
        ({"topic": "com.*"}, ""),
    ],
)
def test_a_rule_says_why_it_was_not_for_the_last_occasion(
    match: dict[str, Any], missed: str
) -> None:
    book = book_of({"action": {"type": "answer", "status": 503}, "match": match})
    [entry] = book
    assert entry.missed == ""
    strike(book)
    assert (entry.missed, entry.hits) == (missed, 0 if missed else 1)


def test_a_long_value_that_did_not_match_is_told_in_part() -> None:
    book = book_of({"action": {"type": "pass"}, "match": {"payload": {"text": "x"}}})
    strike(book, payload={"text": "y" * 5000})
    [entry] = book
    assert len(entry.missed) < 60


def test_a_rule_goes_on_from_where_another_has_come() -> None:
    sequence = {"action": [{"type": "answer", "status": 500, "times": 3}, {"type": "pass"}]}
    for rule in ("answer status=500 times=4 probability=0.5", sequence, "pass"):
        former, later = book_of(rule), book_of(rule)
        strike(former, 3)
        [told], [entry] = former, later
        entry.go_on(told.seen, told.hits, told.dice)
        assert (entry.seen, entry.hits, entry.is_spent) == (told.seen, told.hits, told.is_spent)
        assert strike(later, 9) == strike(former, 9)


def test_a_rule_goes_on_no_further_than_it_can() -> None:
    [entry] = book_of("pass times=3")
    for hits in (4, 2**62):
        with pytest.raises(ValueError, match=f"struck {hits} times"):
            entry.go_on(hits, hits, "")
    [entry] = book_of(f"pass times={2**62}")
    entry.go_on(2**61, 2**61, "")
    assert not entry.is_spent
    for dice in ("x", "AAAA"):
        with pytest.raises(ValueError, match="dice of a rule are 2500 bytes"):
            entry.go_on(1, 1, dice)
