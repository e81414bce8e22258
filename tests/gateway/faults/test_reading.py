"""Rules from JSON, words and TOML, and what is said of those that are none."""

from __future__ import annotations

import json

import pytest

from gateway.faults.reading import read_rule, told
from gateway.faults.words import RuleError

BUSY = {"type": "answer", "status": 503}


def test_a_rule_is_told_as_it_was_written() -> None:
    written = {
        "match": {"topic": "com.example.*", "nth": [1, 3], "payload": {"aps.badge": 1}},
        "action": {"type": "answer", "status": 429, "retry_after": 3},
        "times": 2,
        "probability": 0.5,
        "after": 1,
        "priority": -1,
        "seed": 7,
    }
    assert told(read_rule(written)) == written
    assert told(read_rule(json.dumps(written))) == written


def test_what_is_left_out_stays_out() -> None:
    assert told(read_rule({"action": BUSY})) == {"match": {}, "action": BUSY}


def test_words_are_the_actions_type_then_what_belongs_to_rule_match_and_action() -> None:
    words = "answer status=503 times=2 match.topic=com.example.app match.nth=[1,2] reason=Shutdown"
    assert told(read_rule(words)) == {
        "match": {"topic": "com.example.app", "nth": [1, 2]},
        "action": {"type": "answer", "status": 503, "reason": "Shutdown"},
        "times": 2,
    }


def test_a_sequence_and_a_distribution_are_told_as_they_were_written() -> None:
    spread = {"type": "lognormal", "median": 0.2, "sigma": 0.5}
    steps = [{"times": 2, **BUSY}, {"type": "delay", "seconds": spread}, {"type": "pass"}]
    assert told(read_rule({"action": steps})) == {"match": {}, "action": steps}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ({}, "action: Field required"),
        ([], "Input should be an object"),
        ({"action": {}}, 'action: expected a type, such as {"type": "answer", "status": 503}'),
        ("explode", "action: there is no type 'explode'; there are answer, delay, never-answer, "),
        ("anser status=503", "action: there is no type 'anser'; did you mean answer?"),
        ("answer", "action.answer: no status; say a status, such as 503"),
        ("answer reason=Bored", "action.answer: no reason of Apple's: 'Bored'; say a status"),
        ("answer status=99", "action.answer.status: Input should be greater than or equal to 200"),
        ("answer status=503 speed=1", "action.answer.speed: there is no such key; there are "),
        ("answer statsu=503", "action.answer.statsu: there is no such key; did you mean status?"),
        (
            {"action": [{"type": "goaway", "cod": 1}]},
            "action.0.goaway.cod: there is no such key; did you mean code?",
        ),
        ("answer status=503 accept=1", "action.answer.accept: Input should be a valid boolean"),
        ('answer status=503 times="2"', "times: Input should be a valid integer"),
        ("answer 503", "expected name=value, not '503'"),
        ("{", "not JSON: "),
        ({"action": []}, "action: List should have at least 1 item"),
        ({"action": [{"type": "answer", "status": 1}]}, "action.0.answer.status: Input should be"),
        ({"action": BUSY, "match": {"nth": 0}}, "match.nth: Input should be greater than or equal"),
        ({"action": BUSY, "match": {"priority": 3}}, "match.priority: Input should be 1, 5 or 10"),
        (
            {"action": BUSY, "match": {"tokn": "a"}},
            "match.tokn: there is no such key; did you mean token?",
        ),
        ({"action": BUSY, "tims": 2}, "tims: there is no such key; did you mean times?"),
        (
            {"action": {"type": "delay", "seconds": {"type": "uniform", "lowr": 2}}},
            "action.delay.seconds.uniform.lower: Field required; "
            "action.delay.seconds.uniform.upper: Field required; "
            "action.delay.seconds.uniform.lowr: there is no such key",
        ),
        ({"action": BUSY, "times": 0}, "times: Input should be greater than or equal to 1"),
        ({"action": BUSY, "probability": 2}, "probability: Input should be less than or equal"),
        (
            {"action": BUSY, "match": {"device": "phone"}},
            "match.device is not known of a request, at which answer 503 ServiceUnavailable happens"
            "; known are bundle_id, channel, connection, environment, key_id, nth,"
            " nth_on_connection, path, payload, priority, push_type, team_id, token, topic",
        ),
        (
            {"action": [BUSY, {"type": "duplicate"}]},
            "one rule cannot act on a delivery to a device and request: make two of it",
        ),
        ("settings", "action.settings: no setting is named, such as max_concurrent_streams"),
        (
            {"action": {"type": "delay", "seconds": {"type": "uniform", "lower": 2, "upper": 1}}},
            "action.delay.seconds.uniform: upper is less than lower",
        ),
        (
            {"action": {**BUSY, "headers": {"X-A": "b"}}},
            "action.answer.headers: a header name is in lower case, without a colon; not 'X-A'",
        ),
        (
            {"action": {**BUSY, "headers": {"a": "b\nc"}}},
            "action.answer.headers: the value of a is one line of ASCII, not 'b\\nc'",
        ),
    ],
)
def test_a_mistake_says_where_it_is_and_what_was_expected(written: object, says: str) -> None:
    with pytest.raises(RuleError) as refused:
        read_rule(written)
    assert str(refused.value).startswith(says)
    assert ";" not in str(refused.value) or ";" in says, "one mistake is told once"


def test_a_list_is_gone_through_no_more_often_than_can_be_kept() -> None:
    with pytest.raises(RuleError, match="a list of 2 is gone through 50000 times at most"):
        read_rule({"action": [{"type": "pass"}, {"type": "pass"}], "times": 10**12})
