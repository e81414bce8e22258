"""What can go wrong between a test and the console, in words that help."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Mapping


class ApnsimError(Exception):
    """The console refused a call, or could not be asked.

    Args:
        status: of HTTP; 0 when there was no answer.
        title: the kind of problem.
        detail: what happened, what was expected, what to do.
    """

    def __init__(self, status: int, title: str, detail: str) -> None:
        super().__init__(status, title, detail)
        self.status = status
        self.title = title
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.status} {self.title}: {self.detail}" if self.status else self.detail


class UnreachableError(ApnsimError):
    """Nobody answers at the console's address; ``status`` is 0."""


class NotInTimeError(ApnsimError):
    """Fewer pushes came than were waited for; ``status`` is 0."""


def unreachable(url: httpx.URL, error: httpx.TransportError) -> UnreachableError:
    """Why there is no answer, and what to do."""
    said = re.sub(r"\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        detail = f"no gateway answers at {url} ({said}); start one with: apnsim serve"
    else:
        detail = f"the console at {url} did not answer as expected: {said}"
    return UnreachableError(0, "Unreachable", detail)


def not_in_time(
    wanted: str, filters: Mapping[str, Any], found: int, states: Mapping[str, int]
) -> NotInTimeError:
    """What was waited for, and what was there instead.

    Args:
        wanted: how many and for how long, for the reader.
        filters: which pushes.
        found: how many there were.
        states: how many there are in each state, if the state is left out of the filters.
    """
    which = ", ".join(f"{name}={value!r}" for name, value in filters.items()) or "any push"
    there = ", ".join(f"{number} {state!r}" for state, number in states.items()) or "none"
    detail = f"waited for {wanted} ({which}), found {found}; in whatever state: {there}"
    return NotInTimeError(0, "Not in time", detail)


def error_of(answer: httpx.Response) -> ApnsimError:
    """The error in an answer: a problem document, or whatever else is at that address."""
    try:
        problem = answer.json()
        return ApnsimError(answer.status_code, problem["title"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"{answer.url} is no apnsim console; it says {answer.text[:200]!r}"
        return ApnsimError(answer.status_code, answer.reason_phrase, detail)
