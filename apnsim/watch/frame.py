"""How a phone looks in a terminal: screen, links and apps, sockets, and the newest of the log.

Nothing is said by colour alone: with NO_COLOR, or on paper, all of it is there.
"""

from __future__ import annotations

import logging
from datetime import datetime
from textwrap import wrap
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel

from apnsim import netstat
from apnsim.logs import ESCAPES
from apnsim.watch.phone_lines import (
    ALARM,
    FAINT,
    HEADING,
    STRONG,
    ago,
    cut,
    phone_lines,
    pieces,
    plain,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from apnsim.watch.glimpse import Glimpse, LinkState

# The space inside a frame, left and right.
PADDING = 2
# Below this there is no room for a second column.
NARROW = 64
# The frame around a panel's lines, in rows and columns.
BORDER = 2
MAX_PHONE_WIDTH = 48
MIN_LOG_WIDTH = 8
_STYLES = {logging.DEBUG: FAINT, logging.WARNING: "yellow", logging.ERROR: ALARM}
NAME_WIDTH = 13


class Lines(Protocol):
    """A log that remembers its end."""

    def newest(self, count: int) -> Sequence[tuple[int, str]]:
        """Levels and lines, oldest first."""
        ...


def frame(glimpse: Glimpse, log: Lines, width: int, height: int) -> Layout:
    """All of it, in so many columns and rows."""
    sockets = [each.socket for each in glimpse.links if each.socket is not None]
    socket_rows = 1 + max(1, len(sockets))
    left = height - 1 - socket_rows  # below the title
    phone_rows = max(4, left * 11 // 20)
    log_rows = max(3, left - phone_rows)
    phone_width = width if width < NARROW else min(MAX_PHONE_WIDTH, width // 2)
    columns = [Layout(_phone(glimpse, phone_rows - BORDER), size=phone_width)]
    if width >= NARROW:
        columns.append(Layout(_facts(glimpse, phone_rows - BORDER)))
    middle, whole = Layout(size=phone_rows), Layout()
    middle.split_row(*columns)
    whole.split_column(
        Layout(_title(glimpse), size=1),
        middle,
        Layout(_sockets(sockets), size=socket_rows),
        Layout(_log(log, width - BORDER - PADDING, log_rows - BORDER), size=log_rows),
    )
    return whole


def _title(glimpse: Glimpse) -> Text:
    at = datetime.fromtimestamp(glimpse.at).astimezone()
    rest = f"  {glimpse.device_id}  {at:%Y-%m-%d %H:%M:%S}   ctrl-C ends it"
    return pieces((f" {glimpse.name}", STRONG), (rest, FAINT))


def _phone(glimpse: Glimpse, rows: int) -> Panel:
    screen = glimpse.screen
    lit = "lit" if screen.get("lit") else "dark"
    front = str(screen.get("front", "screen unknown")).replace("-", " ")
    lines = cut(phone_lines(glimpse), rows)
    return Panel(Group(*lines), title=plain(f"{front}, {lit}"), border_style=_border(screen))


def _border(screen: object) -> str:
    return "bright_white" if isinstance(screen, dict) and screen.get("lit") else FAINT


def _facts(glimpse: Glimpse, rows: int) -> Panel:
    lines = [_fact(name, value) for name, value in glimpse.facts]
    lines += (line for each in glimpse.links for line in _link(each))
    lines += _heard(glimpse)
    lines += (_app(glimpse, bundle_id, doing) for bundle_id, doing in glimpse.apps)
    return Panel(Group(*cut(lines, rows)), title=plain("links and apps"), border_style=FAINT)


def _fact(name: str, value: str) -> Text:
    return pieces((f"{name:<{NAME_WIDTH}}", FAINT), (value, ""))


def _link(link: LinkState) -> Iterator[Text]:
    yield _fact(link.interface, link.words)
    if link.keep_alive:
        yield _fact("  keep-alive", link.keep_alive)


def _app(glimpse: Glimpse, bundle_id: str, doing: str) -> Text:
    """The badge is on the icon, so it stands before the rest."""
    badge = glimpse.screen.get("badges", {}).get(bundle_id)
    icon = f" ({badge})" if badge else ""
    return pieces((bundle_id, HEADING), (icon, STRONG), (f"  {doing}", ""))


def _heard(glimpse: Glimpse) -> Iterator[Text]:
    """The last sound, and the last push of which nobody saw anything."""
    sounds, unseen = glimpse.screen.get("sounds"), glimpse.screen.get("not_shown")
    if sounds:
        last = sounds[-1]
        what = f"{'critical ' if last['critical'] else ''}{last['name']}"
        yield _fact("heard", f"{what}, {ago(glimpse.at - last['at'])}")
    if unseen:
        yield _fact("not shown", unseen[-1]["why"])


def _sockets(sockets: Sequence[netstat.Socket]) -> Group:
    rows = [plain(each) for each in sockets] or [plain("no socket of apsd", FAINT)]
    return Group(plain(netstat.HEADER, FAINT), *rows)


def _log(log: Lines, width: int, rows: int) -> Panel:
    """The newest lines, folded: what they say is at their end."""
    folded: list[Text] = []
    for level, line in reversed(log.newest(rows)):
        parts = wrap(line.translate(ESCAPES), max(width, MIN_LOG_WIDTH), subsequent_indent="  ")
        folded[:0] = [plain(part, _STYLES.get(level, "")) for part in parts]
    shown = Group(*folded[-rows:])
    return Panel(shown, title=plain("log"), title_align="left", border_style=FAINT)
