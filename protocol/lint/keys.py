"""Warnings about keys: twice, unknown, misspelt, in the wrong place."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from protocol.lint.finding import Found
from protocol.lint.push import SEEN_OR_HEARD
from protocol.lint.words import cut, meant, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push

# Apple, "Generating a remote notification", table of the keys of aps; the last line is that of
# widgets and of Safari's web pushes.
OF_ALERTS = frozenset(
    {
        "alert", "badge", "sound", "thread-id", "category", "target-content-id",
        "filter-criteria", "interruption-level", "relevance-score", "content-available",
        "mutable-content", "url-args",
    }
)  # fmt: skip
OF_OTHERS = frozenset(
    {
        "stale-date", "content-state", "timestamp", "event", "dismissal-date", "attributes-type",
        "attributes", "input-push-channel", "input-push-token", "content-changed",
    }
)  # fmt: skip
KNOWN = OF_ALERTS | OF_OTHERS

# All but content-available have rules of their own.
_OF_BACKGROUND = frozenset({*SEEN_OR_HEARD, "content-available", "mutable-content"})

# Of these no app has one of its own beside aps; "category" or "event" it may well have.
_UNMISTAKABLE = frozenset(key for key in KNOWN if "-" in key)


class _Written(dict[str, Any]):
    """A dictionary that remembers which of its keys were written more than once."""

    repeated: tuple[str, ...] = ()


def _as_written(pairs: list[tuple[str, Any]]) -> _Written:
    written = _Written(pairs)
    if len(written) < len(pairs):
        counts = Counter(name for name, _ in pairs)
        written.repeated = tuple(name for name, count in counts.items() if count > 1)
    return written


_DECODER = json.JSONDecoder(object_pairs_hook=_as_written)


def repeated_key(push: Push) -> Iterator[Found]:
    """A key is there twice; here the last one counts, JSON leaves it open."""
    level: list[tuple[str, Any]] = [("", _DECODER.decode(push.request.body.decode()))]
    while level:
        for where, value in level:
            if isinstance(value, _Written):
                for name in value.repeated:
                    what = "is there more than once; which one counts is up to the reader"
                    yield Found(f"{where}{cut(name)}", what, "keep one")
        level = [inner for each in level for inner in _inside(*each)]


def _inside(where: str, value: object) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((f"{where}{cut(name)}.", inner) for name, inner in value.items())
    elif isinstance(value, list):
        yield from ((f"{where}{index}.", inner) for index, inner in enumerate(value))


def aps_is_no_dictionary(push: Push) -> Iterator[Found]:
    """Aps is not a dictionary."""
    assert push.payload is not None
    if "aps" in push.payload and not isinstance(push.payload["aps"], dict):
        what = f"is a dictionary, not {shown(push.payload['aps'])}"
        yield Found("aps", what, 'send "aps": {"alert": …}')


def beside_aps(push: Push) -> Iterator[Found]:
    """alert, badge or sound stands beside aps, where it is the app's own key."""
    assert push.payload is not None
    for key in SEEN_OR_HEARD:
        if key in push.payload:
            yield Found(key, "stands beside aps, not in it", f"move it: aps.{key}")


def control_beside_aps(push: Push) -> Iterator[Found]:
    """A key that is Apple's beyond doubt stands beside aps."""
    assert push.payload is not None
    for key in push.payload:
        if key in _UNMISTAKABLE:
            yield Found(key, "stands beside aps, not in it", f"move it: aps.{key}")


def unknown_key(push: Push) -> Iterator[Found]:
    """A key in aps is none of Apple's, and ignored."""
    for key in push.aps:
        if key not in KNOWN:
            what = "is none of Apple's keys, and ignored"
            advice = meant(key, KNOWN, "put keys of your own beside aps")
            yield Found(f"aps.{cut(key)}", what, advice)


def key_beside_content_available(push: Push) -> Iterator[Found]:
    """A key of alerts or Live Activities is in a background push, where it is ignored."""
    for key in push.aps:
        if key in KNOWN and key not in _OF_BACKGROUND:
            what = "means nothing in a background push, whose aps has content-available alone"
            yield Found(f"aps.{key}", what, "leave it out; put keys of your own beside aps")


def key_of_others(push: Push) -> Iterator[Found]:
    """A key in aps means nothing in an alert: it is for Live Activities or widgets."""
    for key in push.aps:
        if key in OF_OTHERS:
            what = f"means nothing in an {push.kind} push"
            advice = "leave it out, or send the push type that it is for"
            yield Found(f"aps.{key}", what, advice)
