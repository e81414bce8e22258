"""How a phone looks in a terminal: screen, links and apps, sockets, and the newest of the log.

Nothing is said by colour alone: with NO_COLOR, or on paper, all of it is there.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from rich.console import Group
from rich.layout import Layout
from rich.panel import Panel

from apnsim import netstat
from apnsim.watch.phone_lines import ALARM, FAINT, HEADING, STRONG, ago, cut, phone_lines, plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.text import Text

    from apnsim.watch.glimpse import Glimpse

# Below this there is no room for a second column.
NARROW = 64
# The frame around a panel's lines, in rows and columns.
BORDER = 2
MAX_PHONE_WIDTH = 48
NAME_WIDTH = 12


class Lines(Protocol):
    """A log that remembers its end."""

    def newest(self, count: int) -> Sequence[tuple[int, str]]:
        """Levels and lines, oldest first."""
        ...


def frame(glimpse: Glimpse, log: Lines, width: int, height: int) -> Layout:
    """All of it, in so many columns and rows."""
    sockets = [each.socket for each in glimpse.links if each.socket is not None]
    socket_rows = 1 + max(1, len(sockets))
    left = height - 1 - socket_rows
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
        Layout(_log(log, log_rows - BORDER), size=log_rows),
    )
    return whole


def _title(glimpse: Glimpse) -> Text:
    at = datetime.fromtimestamp(glimpse.at).astimezone()
    title = plain(f" {glimpse.name}", STRONG)
    title.append(f"  {glimpse.device_id}  {at:%Y-%m-%d %H:%M:%S}", FAINT)
    title.append("   ctrl-C ends it", FAINT)
    return title


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
    lines += (_fact(each.interface, each.words) for each in glimpse.links)
    badges = glimpse.screen.get("badges", {})
    for bundle_id, doing in glimpse.apps:
        badge = f", badge {badges[bundle_id]}" if bundle_id in badges else ""
        lines += [plain(bundle_id, HEADING), plain(f"  {doing}{badge}")]
    lines += _heard(glimpse)
    return Panel(Group(*cut(lines, rows)), title=plain("links and apps"), border_style=FAINT)


def _fact(name: str, value: str) -> Text:
    line = plain(f"{name:<{NAME_WIDTH}}", FAINT)
    line.append_text(plain(value))
    return line


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


def _log(log: Lines, rows: int) -> Panel:
    styles = {logging.DEBUG: FAINT, logging.WARNING: "yellow", logging.ERROR: ALARM}
    lines = [plain(line, styles.get(level, "")) for level, line in log.newest(rows)]
    return Panel(Group(*lines), title=plain("log"), title_align="left", border_style=FAINT)
