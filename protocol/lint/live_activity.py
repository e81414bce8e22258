"""Warnings about pushes to Live Activities: APNs looks at none of this, the phone at all of it."""

from __future__ import annotations

import base64
import binascii
import math
from typing import TYPE_CHECKING, Any

from protocol.lint import alert
from protocol.lint.finding import Found
from protocol.lint.push import MILLISECONDS_FROM
from protocol.lint.words import meant, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push

_EVENTS = ("start", "update", "end")
# No content of an activity can be meant for later: that is how long one runs.
_MAX_AHEAD_SECONDS = 8 * 3600
# "After the specified date or after four hours … whichever comes first."
_MAX_ENDED_SECONDS = 4 * 3600
_MAX_TYPE_LENGTH = 200


def _event(push: Push) -> str | None:
    event = push.aps.get("event")
    return event if event in _EVENTS else None


def _time(value: Any) -> float | None:  # noqa: ANN401 - JSON
    """UNIX seconds; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def event(push: Push) -> Iterator[Found]:
    """The event is none of start, update, end."""
    if _event(push) is None:
        said = push.aps.get("event")
        what = "is missing" if said is None else f"is start, update or end, not {shown(said)}"
        yield Found("aps.event", what, meant(said, _EVENTS, "send one of start, update, end"))


def timestamp(push: Push) -> Iterator[Found]:
    """There is no timestamp."""
    if _event(push) and push.aps.get("timestamp") is None:
        advice = f"send the time of the content in seconds, such as {push.now:.0f}"
        yield Found("aps.timestamp", "is missing: every event needs one", advice)


def dates(push: Push) -> Iterator[Found]:
    """timestamp, stale-date or dismissal-date is not a number of seconds since 1970."""
    names = ["timestamp", "stale-date"] + ["dismissal-date"] * (_event(push) == "end")
    for name in names if _event(push) else ():
        value = push.aps.get(name)
        if value is not None and _time(value) is None:
            what = f"is a number of seconds since 1970, not {shown(value)}"
            yield Found(f"aps.{name}", what, f"such as {push.now:.0f}")


def timestamp_ahead(push: Push) -> Iterator[Found]:
    """The timestamp is over eight hours ahead; milliseconds are."""
    at = _time(push.aps.get("timestamp"))
    if _event(push) in ("start", "update") and at and at > push.now + _MAX_AHEAD_SECONDS:
        is_milliseconds = at >= MILLISECONDS_FROM
        what = "counts milliseconds" if is_milliseconds else "is over eight hours ahead"
        advice = f"send seconds: {at / 1000 if is_milliseconds else push.now:.0f}"
        yield Found("aps.timestamp", f"{what}: the phone ignores the push", advice)


def content_state(push: Push) -> Iterator[Found]:
    """content-state is missing, or not a dictionary."""
    event, state = _event(push), push.aps.get("content-state")
    if event is None or isinstance(state, dict):
        return
    if "content-state" in push.aps:
        what = f"is a dictionary, not {shown(state)}"
        yield Found("aps.content-state", what, "send the ContentState of your attributes as JSON")
    elif event != "end":
        yield Found("aps.content-state", f"is missing: {event} needs it", "send the whole state")


def no_final_state(push: Push) -> Iterator[Found]:
    """An end has no content-state: what was shown last stays on the screen."""
    if _event(push) == "end" and "content-state" not in push.aps:
        advice = "send the final state, as Apple recommends"
        yield Found("aps.content-state", "is missing: the last one stays to be seen", advice)


def attributes(push: Push) -> Iterator[Found]:
    """A start lacks attributes-type or attributes."""
    if _event(push) != "start":
        return
    name, value = push.aps.get("attributes-type"), push.aps.get("attributes")
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_TYPE_LENGTH or not name.isprintable():
        what = "is missing" if name is None else f"is the name of a Swift type, not {shown(name)}"
        yield Found("aps.attributes-type", what, "name the app's ActivityAttributes type")
    if not isinstance(value, dict):
        what = "is missing" if value is None else f"is a dictionary, not {shown(value)}"
        yield Found("aps.attributes", what, "send the attributes as JSON, {} if there are none")


def start_alert(push: Push) -> Iterator[Found]:
    """A start has no alert to be read."""
    if _event(push) == "start" and not alert.is_readable(push):
        advice = "tell people of it: an alert with a title or a body"
        yield Found("aps.alert", "has nothing to be read, which a start needs", advice)


def channel(push: Push) -> Iterator[Found]:
    """A start names a channel that can be none."""
    said = push.aps.get("input-push-channel")
    if _event(push) == "start" and said is not None and not _is_base64(said):
        what = f"is a channel id in base64, not {shown(said)}: the activity does not start"
        yield Found("aps.input-push-channel", what, "send the id of a channel of your app")


def _is_base64(text: object) -> bool:
    try:
        return isinstance(text, str) and base64.b64decode(text, validate=True) != b""
    except (binascii.Error, ValueError):
        return False


def push_token(push: Push) -> Iterator[Found]:
    """A start has an input-push-token that is not the number 1: the activity gets no token."""
    wanted = push.aps.get("input-push-token", 1)
    if _event(push) == "start" and wanted != 1:
        what = f"is the number 1, not {shown(wanted)}"
        advice = "send 1 to update the activity by a token of its own, or leave it out"
        yield Found("aps.input-push-token", what, advice)


def broadcast_start(push: Push) -> Iterator[Found]:
    """A broadcast starts nothing."""
    if _event(push) == "start":
        what = "is start, which no broadcast can be"
        yield Found("aps.event", what, "start activities by push-to-start token, or by the app")


def milliseconds(push: Push) -> Iterator[Found]:
    """stale-date or dismissal-date counts milliseconds, by its size."""
    for name in ("stale-date", "dismissal-date"):
        at = _time(push.aps.get(name))
        if at is not None and math.isfinite(at) and at >= MILLISECONDS_FROM:
            what = "counts milliseconds, and is never reached"
            yield Found(f"aps.{name}", what, f"send seconds: {at / 1000:.0f}")


def stale_already(push: Push) -> Iterator[Found]:
    """stale-date is over: the activity is stale at once."""
    at = _time(push.aps.get("stale-date"))
    if at is not None and at <= push.now and _event(push) in ("start", "update"):
        what = "is over: the activity looks outdated from the start"
        yield Found("aps.stale-date", what, "send a time to come, or leave it out")


def early_dismissal(push: Push) -> Iterator[Found]:
    """dismissal-date means nothing before the end."""
    if _event(push) in ("start", "update") and "dismissal-date" in push.aps:
        what = "is read with event end alone"
        yield Found("aps.dismissal-date", what, "send it with event end")


def late_dismissal(push: Push) -> Iterator[Found]:
    """dismissal-date is over four hours ahead: the activity leaves the screen after four."""
    at = _time(push.aps.get("dismissal-date"))
    if _event(push) == "end" and at and push.now + _MAX_ENDED_SECONDS < at < MILLISECONDS_FROM:
        what = "is over four hours ahead: the activity leaves the screen four hours after its end"
        advice = "send a date within four hours; leaving it out means four hours, too"
        yield Found("aps.dismissal-date", what, advice)


def late_input(push: Push) -> Iterator[Found]:
    """input-push-channel and input-push-token mean nothing after the start."""
    for name in ("input-push-channel", "input-push-token"):
        if _event(push) in ("update", "end") and name in push.aps:
            what = "is read with event start alone"
            yield Found(f"aps.{name}", what, "send it with event start, or leave it out")


def score(push: Push) -> Iterator[Found]:
    """relevance-score is not a number."""
    value = push.aps.get("relevance-score")
    if value is not None and _time(value) is None:
        what = f"is a number, not {shown(value)}"
        yield Found("aps.relevance-score", what, "send a number; the highest is shown first")


def sound_beside_alert(push: Push) -> Iterator[Found]:
    """The sound of a Live Activity stands beside its alert, where nobody reads it."""
    if push.aps.get("sound") is not None:
        what = "is not played: that of a Live Activity is part of its alert"
        yield Found("aps.sound", what, "move it: aps.alert.sound")
