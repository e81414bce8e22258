"""Rules from JSON, TOML and words, with errors that say where and what was expected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from gateway.faults.rule import Rule
from gateway.faults.words import RuleError, from_words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_RULES: TypeAdapter[Rule] = TypeAdapter(Rule)
_OTHER_FORM = frozenset({"list_type", "dataclass_type", "dict_type", "float_type"})


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


def _mistake(error: ErrorDetails) -> tuple[str, str]:
    # The names of the branches of unions are ours; users know only those of their JSON.
    where = ".".join(str(part) for part in error["loc"] if not _is_branch(part))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "union_tag_not_found":
        message = 'expected a type, such as {"type": "answer", "status": 503}'
    return where, message


def _is_branch(part: object) -> bool:
    return isinstance(part, str) and (part.startswith("constrained-") or "[" in part)
