"""What can go wrong between a test and the console, in words that help."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import httpx

from apnsim.client.near_misses import told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apnsim.client.expectations import OnItsWay
    from apnsim.client.near_misses import NearMiss
    from apnsim.client.views import Notification


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


class NotInTimeError(ApnsimError, AssertionError):
    """Fewer pushes came than were waited for; ``status`` is 0.

    ``near_misses`` are those that came nearest, the nearest first.
    """

    near_misses: Sequence[NearMiss] = ()


class UnexpectedNotificationError(ApnsimError, AssertionError):
    """One came that was expected not to; ``notifications`` are what came. ``status`` is 0."""

    notifications: Sequence[Notification] = ()


class NotSettledError(ApnsimError, AssertionError):
    """It cannot be known whether one will come, as something is on its way; ``status`` is 0."""


def unreachable(url: httpx.URL, error: httpx.TransportError | httpx.InvalidURL) -> UnreachableError:
    """Why there is no answer, and what to do."""
    said = re.sub(r"\[Errno -?\d+\] ", "", str(error)) or type(error).__name__
    if "WRONG_VERSION_NUMBER" in said:
        plain = url.copy_with(scheme="http")
        detail = f"what listens at {url} speaks no TLS, as a console does not: try {plain}"
    elif isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        detail = f"no gateway answers at {url} ({said}); start one with: apnsim serve"
    elif isinstance(error, httpx.InvalidURL):  # of filters that are longer than any URL
        detail = f"the console at {url} cannot be asked for that: {said}"
    else:
        detail = f"the console at {url} did not answer as expected: {said}"
        if isinstance(error, httpx.RemoteProtocolError):
            detail = f"{detail.rstrip('.')}; is that its address?"
    return UnreachableError(0, "Unreachable", detail)


def not_in_time(
    wanted: str,
    filters: Mapping[str, Any],
    found: int,
    states: Mapping[str, int],
    near: list[NearMiss],
) -> NotInTimeError:
    """What was waited for, and what was there instead.

    Args:
        wanted: how many and for how long, for the reader.
        filters: which pushes.
        found: how many there were.
        states: how many there are in each state, if the state is left out of the filters.
        near: what came nearest.
    """
    there = ", ".join(f"{number} {state!r}" for state, number in states.items()) or "none"
    detail = f"waited for {wanted} ({_which(filters)}), found {found}; in whatever state: {there}"
    if near:
        detail += f"\nthe nearest:{told(near)}"
    error = NotInTimeError(0, "Not in time", detail)
    error.near_misses = near
    return error


def unexpected(
    filters: Mapping[str, Any], found: list[Notification], near: list[NearMiss]
) -> UnexpectedNotificationError:
    """What came, and was expected not to."""
    detail = f"expected none ({_which(filters)}), found {len(found)}:{told(near)}"
    error = UnexpectedNotificationError(0, "Unexpected", detail)
    error.notifications = found
    return error


def not_settled(
    seconds: float, filters: Mapping[str, Any], on_their_way: Sequence[OnItsWay]
) -> NotSettledError:
    """What is still on its way."""
    them = "; ".join(f"{each.apns_id}: {each.became}" for each in on_their_way)
    detail = (
        f"expected none ({_which(filters)}), and after {seconds:g} s it cannot be known: {them}."
        " settle_seconds=0 takes what is on its way for what will not come"
    )
    return NotSettledError(0, "Not settled", detail)


def _which(filters: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in filters.items()) or "any push"


def note_if_blocked(error: NotInTimeError) -> None:
    """Say it, if the call was made in an event loop; asks only for what is imported anyway."""
    running = getattr(sys.modules.get("asyncio"), "_get_running_loop", None)
    trio = sys.modules.get("trio")
    if (running and running()) or (trio and trio.lowlevel.in_trio_run()):
        error.add_note(
            "this call has kept the event loop from running for so long, and with it what would"
            " have sent them: await the one of .aio"
        )


def json_of(answer: httpx.Response) -> Any:  # noqa: ANN401
    """What an answer says; None if it is empty.

    Raises:
        ApnsimError: it is an error.
    """
    if answer.is_error:
        raise error_of(answer)
    return answer.json() if answer.content else None


def error_of(answer: httpx.Response) -> ApnsimError:
    """The error in an answer: a problem document, or whatever else is at that address."""
    try:
        problem = answer.json()
        return ApnsimError(answer.status_code, problem["title"], problem["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"{answer.url} is no apnsim console; it says {answer.text[:200]!r}"
        return ApnsimError(answer.status_code, answer.reason_phrase, detail)
