"""Rules from JSON, TOML and words, with errors that say where and what was expected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from gateway.faults.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

_RULES: TypeAdapter[Rule] = TypeAdapter(Rule)
_OTHER_FORM = frozenset({"list_type", "dataclass_type", "dict_type", "float_type"})
_OF_THE_RULE = ("times", "probability", "after", "priority", "seed")


class RuleError(ValueError):
    """The rule cannot be used; the message names every mistake and what was expected.

    Args:
        mistakes: where each is, such as ``action.answer.status`` (empty: nowhere in particular),
            and what is wrong.
    """

    def __init__(self, *mistakes: tuple[str, str]) -> None:
        self.mistakes = tuple(dict.fromkeys(mistakes))
        told = (f"{where}: {what}" if where else what for where, what in self.mistakes)
        super().__init__("; ".join(told))


def read_rule(told: object) -> Rule:
    """Make a rule of what a user wrote.

    Args:
        told: a dictionary as in the control API and TOML; its JSON text; or words, such as
            ``answer status=503 times=2 match.topic=com.example.app``: the action's type, then
            what belongs to the rule, to ``match.``, and to the action.

    Raises:
        RuleError: it is none.
    """
    if isinstance(told, str):
        told = _from_json(told) if told.lstrip().startswith("{") else from_words(told.split())
    try:
        # As JSON, in which strictness knows what an enumeration or a dataclass is written as.
        return _RULES.validate_json(json.dumps(told, default=str), strict=True)
    except ValidationError as error:
        errors = error.errors(include_url=False)
        # Of a value that may have several forms, the mistakes in its own; not that it is no other.
        own = [each for each in errors if each["type"] not in _OTHER_FORM] or errors
        raise RuleError(*map(_mistake, own)) from None


def told(rule: Rule) -> dict[str, Any]:
    """A rule as JSON, without what was left out."""
    written: dict[str, Any] = _RULES.dump_python(rule, mode="json", exclude_defaults=True)
    return {"match": {}, **written}


def _from_json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuleError(("", f"not JSON: {error}")) from None


def from_words(written: Sequence[str]) -> dict[str, Any]:
    """A rule as JSON from its words, unjudged.

    Raises:
        RuleError: one of them is not ``name=value``.
    """
    kind, *words = written or [""]
    action: dict[str, Any] = {"type": kind}
    match: dict[str, Any] = {}
    rule: dict[str, Any] = {"action": action, "match": match}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise RuleError(("", f"expected name=value, not {word!r}"))
        if name.startswith("match."):
            match[name.removeprefix("match.")] = _value(value)
        elif name in _OF_THE_RULE:
            rule[name] = _value(value)
        else:
            action[name] = _value(value)
    return rule


def to_words(told: dict[str, Any]) -> list[str]:
    """The words for a rule as JSON; the JSON itself if it does several things in turn."""
    action = dict(told["action"]) if isinstance(told["action"], dict) else None
    if action is None:
        return [json.dumps(told, separators=(",", ":"))]
    given = {**action, **{name: told[name] for name in _OF_THE_RULE if name in told}}
    del given["type"]
    given |= {f"match.{name}": value for name, value in told["match"].items()}
    return [action["type"], *(f"{name}={_word(value)}" for name, value in given.items())]


def _word(value: object) -> str:
    if isinstance(value, str) and _value(value) == value:
        return value
    return json.dumps(value, separators=(",", ":"))


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _mistake(error: ErrorDetails) -> tuple[str, str]:
    # The names of the branches of unions are ours; users know only those of their JSON.
    where = ".".join(str(part) for part in error["loc"] if not _is_branch(part))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "union_tag_not_found":
        message = 'expected a type, such as {"type": "answer", "status": 503}'
    return where, message


def _is_branch(part: object) -> bool:
    return isinstance(part, str) and (part.startswith("constrained-") or "[" in part)
