"""The screen of a phone as lines of text: what a person would read, from the top."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from rich.text import Text

from apnsim.logs import ESCAPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from apnsim.watch.glimpse import Glimpse

HEADING, STRONG, FAINT, ALARM = "bold cyan", "bold", "dim", "bold red"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def plain(text: object, style: str = "") -> Text:
    """A line of it; what a provider wrote neither begins a new one nor speaks to the terminal."""
    return Text(str(text).translate(ESCAPES), style, no_wrap=True, overflow="ellipsis")


def pieces(*parts: tuple[object, str]) -> Text:
    """A line of differently styled parts."""
    line = plain("")
    for text, style in parts:
        line.append_text(plain(text, style))
    return line


def ago(seconds: float) -> str:
    """How long ago, as a lock screen says it."""
    if seconds < _MINUTE:
        return "now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f}m ago"
    return f"{seconds // _HOUR:.0f}h ago" if seconds < _DAY else f"{seconds // _DAY:.0f}d ago"


def phone_lines(glimpse: Glimpse) -> list[Text]:
    """Banner, Live Activities, lock screen, Notification Centre."""
    screen = glimpse.screen
    lines = [
        *_banner(screen.get("banner")),
        *(line for each in screen.get("live_activities", ()) for line in _activity(each)),
        *(line for each in screen.get("lock_screen", ()) for line in _group(each, glimpse.at)),
    ]
    older = screen.get("notification_center", ())
    if older:
        lines.append(plain("Notification Centre", FAINT))
        lines += (line for each in older for line in _group(each, glimpse.at))
    return lines or [plain("no notifications", FAINT)]


def cut(lines: list[Text], height: int) -> list[Text]:
    """The first lines, and how many more there are when they do not fit."""
    if len(lines) <= height:
        return lines
    kept = lines[: max(0, height - 1)]
    return [*kept, plain(f"… {len(lines) - len(kept)} more lines", FAINT)]


def _banner(banner: Mapping[str, Any] | None) -> Iterator[Text]:
    if banner is not None:
        yield plain(f"banner: {banner['bundle_id']}", HEADING)
        yield from _texts(banner)


def _activity(activity: Mapping[str, Any]) -> Iterator[Text]:
    yield plain(f"{activity['bundle_id']}: {activity['attributes_type']}", HEADING)
    shown = json.dumps(activity["content_state"], ensure_ascii=False)
    yield plain(f"{activity['state']} {shown}")


def _group(group: Mapping[str, Any], now: float) -> Iterator[Text]:
    newest = group["notifications"][0]
    thread = f" ({group['thread_id']})" if group["thread_id"] else ""
    level = newest["interruption_level"]
    style = ALARM if level == "critical" else HEADING
    when = f"  {ago(now - newest['shown_at'])}"
    told = f"  {level}" if level != "active" else ""
    yield pieces((f"{group['bundle_id']}{thread}", style), (f"{when}{told}", FAINT))
    yield from _texts(newest)
    if group["summary"]:
        yield plain(group["summary"], FAINT)


def _texts(shown: Mapping[str, Any]) -> Iterator[Text]:
    if shown["title"]:
        yield plain(shown["title"], STRONG)
    for text in (shown["subtitle"], shown["body"]):
        if text:
            yield plain(text)
