"""Saying a value, and naming the word that was meant."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 40


def shown(value: object) -> str:
    """A value as its author wrote it; what may be long is cut, what is deep is named."""
    if isinstance(value, dict):
        return "a dictionary"
    if isinstance(value, list):
        return "an array"
    return cut(json.dumps(value, ensure_ascii=False))


def cut(text: str) -> str:
    """At most so much that a line stays readable."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def did_you_mean(word: object, known: Iterable[str]) -> str | None:
    """The known word that is nearest, whatever its case and its hyphens; None if none is near."""
    plain = {_plain(each): each for each in known}
    near = get_close_matches(_plain(str(word)[:_LONGEST]), plain, n=1, cutoff=0.7)
    return plain[near[0]] if near else None


def meant(word: object, known: Iterable[str], otherwise: str) -> str:
    """The question, or else what there is to say."""
    near = did_you_mean(word, known)
    return otherwise if near is None else f"did you mean {near}?"


def _plain(word: str) -> str:
    return word.lower().replace("-", "").replace("_", "")
