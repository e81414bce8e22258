"""The log in the manner of apsd's, and sockets in that of netstat."""

from __future__ import annotations

import logging
import os
import re

import pytest

from apnsim.apsd_log import HEADER, ApsdFormatter, compact, full
from apnsim.netstat import HEADER as NETSTAT_HEADER
from apnsim.netstat import Socket


def record(
    message: str, name: str = "devicesim.link.keeper", level: int = logging.INFO
) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"name": name, "msg": message, "levelno": level, "created": 1790000000.25, "msecs": 250}
    )


def test_the_full_style_has_the_columns_of_log_stream() -> None:
    line = full(record("apsd[Anna's phone]: courier link established a -> b (WiFi)"))
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.250000[+-]\d{4} 0x[0-9a-f]+ +Default +0x0 +"
        rf"{os.getpid()} +0 +apsd: \[com\.apple\.apsd:courier\] courier link established"
        r" a -> b \(WiFi\)",
        line,
    )
    for column in ("Timestamp", "Thread", "Type", "Activity", "PID", "TTL"):
        start = HEADER.index(column)
        assert line[start] != " "
        assert line[start - 1 : start].strip() == ""


def test_the_compact_style_is_time_type_process_and_message() -> None:
    line = compact(record("apsd[x]: going", level=logging.WARNING))
    assert re.fullmatch(r"\d\d:\d\d:\d\d\.250 E  apsd: going", line)


@pytest.mark.parametrize(
    ("module", "category"),
    [
        ("devicesim.local_socket.listener", "connectionServer"),
        ("devicesim.local_socket.peer", "connectionServer"),
        ("devicesim.link.keeper", "courier"),
        ("devicesim.dispatch", "dispatch"),
        ("devicesim.program", "daemon"),
    ],
)
def test_the_part_of_the_daemon_that_speaks_is_the_category(module: str, category: str) -> None:
    assert f"[com.apple.apsd:{category}]" in full(record("x", module))


def test_a_message_stays_on_its_line_and_a_traceback_follows() -> None:
    said = record("two\nlines\x1b[2J", level=logging.ERROR)
    assert "Fault" in ApsdFormatter().format(said)
    assert "two\\x0alines\\x1b[2J" in ApsdFormatter().format(said)
    said.exc_info = (ValueError, ValueError("why"), None)
    assert ApsdFormatter().format(said).endswith("ValueError: why")


def test_an_unusual_level_is_an_ordinary_line() -> None:
    assert " Df apsd: x" in compact(record("x", level=35))


def test_a_socket_is_one_row_under_its_header() -> None:
    row = str(Socket.between("255.255.255.255:65535", "255.255.255.255:5223"))
    assert len(row) == 80
    assert NETSTAT_HEADER.index("Foreign") == row.index("255.255.255.255.5223")
    assert NETSTAT_HEADER.index("(state)") == row.index("ESTABLISHED")
    assert NETSTAT_HEADER.index("proc") == row.index("apsd")
    six = Socket.between("[::1]:51234", "[::1]:5223", "SYN_SENT")
    assert (six.proto, six.local, six.remote) == ("tcp6", "::1.51234", "::1.5223")
