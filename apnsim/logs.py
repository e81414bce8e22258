"""How log lines look: one readable line per event, or one JSON object per line."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

_NAMELESS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


OURS = ("apnsim", "gateway", "devicesim", "protocol", "certs", "worldtime")


def _stage_of(logger: str) -> str:
    """``gateway.provider.connection`` is "provider", ``devicesim.daemon`` is "device"."""
    parts = logger.split(".")
    if parts[0] == "devicesim":
        return "device"
    return parts[1] if parts[0] == "gateway" and len(parts) > 1 else parts[0]


# What peers and users say must not begin a line of its own, nor speak to the terminal.
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)
ESCAPES = {code: f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" for code in _CONTROLS}


class TextFormatter(logging.Formatter):
    """``09:41:00.123 provider  the line``; a traceback, if any, follows on its own lines."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        at = datetime.fromtimestamp(record.created).astimezone()
        level = "" if record.levelno <= logging.INFO else f"{record.levelname} "
        head = f"{at:%H:%M:%S}.{record.msecs:03.0f} {_stage_of(record.name):9}"
        line = f"{head} {level}{record.getMessage().translate(ESCAPES)}"
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """``{"time": …, "level": …, "logger": …, "message": …}`` and whatever ``extra=`` added."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object."""
        entry: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        entry |= {key: value for key, value in vars(record).items() if key not in _NAMELESS}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str, ensure_ascii=False)


def set_up(log_format: str, level: str) -> None:
    """Send every log line to standard error; standard output belongs to the commands.

    Args:
        log_format: ``text`` or ``json``.
        level: ``debug``, ``info``, ``warning`` or ``error``; libraries are heard from warning on.
    """
    to_stderr(JsonFormatter() if log_format == "json" else TextFormatter(), level)


def to_stderr(formatter: logging.Formatter, level: str) -> None:
    """The same with lines of another look."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    send_to(handler, level)


def send_to(handler: logging.Handler, level: str) -> None:
    """Have one handler hear every log line, and no other."""
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for package in OURS:
        logging.getLogger(package).setLevel(level.upper())
