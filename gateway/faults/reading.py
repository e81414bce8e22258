"""Rules from JSON, TOML and words, with errors that say where and what was expected."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from gateway.faults.rule import Rule
from gateway.faults.words import RuleError, from_words
from protocol.lint.words import meant
from protocol.plain import json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        return json_of(text)
    except ValueError as error:
        raise RuleError(("", f"not JSON: {error}")) from None


def _mistake(error: ErrorDetails) -> tuple[str, str]:
    # The names of the branches of unions are ours; users know only those of their JSON.
    where = ".".join(str(part) for part in error["loc"] if not _is_branch(part))
    message = error["msg"].removeprefix("Value error, ")
    if error["type"] == "union_tag_not_found":
        message = 'expected a type, such as {"type": "answer", "status": 503}'
    elif error["type"] == "union_tag_invalid":
        written, known = error["ctx"]["tag"], error["ctx"]["expected_tags"]
        types = known.strip("'").split("', '")
        message = f"there is no type {written!r}{_meant(written, types)}"
    elif error["type"] == "unexpected_keyword_argument":
        *owner, name = error["loc"]
        message = f"there is no such key{_meant(str(name), _keys_of(owner))}"
    return where, message


def _meant(written: str, known: Sequence[str]) -> str:
    everything = f"there are {', '.join(known)}"
    return f"; {meant(written, known, everything)}" if known else ""


def _keys_of(owner: Sequence[object]) -> list[str]:
    """The keys of the rule, of its match, or of the action whose type is last in ``owner``."""
    schema = _schema()
    if owner:
        of_actions = schema["properties"]["action"]["anyOf"][0]["discriminator"]["mapping"]
        place = of_actions.get(owner[-1], "/Match" if owner == ["match"] else "")
        schema = schema["$defs"].get(place.rpartition("/")[2], {})
    return list(schema.get("properties", ()))


@cache
def _schema() -> dict[str, Any]:
    return _RULES.json_schema()  # makes it anew each time, which takes longer than all the rest


def _is_branch(part: object) -> bool:
    return isinstance(part, str) and (part.startswith("constrained-") or "[" in part)
