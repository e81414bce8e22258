"""Log lines as apsd's look in ``log stream`` on a Mac: who reads those reads these.

``full`` is its default style, ``compact`` its ``--style compact``; types and the subsystem
``com.apple.apsd`` are Apple's words.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from datetime import datetime

from apnsim.logs import ESCAPES

HEADER = f"{'Timestamp':<31} {'Thread':<10} {'Type':<11} {'Activity':<20} {'PID':<6} {'TTL':<4}"

# Type, and its abbreviation in the compact style.
_TYPES = {
    logging.DEBUG: ("Debug", "Db"),
    logging.INFO: ("Default", "Df"),
    logging.WARNING: ("Error", "E"),
    logging.ERROR: ("Fault", "F"),
    logging.CRITICAL: ("Fault", "F"),
}
# ``apsd[name]: `` begins what a daemon says: in one phone's log the process says it already.
_PREFIX = re.compile(r"^apsd\[[^\]]*\]: ")
# By the part of devicesim that speaks.
_CATEGORIES = {"local_socket": "connectionServer", "link": "courier", "dispatch": "dispatch"}


def full(record: logging.LogRecord) -> str:
    """One line in columns: timestamp, thread, type, activity, PID, TTL, process and message."""
    at = datetime.fromtimestamp(record.created).astimezone()
    kind, _ = _type_of(record.levelno)
    thread = f"{threading.get_native_id():#x}"
    return (
        f"{at:%Y-%m-%d %H:%M:%S.%f%z} {thread:<10} {kind:<11} {'0x0':<20} {os.getpid():<6} {0:<4} "
        f"apsd: [com.apple.apsd:{_category(record)}] {message_of(record)}"
    )


def compact(record: logging.LogRecord) -> str:
    """The same in less: time, type, process and message."""
    at = datetime.fromtimestamp(record.created).astimezone()
    return compact_line(at, message_of(record), record.levelno)


def compact_line(at: datetime, message: str, level: int = logging.INFO) -> str:
    """What somebody else has told, as a line of the log."""
    _, kind = _type_of(level)
    return f"{at:%H:%M:%S.%f}"[:-3] + f" {kind:<2} apsd: {message.translate(ESCAPES)}"


def message_of(record: logging.LogRecord) -> str:
    """What is said, in one line; nothing in it speaks to the terminal."""
    return _PREFIX.sub("", record.getMessage()).translate(ESCAPES)


class ApsdFormatter(logging.Formatter):
    """``--log-format apsd``."""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback, if any, follows on its own lines."""
        line = full(record)
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _type_of(level: int) -> tuple[str, str]:
    return _TYPES.get(level, ("Default", "Df"))


def _category(record: logging.LogRecord) -> str:
    _, _, part = record.name.partition(".")
    return _CATEGORIES.get(part.partition(".")[0], "daemon")
