"""Warnings about ``aps.alert``: its texts, and the keys of the app's strings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from protocol.lint.finding import Found
from protocol.lint.words import cut, meant, shown
from protocol.localization import localized
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push

# The prefix of the localisation keys that go with each text.
_PREFIXES = {"title": "title-loc", "subtitle": "subtitle-loc", "body": "loc"}
_OBSOLETE = ("summary-arg", "summary-arg-count")
_KNOWN = frozenset(
    {
        *_PREFIXES, *(f"{each}-key" for each in _PREFIXES.values()),
        *(f"{each}-args" for each in _PREFIXES.values()), "launch-image",
        *_OBSOLETE, "action", "action-loc-key",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Part:
    """Title, subtitle or body: a text, or a key with its arguments, which wins."""

    name: str
    text: object
    key: object
    arguments: object
    prefix: str

    @property
    def has_key(self) -> bool:
        return isinstance(self.key, str) and self.key != ""

    @property
    def spoken(self) -> tuple[str, list[str]]:
        """What is read if the app's table lacks the key, and the placeholders left in it."""
        if not self.has_key:
            return (self.text if isinstance(self.text, str) else ""), []
        arguments = self.arguments if isinstance(self.arguments, list) else []
        unfilled: list[str] = []
        return localized({}, str(self.key), arguments, unfilled), unfilled


def _part_of(alert: dict[str, Any], name: str) -> _Part:
    text, prefix = alert.get(name), _PREFIXES[name]
    if isinstance(text, dict):  # as Apple's example of a Live Activity has it
        inside = f"aps.alert.{name}.loc"
        return _Part(name, None, text.get("loc-key"), text.get("loc-args"), inside)
    where = f"aps.alert.{prefix}"
    return _Part(name, text, alert.get(f"{prefix}-key"), alert.get(f"{prefix}-args"), where)


def _parts(push: Push) -> list[_Part]:
    alert = push.aps.get("alert")
    return [_part_of(alert, name) for name in _PREFIXES] if isinstance(alert, dict) else []


def is_readable(push: Push) -> bool:
    """Whether a person can read anything."""
    alert = push.aps.get("alert")
    if isinstance(alert, str):
        return alert != ""
    return any(part.spoken[0] for part in _parts(push))


def alert_type(push: Push) -> Iterator[Found]:
    """The alert is neither a text nor a dictionary."""
    alert = push.aps.get("alert")
    if alert is None or (isinstance(alert, str) and alert) or isinstance(alert, dict):
        return
    what = f"is a text or a dictionary, not {shown(alert)}"
    yield Found("aps.alert", what, 'send "alert": {"title": …, "body": …}')


def alert_empty(push: Push) -> Iterator[Found]:
    """The alert has nothing to be read."""
    if isinstance(push.aps.get("alert"), dict) and not is_readable(push):
        yield Found("aps.alert", "has nothing to be read", "give it a title or a body")


def text_type(push: Push) -> Iterator[Found]:
    """Title, subtitle or body is not a text."""
    for part in _parts(push):
        if not part.has_key and part.text is not None and not isinstance(part.text, str):
            what = f"is a text, not {shown(part.text)}"
            yield Found(f"aps.alert.{part.name}", what, "put it in quotes")


def unknown_key(push: Push) -> Iterator[Found]:
    """A key of the alert is none of Apple's."""
    alert = push.aps.get("alert")
    # Apple's example of a Live Activity has the sound inside its alert.
    known = _KNOWN | {"sound"} if push.kind is PushType.LIVE_ACTIVITY else _KNOWN
    for key in alert if isinstance(alert, dict) else ():
        if key not in known:
            advice = meant(key, known, "put keys of your own beside aps")
            if key == "sound":
                advice = "move it: aps.sound"
            yield Found(f"aps.alert.{cut(key)}", "means nothing in an alert", advice)


def obsolete_key(push: Push) -> Iterator[Found]:
    """The alert has summary-arg, which no iOS reads since 15."""
    alert = push.aps.get("alert")
    for key in _OBSOLETE:
        if isinstance(alert, dict) and key in alert:
            what = "is ignored since iOS 15"
            yield Found(f"aps.alert.{key}", what, "leave it out; aps.thread-id groups")


def launch_image(push: Push) -> Iterator[Found]:
    """The launch image is not a file name."""
    alert = push.aps.get("alert")
    image = alert.get("launch-image") if isinstance(alert, dict) else None
    if image is not None and not isinstance(image, str):
        what = f"is a file name, not {shown(image)}"
        yield Found("aps.alert.launch-image", what, "name an image of the app's bundle")


# -- localisation ----------------------------------------------------------------------------------


def key_type(push: Push) -> Iterator[Found]:
    """A localisation key is not a text, or empty."""
    for part in _parts(push):
        if part.key is not None and not part.has_key:
            what = f"is a text, not {shown(part.key)}"
            yield Found(f"{part.prefix}-key", what, "name a key of Localizable.strings")


def arguments_type(push: Push) -> Iterator[Found]:
    """Localisation arguments are not an array."""
    for part in _parts(push):
        if part.has_key and part.arguments is not None and not isinstance(part.arguments, list):
            what = f"is an array of texts, not {shown(part.arguments)}"
            yield Found(f"{part.prefix}-args", what, "put it in []")


def too_few_arguments(push: Push) -> Iterator[Found]:
    """A localisation key has more placeholders than arguments."""
    for part in _parts(push):
        for unfilled in part.spoken[1]:
            yield Found(f"{part.prefix}-args", f"is too short: {unfilled}", "add it")


def key_without_arguments(push: Push) -> Iterator[Found]:
    """A localisation key has no arguments; whether its string has placeholders, the app knows."""
    for part in _parts(push):
        if part.has_key and part.arguments is None and not part.spoken[1]:
            yield Found(
                f"{part.prefix}-key",
                f"comes without {part.prefix.rpartition('.')[2]}-args: if its string has %@, people"
                " read %@",
                "send the arguments; [] says that there are none",
            )


def arguments_without_key(push: Push) -> Iterator[Found]:
    """Localisation arguments have no key that they could be filled into."""
    for part in _parts(push):
        if not part.has_key and part.arguments is not None:
            key = f"{part.prefix.rpartition('.')[2]}-key"
            what = f"comes without {key}, and is ignored"
            yield Found(f"{part.prefix}-args", what, f"send {key}, or write out the text")


def argument_texts(push: Push) -> Iterator[Found]:
    """A localisation argument is not a text."""
    for part in _parts(push):
        for index, each in enumerate(part.arguments if isinstance(part.arguments, list) else ()):
            if not isinstance(each, str):
                what = f"is a text, not {shown(each)}"
                yield Found(f"{part.prefix}-args.{index}", what, "put it in quotes")


def hidden_text(push: Push) -> Iterator[Found]:
    """A text is never seen, because its localisation key wins."""
    for part in _parts(push):
        if part.has_key and part.text:
            key = f"{part.prefix.rpartition('.')[2]}-key"
            what = f"is never seen: {key} is used instead of it"
            yield Found(f"aps.alert.{part.name}", what, "send the one or the other")
