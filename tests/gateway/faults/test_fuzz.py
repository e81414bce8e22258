"""Whatever somebody writes for a rule, it is one, or a mistake that is told."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, get_args

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.configuration import SettingsError, load
from gateway.faults.book import RuleBook
from gateway.faults.match import KNOWN, Occasion
from gateway.faults.reading import read_rule, told
from gateway.faults.rule import Action
from gateway.faults.words import RuleError, to_words
from tests.examples_drawn import examples

if TYPE_CHECKING:
    from pathlib import Path

TAGS = [
    get_args(each.__dataclass_fields__["type"].type)[0] for each in get_args(get_args(Action)[0])
]
FIELDS = sorted(
    {name for each in get_args(get_args(Action)[0]) for name in each.__dataclass_fields__}
)
MATCHES = sorted(set().union(*KNOWN.values()))
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8),
        st.sampled_from(["*", "Shutdown", "expired", "reset", "now", "503", "request"]),
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from([*FIELDS, "type", "lower", "upper"]), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip
ACTIONS = st.builds(
    lambda tag, more: {**more, "type": tag},
    st.sampled_from([*TAGS, "none"]),
    st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=3),
)
RULES = st.fixed_dictionaries(
    {"action": ACTIONS | st.lists(ACTIONS, max_size=3) | VALUES},
    optional={
        "match": st.dictionaries(st.sampled_from([*MATCHES, "none"]), VALUES, max_size=3) | VALUES,
        "times": VALUES,
        "probability": VALUES,
        "priority": VALUES,
    },
)
ACTIONS_IN_TOML = [
    "{ type = 'pass' }", "1979-05-27", "nan", "[]", "{ type = 'delay', seconds = inf }",
]  # fmt: skip
MATCHES_IN_TOML = [
    "{ topic = 'a' }", "07:32:00", "[[1]]", "{ nth = 1 }", "{ payload = { a = 1979-05-27 } }",
]  # fmt: skip
DEEP = "[" * 100_000
PUSH = {"topic": "a.b", "token": "00", "payload": {"aps": [{"a": 1}]}, "priority": 10}


@settings(max_examples=examples(400))
@given(RULES)
def test_what_is_taken_for_a_rule_can_be_told_again_and_asked(written: object) -> None:
    try:
        rule = read_rule(written)
    except RuleError:
        return
    again = told(rule)
    assert told(read_rule(json.dumps(again))) == again
    assert to_words(again)
    book = RuleBook([rule])
    for _ in range(3):
        book.meet(book.at(rule.stage), Occasion(PUSH))
    [entry] = book
    assert entry.hits <= entry.seen <= 3


@settings(max_examples=examples(200))
@given(
    st.text(max_size=60)
    | st.builds("answer {}={}".format, st.text(max_size=9), st.text(max_size=9))
)
@example("answer status=" + DEEP)
@example('{"action":' + DEEP)
def test_no_words_raise_anything_but_a_mistake(words: str) -> None:
    with suppress(RuleError):
        read_rule(words)


@settings(max_examples=examples(200), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.text(max_size=80)
    | st.builds(
        "[[rule]]\naction = {}\nmatch = {}\n".format,
        st.sampled_from(ACTIONS_IN_TOML),
        st.sampled_from(MATCHES_IN_TOML),
    )
)  # fmt: skip
def test_a_settings_file_has_rules_or_its_mistakes_are_told(text: str, tmp_path: Path) -> None:
    file = tmp_path / "apnsim.toml"
    file.write_text(text, encoding="utf-8", newline="")
    try:
        read = load(file, {}, {})
    except SettingsError:
        pass
    else:
        assert all(rule.actions for rule in read.rule)


@pytest.mark.parametrize("digits", [4301, 100_000])
def test_numbers_that_python_does_not_read_are_mistakes(digits: int) -> None:
    with pytest.raises(RuleError):
        read_rule('{"action": {"type": "answer", "status": ' + "9" * digits + "}}")
