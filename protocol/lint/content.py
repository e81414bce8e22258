"""Warnings about the other keys of an alert push: badge, sound, level, and nothing at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.lint import alert
from protocol.lint.finding import Found
from protocol.lint.push import SEEN_OR_HEARD
from protocol.lint.words import cut, meant, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push

_MAX_BADGE = 2**31 - 1
_LEVELS = ("passive", "active", "time-sensitive", "critical")
_TEXTS = ("thread-id", "category", "target-content-id", "filter-criteria")
_SOUND_KEYS = ("critical", "name", "volume")
_ON = (1, "1")  # and true: what the emulated phone obeys; Apple asks for the number


def nothing_to_show(push: Push) -> Iterator[Found]:
    """An alert push has neither alert, badge nor sound that could be used."""
    if alert.is_readable(push) or _has_badge(push.aps) or _has_sound(push.aps):
        return
    advice = "put an alert, a badge or a sound into aps"
    if "content-available" in push.aps:
        advice = "send it with apns-push-type: background and apns-priority: 5"
    yield Found("aps", "has nothing to be seen or heard", advice)


def _has_badge(aps: dict[str, Any]) -> bool:
    return aps.get("badge") is not None and _is_badge(aps["badge"])


def _has_sound(aps: dict[str, Any]) -> bool:
    sound = aps.get("sound")
    return isinstance(sound, dict) or (isinstance(sound, str) and sound != "")


def _is_badge(value: Any) -> bool:  # noqa: ANN401 - JSON
    return _is_number(value) and 0 <= value <= _MAX_BADGE and value == int(value)


def _is_number(value: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(value, int | float) and not isinstance(value, bool)


def badge_type(push: Push) -> Iterator[Found]:
    """The badge is not a whole number; as a text it stays as it was."""
    badge = push.aps.get("badge")
    if badge is None or _is_badge(badge):
        return
    advice = "send a number without quotes; 0 clears it"
    yield Found("aps.badge", f"is a whole number, not {shown(badge)}", advice)


# -- sound -----------------------------------------------------------------------------------------


def _sound(push: Push) -> dict[str, Any]:
    sound = push.aps.get("sound")
    return sound if isinstance(sound, dict) else {}


def sound_type(push: Push) -> Iterator[Found]:
    """The sound is neither a file name nor a dictionary."""
    sound = push.aps.get("sound")
    if sound is not None and not _has_sound(push.aps):
        what = f"is a name or a dictionary, not {shown(sound)}"
        yield Found("aps.sound", what, 'send "default" or the name of a file of the app')


def sound_name(push: Push) -> Iterator[Found]:
    """The name of the sound is not a text."""
    sound = _sound(push)
    name = sound.get("name", "default")
    if not isinstance(name, str) or not name:
        what = f"is a text, not {shown(name)}"
        yield Found("aps.sound.name", what, 'send "default" or the name of a file of the app')


def sound_volume(push: Push) -> Iterator[Found]:
    """The volume of the sound is not a number from 0 to 1."""
    volume = _sound(push).get("volume", 1)
    if not _is_number(volume) or not 0 <= volume <= 1:
        what = f"is a number from 0 to 1, not {shown(volume)}"
        yield Found("aps.sound.volume", what, "1 is the loudest")


def sound_critical(push: Push) -> Iterator[Found]:
    """A sound is a dictionary, and not that of a critical alert."""
    sound = _sound(push)
    if not isinstance(push.aps.get("sound"), dict) or _is_one(sound.get("critical")):
        return
    what = f"is the number 1 in a critical alert, not {shown(sound.get('critical'))}"
    if "critical" not in sound:
        what = "is missing: without it this is a sound like any other, its volume means nothing"
    yield Found("aps.sound.critical", what, 'send 1, or the name alone: "sound": "default"')


def sound_key(push: Push) -> Iterator[Found]:
    """A key of the sound is none of Apple's."""
    for key in _sound(push):
        if key not in _SOUND_KEYS:
            advice = meant(key, _SOUND_KEYS, f"a sound has {', '.join(_SOUND_KEYS)}")
            yield Found(f"aps.sound.{cut(key)}", "means nothing in a sound", advice)


# -- texts and numbers -----------------------------------------------------------------------------


def text_type(push: Push) -> Iterator[Found]:
    """thread-id, category, target-content-id or filter-criteria is not a text."""
    for key in _TEXTS:
        value = push.aps.get(key)
        if value is not None and not isinstance(value, str):
            yield Found(f"aps.{key}", f"is a text, not {shown(value)}", "put it in quotes")


def text_empty(push: Push) -> Iterator[Found]:
    """thread-id, category, target-content-id or filter-criteria is empty, as if it were absent."""
    for key in _TEXTS:
        if push.aps.get(key) == "":
            yield Found(f"aps.{key}", "is empty, as if it were absent", "fill it, or leave it out")


def interruption_level(push: Push) -> Iterator[Found]:
    """interruption-level is none of Apple's; the notification is active then."""
    level = push.aps.get("interruption-level")
    if level is not None and level not in _LEVELS:
        known = ", ".join(_LEVELS)
        what = f"is one of {known}, not {shown(level)}"
        yield Found("aps.interruption-level", what, meant(level, _LEVELS, "send one of these"))


def passive_sound(push: Push) -> Iterator[Found]:
    """A passive notification has a sound, which is not played."""
    is_critical = _sound(push).get("critical") in _ON
    if push.aps.get("interruption-level") == "passive" and _has_sound(push.aps) and not is_critical:
        what = "is not played: interruption-level is passive"
        yield Found("aps.sound", what, "leave it out, or be active")


def relevance_score(push: Push) -> Iterator[Found]:
    """relevance-score is not a number from 0 to 1."""
    score = push.aps.get("relevance-score")
    if score is not None and not (_is_number(score) and 0 <= score <= 1):
        what = f"is a number from 0 to 1, not {shown(score)}"
        yield Found("aps.relevance-score", what, "1 is what matters most")


def url_arguments(push: Push) -> Iterator[Found]:
    """url-args is not an array of texts; Safari fills them into the URL of a web site's push."""
    arguments = push.aps.get("url-args")
    if arguments is None:
        return
    if not isinstance(arguments, list) or not all(isinstance(each, str) for each in arguments):
        what = f"is an array of texts, not {shown(arguments)}"
        yield Found("aps.url-args", what, 'such as ["goals", "7"]')


# -- switches --------------------------------------------------------------------------------------


def _is_one(value: object) -> bool:
    return _is_number(value) and value == 1


def switch_type(push: Push) -> Iterator[Found]:
    """content-available or mutable-content is not the number 1."""
    for key in ("content-available", "mutable-content"):
        value = push.aps.get(key)
        if value is not None and value != 0 and not _is_one(value):
            yield Found(f"aps.{key}", f"is the number 1, not {shown(value)}", "send 1")


def mutable_without_alert(push: Push) -> Iterator[Found]:
    """mutable-content without an alert: the service extension is not run."""
    if push.aps.get("mutable-content") in _ON and not alert.is_readable(push):
        what = "does nothing without an alert: the service extension is run for alerts alone"
        yield Found("aps.mutable-content", what, "give the push an alert, or leave it out")


def wakes_nothing(push: Push) -> Iterator[Found]:
    """A background push lacks content-available: 1, and wakes no app."""
    value = push.aps.get("content-available")
    if value not in _ON:
        what = "is missing" if value is None else f"is 1, not {shown(value)}"
        yield Found("aps.content-available", f"{what}: the app is not woken", "send 1")


def background_alert(push: Push) -> Iterator[Found]:
    """A background push has an alert, a badge or a sound, which nobody sees or hears."""
    for key in SEEN_OR_HEARD:
        if push.aps.get(key) is not None:
            what = "is not shown: this is a background push"
            advice = "send apns-push-type: alert, or leave it out"
            yield Found(f"aps.{key}", what, advice)
