"""What an alert push says: Apple's ``UNNotificationContent``, believed key by key.

Sources: Apple, "Generating a remote notification" (the keys of ``aps`` and their types) and
``UNNotificationContent``. A key of another type is left out, never the whole push: what was left
out, and why, is told in ``ignored``, because Apple's devices tell nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from devicesim.screen.alert import Alert, read_alert, short
from protocol.payload import aps_of, is_set

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SOUND = "default"
MAX_BADGE = 2**31 - 1

# The last three are for others than the screen: service extension, background, Safari.
_KNOWN = frozenset(
    {
        "alert", "badge", "sound", "thread-id", "category", "target-content-id", "filter-criteria",
        "interruption-level", "relevance-score", "mutable-content", "content-available", "url-args",
    }
)  # fmt: skip
_MISPLACED = frozenset({"alert", "badge", "sound"})


class InterruptionLevel(StrEnum):
    """``UNNotificationInterruptionLevel``."""

    PASSIVE = "passive"
    ACTIVE = "active"
    TIME_SENSITIVE = "time-sensitive"
    CRITICAL = "critical"


@dataclass(slots=True)
class Sound:
    """What is to be heard; ``volume`` is 0 to 1 and counts for critical alerts alone."""

    name: str
    critical: bool = False
    volume: float = 1.0


@dataclass(slots=True)
class Content:
    """The content of one notification; ``ignored`` says what of the payload is of no use here."""

    alert: Alert | None
    badge: int | None
    sound: Sound | None
    level: InterruptionLevel
    relevance_score: float
    thread_id: str | None
    category: str | None
    target_content_id: str | None
    filter_criteria: str | None
    ignored: list[str]

    @property
    def parts(self) -> str:
        """What a person would notice, in words; empty if nothing."""
        words = [] if self.alert is None else ["alert"]
        if self.badge is not None:
            words.append(f"badge {self.badge}")
        if self.sound is not None:
            words.append("critical sound" if self.sound.critical else "sound")
        return ", ".join(words)


def read_content(payload: dict[str, Any], strings: Mapping[str, str]) -> Content:
    """Believe what can be believed; never raises.

    Args:
        payload: the whole of it.
        strings: the app's table.
    """
    ignored: list[str] = []
    aps = aps_of(payload)
    sound = read_sound(aps.get("sound"), ignored)
    content = Content(
        alert=read_alert(aps.get("alert"), strings, ignored),
        badge=_badge(aps.get("badge"), ignored),
        sound=sound,
        level=_level(aps, sound, ignored),
        relevance_score=_score(aps.get("relevance-score"), ignored),
        thread_id=_text(aps, "thread-id", ignored),
        category=_text(aps, "category", ignored),
        target_content_id=_text(aps, "target-content-id", ignored),
        filter_criteria=_text(aps, "filter-criteria", ignored),
        ignored=ignored,
    )
    _note_strangers(payload, aps, ignored)
    return content


def read_sound(value: object, ignored: list[str]) -> Sound | None:
    """A name, or the dictionary of a critical alert."""
    if value is None:
        return None
    if isinstance(value, str) and value:
        return Sound(value)
    if not isinstance(value, dict):
        ignored.append(f"sound is a name or a dictionary, not {short(value)}")
        return None
    name, volume = value.get("name", DEFAULT_SOUND), value.get("volume", 1.0)
    if not isinstance(name, str) or not name:
        ignored.append(f"sound.name is a text, not {short(name)}")
        name = DEFAULT_SOUND
    if isinstance(volume, bool) or not isinstance(volume, int | float) or not 0 <= volume <= 1:
        ignored.append(f"sound.volume is a number from 0 to 1, not {short(volume)}")
        volume = 1.0
    return Sound(name, is_set(value.get("critical")), float(volume))


def _badge(value: object, ignored: list[str]) -> int | None:
    """A number; as text it is ignored (RMSPushNotificationsBundle#62, phonegap-plugin-push#24)."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_BADGE:
        ignored.append(f"badge is a whole number, not {short(value)}")
        return None
    return value


def _level(aps: Mapping[str, Any], sound: Sound | None, ignored: list[str]) -> InterruptionLevel:
    """Active unless told; the sound of a critical alert makes it one."""
    value = aps.get("interruption-level")
    level = InterruptionLevel.ACTIVE
    if value is not None:
        try:
            level = InterruptionLevel(value)
        except ValueError:
            known = ", ".join(InterruptionLevel)
            ignored.append(f"interruption-level is one of {known}, not {short(value)}")
    return InterruptionLevel.CRITICAL if sound is not None and sound.critical else level


def _score(value: object, ignored: list[str]) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        ignored.append(f"relevance-score is a number from 0 to 1, not {short(value)}")
        return 0.0
    return float(value)


def _text(aps: Mapping[str, Any], key: str, ignored: list[str]) -> str | None:
    value = aps.get(key)
    if value is None or isinstance(value, str):
        return value or None
    ignored.append(f"{key} is a text, not {short(value)}")
    return None


def _note_strangers(payload: Mapping[str, Any], aps: Mapping[str, Any], ignored: list[str]) -> None:
    """Keys that no alert has, and Apple's keys where an app's own belong."""
    if payload.get("aps") is not aps and "aps" in payload:
        ignored.append(f"aps is a dictionary, not {short(payload['aps'])}")
    if len(payload) > 1 or not aps:
        misplaced = sorted(payload.keys() & _MISPLACED)
        ignored += (f"{key} stands beside aps, not in it" for key in misplaced)
    if not aps.keys() <= _KNOWN:
        strangers = sorted(aps.keys() - _KNOWN)
        ignored += (f"aps.{key[:40]} means nothing in an alert" for key in strangers)
