"""What a push says to a Live Activity: its ``aps`` dictionary, believed or refused.

Sources: Apple, "Starting and updating Live Activities with ActivityKit push notifications" (which
keys each event needs) and "Generating a remote notification" (their types). Apple's servers look
at none of it: a push that a device cannot use earned its provider 200 all the same.
"""

from __future__ import annotations

import base64
import binascii
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from devicesim.screen.alert import read_alert
from protocol.payload import is_set

if TYPE_CHECKING:
    from collections.abc import Mapping

Aps: TypeAlias = "Mapping[str, Any]"

MAX_TYPE_LENGTH = 200
_MAX_SCORE = 1e300


class UnusableEventError(ValueError):
    """The push changes nothing on this device; says why."""


class Event(StrEnum):
    """``aps.event``."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True)
class Content:
    """What all three events carry; times are UNIX seconds.

    ``state`` is only None at an end without a final state. ``alert``: what the person is to notice,
    as the provider wrote it. ``relevance_score``: any number.
    """

    timestamp: float
    state: dict[str, Any] | None
    stale_date: float | None
    alert: dict[str, Any] | str | None = None
    relevance_score: float = 0.0

    @property
    def has_alert(self) -> bool:
        """Whether a person is to notice."""
        return self.alert is not None


@dataclass(frozen=True, slots=True)
class Start:
    """A new activity. ``channel`` is the broadcast channel that it is to follow, in base64."""

    content: Content
    attributes_type: str
    attributes: dict[str, Any]
    wants_token: bool
    channel: str | None


@dataclass(frozen=True, slots=True)
class Update:
    """A newer content."""

    content: Content


@dataclass(frozen=True, slots=True)
class End:
    """The last content; ``dismissal_date`` is when it leaves the screen."""

    content: Content
    dismissal_date: float | None


def read_event(aps: Aps) -> Start | Update | End:
    """What the push asks for.

    Raises:
        UnusableEventError: something that its event needs is absent or of another type.
    """
    event = aps.get("event")
    if event == Event.START:
        return _read_start(aps)
    if event == Event.UPDATE:
        return Update(_read_content(aps, Event.UPDATE))
    if event == Event.END:
        return End(_read_content(aps, Event.END), _time(aps, "dismissal-date"))
    raise UnusableEventError(f"event must be start, update or end, not {_short(event)}")


def is_type_name(text: str) -> bool:
    """Whether a type of Swift could be named so, roughly; what it is will be in logs."""
    return 0 < len(text) <= MAX_TYPE_LENGTH and text.isprintable()


def _read_start(aps: Aps) -> Start:
    content = _read_content(aps, Event.START)
    attributes_type = aps.get("attributes-type")
    if not isinstance(attributes_type, str) or not is_type_name(attributes_type):
        raise UnusableEventError(
            f"start needs attributes-type, the name of a type, not {_short(attributes_type)}"
        )
    if not isinstance(aps.get("attributes"), dict):
        raise UnusableEventError(
            f"start needs attributes, a dictionary{_instead(aps, 'attributes')}"
        )
    if not content.has_alert:
        raise UnusableEventError("start needs an alert with a title or a body")
    channel = _read_channel(aps)
    return Start(content, attributes_type, aps["attributes"], _wants_token(aps, channel), channel)


def _read_content(aps: Aps, event: Event) -> Content:
    timestamp = _time(aps, "timestamp")
    if timestamp is None:
        raise UnusableEventError(f"{event} needs a timestamp, in seconds since 1970")
    state = aps.get("content-state")
    is_optional = event is Event.END and "content-state" not in aps
    if not isinstance(state, dict) and not is_optional:
        raise UnusableEventError(
            f"{event} needs content-state, a dictionary{_instead(aps, 'content-state')}"
        )
    return Content(timestamp, state, _time(aps, "stale-date"), _alert(aps), _score(aps))


def _alert(aps: Aps) -> dict[str, Any] | str | None:
    alert = aps.get("alert")
    return alert if read_alert(alert, {}, []) is not None else None


def _score(aps: Aps) -> float:
    """Apple: "any Double value" for a Live Activity; what is none counts as none."""
    value = aps.get("relevance-score")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if -_MAX_SCORE <= value <= _MAX_SCORE else 0.0


def _wants_token(aps: Aps, channel: str | None) -> bool:
    """Since iOS 18 a start says how it is to be updated; before, every activity had a token.

    Who says nothing gets a token, as payloads of iOS 17.2 expect; a channel takes its place.
    """
    if "input-push-token" in aps:
        return is_set(aps["input-push-token"])
    return channel is None


def _read_channel(aps: Aps) -> str | None:
    """Apple: the activity does not start with an invalid channel."""
    channel = aps.get("input-push-channel")
    if channel is None:
        return None
    try:
        if isinstance(channel, str) and base64.b64decode(channel, validate=True):
            return channel
    except (binascii.Error, ValueError):
        pass
    raise UnusableEventError(f"input-push-channel is a channel id in base64, not {_short(channel)}")


def _time(aps: Aps, key: str) -> float | None:
    value = aps.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UnusableEventError(f"{key} is a number of seconds since 1970, not {_short(value)}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise UnusableEventError(f"{key} is beyond all calendars")
    return seconds


def _instead(aps: Aps, key: str) -> str:
    return f", not {_short(aps[key])}" if key in aps else ""


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
