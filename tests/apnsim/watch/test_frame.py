"""What the terminal shows, drawn onto a console of a given size."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from apnsim.netstat import Socket
from apnsim.watch.frame import frame
from apnsim.watch.glimpse import Glimpse, LinkState
from apnsim.watch.phone_lines import ago, cut, plain
from apnsim.watch.tail import MAX_LINES, Tail
from tests.builders import NOW

SIZES = [(80, 24), (120, 40), (50, 18), (20, 10), (200, 60)]


def notification(body: str, **changes: Any) -> dict[str, Any]:  # noqa: ANN401
    return {
        "apns_id": "A",
        "bundle_id": "com.example.chat",
        "title": "Anna",
        "subtitle": "",
        "body": body,
        "shown_at": NOW,
        "interruption_level": "active",
        **changes,
    }


def group(*shown: dict[str, Any], thread: str | None = None) -> dict[str, Any]:
    more = len(shown) - 1
    return {
        "bundle_id": shown[0]["bundle_id"],
        "thread_id": thread,
        "summary": f"{more} more notifications" if more else None,
        "notifications": list(shown),
    }


SCREEN: dict[str, Any] = {
    "lit": True,
    "front": "lock-screen",
    "banner": None,
    "live_activities": [
        {
            "bundle_id": "com.example.food",
            "attributes_type": "Delivery",
            "state": "active",
            "content_state": {"stops": 3},
        }
    ],
    "lock_screen": [group(notification("Chess?"), notification("older"), thread="games")],
    "notification_center": [
        group(notification("Fire", interruption_level="critical", shown_at=NOW - 90000))
    ],
    "badges": {"com.example.chat": 3},
    "sounds": [{"name": "siren", "critical": True, "at": NOW - 70}],
    "not_shown": [{"why": "no permission"}],
}


def glimpse(**screen: Any) -> Glimpse:  # noqa: ANN401
    socket = Socket.between("192.168.1.7:51234", "17.57.146.20:5223")
    return Glimpse(
        "Anna's phone",
        "device-1",
        NOW,
        [("network", "wifi"), ("power", "locked")],
        [
            LinkState("WiFi", "online, leads", "900 s, next in 412 s", socket),
            LinkState("Cellular", "waiting"),
        ],
        [("com.example.chat", "background"), ("com.example.news", "foreground")],
        {**SCREEN, **screen},
    )


def drawn(
    seen: Glimpse, width: int = 80, height: int = 24, lines: tuple[str, ...] = ("one", "two")
) -> list[str]:
    tail = Tail()
    for line in lines:
        tail.add(line)
    console = Console(width=width, height=height, file=io.StringIO(), force_terminal=True)
    with console.capture() as capture:
        console.print(frame(seen, tail, width, height), height=height)
    plain_console = Console(width=width, height=height, file=io.StringIO(), no_color=True)
    with plain_console.capture() as without_color:
        plain_console.print(frame(seen, tail, width, height), height=height)
    assert "\x1b[3" not in without_color.get(), "colours although there are none"
    assert "\x1b[" in capture.get()
    return without_color.get().splitlines()


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_frame_fills_the_terminal_and_no_more(width: int, height: int) -> None:
    rows = drawn(glimpse(), width, height)
    assert len(rows) == height
    assert {len(row) for row in rows} <= {width}


def test_at_80_by_24_all_that_matters_is_to_be_read() -> None:
    text = "\n".join(drawn(glimpse()))
    for part in (
        "Anna's phone",
        "ctrl-C ends it",
        "lock screen, lit",
        "com.example.food: Delivery",
        'active {"stops": 3}',
        "com.example.chat (games)  now",
        "Chess?",
        "1 more notifications",
        "network      wifi",
        "power        locked",
        "WiFi         online, leads",
        "keep-alive 900 s, next in 412 s",
        "Cellular     waiting",
        "heard        critical siren, 1m ago",
        "not shown    no permission",
        "com.example.chat (3)  background",
        "two",
    ):
        assert part in text


def test_the_courier_link_is_a_row_as_netstat_lists_it() -> None:
    rows = drawn(glimpse())
    [row] = [row for row in rows if row.startswith("tcp4")]
    assert row.split() == [
        "tcp4", "0", "0", "192.168.1.7.51234", "17.57.146.20.5223", "ESTABLISHED", "apsd",
    ]  # fmt: skip
    header = rows[rows.index(row) - 1]
    assert header.startswith("Proto Recv-Q Send-Q  Local Address")


def test_without_a_link_there_is_no_socket() -> None:
    seen = glimpse()
    bare = Glimpse(seen.name, seen.device_id, NOW, [], [LinkState("WiFi", "off")], [])
    text = "\n".join(drawn(bare))
    assert "no socket of apsd" in text
    assert "no notifications" in text
    assert "screen unknown, dark" in text


def test_a_banner_is_on_top_and_levels_are_told() -> None:
    text = "\n".join(drawn(glimpse(banner=notification("Now!"), lock_screen=[]), 120, 40))
    assert "banner: com.example.chat" in text
    assert "Notification Centre" in text
    assert "com.example.chat  1d ago  critical" in text


def test_what_does_not_fit_is_counted() -> None:
    many = [group(notification(f"line {number}")) for number in range(30)]
    text = "\n".join(drawn(glimpse(lock_screen=many)))
    assert "more lines" in text
    assert [str(each) for each in cut([plain("a"), plain("b"), plain("c")], 2)] == [
        "a",
        "… 2 more lines",
    ]


def test_what_a_provider_wrote_does_not_speak_to_the_terminal() -> None:
    evil = notification("\x1b[2J\x07gone\nnext", title="\x1b]0;title\x07")
    text = "\n".join(drawn(glimpse(lock_screen=[group(evil)]), lines=("a\x1b[2Jb\rc",)))
    assert "\x1b" not in text
    assert "\\x1b[2J\\x07gone\\x0anext" in text
    assert "a\\x1b[2Jb\\x0dc" in text


def test_long_lines_of_the_log_are_folded_and_the_newest_stay() -> None:
    lines = tuple(f"{number} " + "word " * 30 + f"end-{number}" for number in range(20))
    text = "\n".join(drawn(glimpse(), lines=lines))
    assert "end-19" in text
    assert "end-1 " not in text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "now"), (59, "now"), (60, "1m ago"), (3600, "1h ago"), (90000, "1d ago")],
)
def test_times_are_told_as_a_lock_screen_does(seconds: float, text: str) -> None:
    assert ago(seconds) == text


def test_the_tail_keeps_the_newest_lines_and_rings() -> None:
    rung: list[None] = []
    tail = Tail(lambda: rung.append(None))
    for number in range(MAX_LINES + 5):
        tail.add(str(number))
    assert [line for _, line in tail.newest(2)] == [str(MAX_LINES + 3), str(MAX_LINES + 4)]
    assert tail.newest(0) == []
    assert len(rung) == MAX_LINES + 5
