"""Rules as words of the command line, unjudged: who only passes them on needs no pydantic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from protocol.plain import json_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        return json_of(text)
    except ValueError:
        return text
