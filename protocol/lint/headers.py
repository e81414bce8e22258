"""Warnings about headers: accepted, and hardly what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.lint.finding import Found, Road
from protocol.lint.push import MILLISECONDS_FROM
from protocol.lint.words import meant
from protocol.notification import Priority, PushType
from protocol.provider.rejection import Rejection
from protocol.provider.request import (
    DESCRIBING_HEADERS,
    read_expiration,
    read_priority,
    read_topic,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push

_BROADCAST_HEADERS = frozenset(
    {"apns-channel-id", "apns-expiration", "apns-id", "apns-priority", "apns-push-type"}
    | {"apns-request-id"}
)
_REQUIRED_OF_BROADCASTS = {
    "apns-expiration": (
        "as long as the channel keeps it",
        "send 0, or on a channel that stores until when in UTC seconds",
    ),
    "apns-priority": ("10", "send 10 (at once) or 5 (spares the budget)"),
}
# "A few seconds", in Apple's words about calls.
_CALL_SECONDS = 60


def _expires_at(push: Push) -> int | None:
    try:
        return read_expiration(push.headers).at
    except Rejection:
        return None


def _priority(push: Push) -> Priority | None:
    try:
        return read_priority(push.headers)
    except Rejection:
        return None


def push_type_missing(push: Push) -> Iterator[Found]:
    """There is no apns-push-type, which watchOS needs and Apple wants everywhere."""
    if push.is_whole and "apns-push-type" not in push.headers:
        advice = f"send apns-push-type: {push.kind}"
        yield Found("apns-push-type", f"is missing; taken for {push.kind}", advice)


def broadcast_required(push: Push) -> Iterator[Found]:
    """A broadcast lacks apns-expiration or apns-priority, which Apple's page requires."""
    for name, (taken_for, advice) in _REQUIRED_OF_BROADCASTS.items():
        if push.is_whole and name not in push.headers:
            yield Found(name, f"is missing; taken for: {taken_for}", advice)


def expiration_past(push: Push) -> Iterator[Found]:
    """apns-expiration is over already: tried once, never stored."""
    at = _expires_at(push)
    if at and at <= push.now:
        ago = int(push.now) - at
        yield Found(
            "apns-expiration",
            f"is {at}, {ago} s ago: one attempt, and nothing is stored for a phone that is away",
            "send a time to come in UTC seconds, or 0 if one attempt is what you want",
        )


def expiration_milliseconds(push: Push) -> Iterator[Found]:
    """apns-expiration counts milliseconds, by its size."""
    at = _expires_at(push)
    if at and at >= MILLISECONDS_FROM:
        what = f"is {at}, thousands of years ahead: kept for 30 days, as if it were absent"
        yield Found("apns-expiration", what, f"send seconds: {at // 1000}")


def late_call(push: Push) -> Iterator[Found]:
    """A call may wait for the phone, and ring when it is over."""
    at = _expires_at(push)
    if at is None and not push.is_whole:
        return
    if at is None or push.now + _CALL_SECONDS < at < MILLISECONDS_FROM:
        until = "is missing" if at is None else f"is {at - int(push.now)} s ahead"
        yield Found(
            "apns-expiration",
            f"{until}: the phone rings for a call that is long over",
            "send 0, or a few seconds from now",
        )


def late_talk(push: Push) -> Iterator[Found]:
    """A push-to-talk push is not sent at once, or may wait."""
    priority, at = _priority(push), _expires_at(push)
    if priority not in (None, Priority.IMMEDIATE):
        yield Found("apns-priority", f"is {priority:d} on a pushtotalk push", "send 10")
    is_told = push.is_whole or "apns-expiration" in push.headers
    if is_told and at != 0:
        what = "is not 0: what was said arrives when nobody listens"
        yield Found("apns-expiration", what, "send 0")


def background_priority_missing(push: Push) -> Iterator[Found]:
    """A background push has no priority, whose default is 10: an error for these."""
    if push.is_whole and "apns-priority" not in push.headers:
        yield Found("apns-priority", "is missing, and 10 is its default", "send 5")


def activity_priority(push: Push) -> Iterator[Found]:
    """A Live Activity is updated with priority 1, of which its page knows nothing."""
    if _priority(push) is Priority.POWER_FIRST:
        advice = "send 5 (spares the budget) or 10 (at once)"
        yield Found("apns-priority", "is 1 on a Live Activity", advice)


def foreign_suffix(push: Push) -> Iterator[Found]:
    """apns-topic has the suffix of another push type."""
    try:
        topic = read_topic(push.headers) or ""
    except Rejection:
        return
    for other in PushType:
        if other.topic_suffix and topic.endswith(other.topic_suffix):
            yield Found(
                "apns-topic",
                f"ends in {other.topic_suffix}, as those of {other} pushes do; this is {push.kind}",
                f"send the bundle id alone, or apns-push-type: {other}; a token of the one is"
                " DeviceTokenNotForTopic with the other",
            )


def empty_header(push: Push) -> Iterator[Found]:
    """A header is empty, which counts as absent."""
    for name in ("apns-collapse-id", "apns-topic"):
        if push.headers.get(name) == "":
            yield Found(name, "is empty, as if it were not there", "fill it, or leave it out")


def unknown_header(push: Push) -> Iterator[Found]:
    """A header begins with apns- and is none of Apple's."""
    known = _BROADCAST_HEADERS if push.road is Road.BROADCAST else DESCRIBING_HEADERS
    for name in push.headers:
        if name.startswith("apns") and name not in known:
            advice = meant(name, known, f"this call knows {', '.join(sorted(known))}")
            yield Found(name, "is no header of this call, and ignored", advice)
