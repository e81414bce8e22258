"""What is to be read: the ``alert`` of a push, in the words of the app's table of strings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.localization import localized

if TYPE_CHECKING:
    from collections.abc import Mapping

# Apple's keys of the dictionary; summary-arg and -count are ignored since iOS 15, action and
# action-loc-key are Safari's and older systems'.
_PARTS = {
    "title": ("title-loc-key", "title-loc-args"),
    "subtitle": ("subtitle-loc-key", "subtitle-loc-args"),
    "body": ("loc-key", "loc-args"),
}
_KNOWN = frozenset(
    {
        *_PARTS, *(name for names in _PARTS.values() for name in names), "launch-image",
        "summary-arg", "summary-arg-count", "action", "action-loc-key",
    }
)  # fmt: skip


@dataclass(slots=True)
class Alert:
    """Texts, empty when absent; at least one of the first three is not."""

    title: str = ""
    subtitle: str = ""
    body: str = ""
    launch_image: str | None = None


def read_alert(value: object, strings: Mapping[str, str], ignored: list[str]) -> Alert | None:
    """What a person reads; None when that is nothing. Apple: a string "displays … as the body".

    Args:
        value: ``aps.alert``.
        strings: the app's table.
        ignored: gets what is of no use, and why.
    """
    if value is None:
        return None
    if isinstance(value, str) and value:
        return Alert(body=value)
    if not isinstance(value, dict):
        ignored.append(f"alert is a text or a dictionary, not {short(value)}")
        return None
    title, subtitle, body = [_part(value, name, strings, ignored) for name in _PARTS]
    image = value.get("launch-image")
    if not value.keys() <= _KNOWN:
        ignored += (f"alert.{key[:40]} means nothing" for key in sorted(value.keys() - _KNOWN))
    if not title and not subtitle and not body:
        ignored.append("alert has nothing to be read")
        return None
    return Alert(title, subtitle, body, image if isinstance(image, str) else None)


def short(value: object) -> str:
    """A value for the reader of a reason; what may be deep or long is named by its kind."""
    if isinstance(value, dict | list):
        return "a dictionary" if isinstance(value, dict) else "an array"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _part(alert: dict[str, Any], name: str, strings: Mapping[str, str], ignored: list[str]) -> str:
    """Title, subtitle or body; Apple: "use this key, instead of" the text, so the key wins."""
    text, (key_name, arguments_name) = alert.get(name), _PARTS[name]
    key, arguments = alert.get(key_name), alert.get(arguments_name)
    if isinstance(text, dict):
        # Live Activities: {"loc-key": …, "loc-args": […]} in the place of the text.
        key, arguments, text = text.get("loc-key"), text.get("loc-args"), None
    if key is not None:
        if isinstance(key, str) and key:
            given = _arguments(arguments, arguments_name, ignored)
            return localized(strings, key, given, ignored)
        ignored.append(f"{key_name} is a text, not {short(key)}")
    if text is None or isinstance(text, str):
        return text or ""
    ignored.append(f"alert.{name} is a text, not {short(text)}")
    return ""


def _arguments(value: object, name: str, ignored: list[str]) -> list[object]:
    if value is None or isinstance(value, list):
        return value or []
    ignored.append(f"{name} is an array of texts, not {short(value)}")
    return []
