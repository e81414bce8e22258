"""The log of a scenario: time, process, message, as ``log stream`` on a Mac shows a phone's.

What devices and gateway log anyway is shown under the process that would say it (apsd, the push
service); what a person, the radio or a backend does is told in the same manner.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apnsim.logs import ESCAPES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from apnsim.scenario.record import Record

_SPOKEN_BY = re.compile(r"(?P<process>[a-zA-Z.]+)\[(?P<name>.*?)\]: (?P<text>.*)", re.DOTALL)
GATEWAY = "apns"
_NO_ADDRESS = " (a stream)"  # what the gateway calls a peer that came by memory


@dataclass(frozen=True, slots=True)
class Line:
    """One line; ``at`` is UNIX seconds, ``device`` the phone that says it, "" for the world."""

    at: float
    process: str
    message: str
    device: str = ""


class Log:
    """Collects the lines in the order of their saying.

    Args:
        now: the wall clock of the scenario, UNIX seconds.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self.lines: list[Line] = []

    def say(self, process: str, message: str, device: str = "") -> None:
        """One more line."""
        self.lines.append(Line(self._now(), process, message.translate(ESCAPES), device))


class _Ear(logging.Handler):
    """Hears what the parts of gateway and devices log."""

    def __init__(self, log: Log, record: Record) -> None:
        super().__init__()
        self._log = log
        self._record = record

    def emit(self, record: logging.LogRecord) -> None:
        """Say it again, as the process that would."""
        text = record.getMessage()
        if record.name == "gateway.journal":
            self._of_journal(record)
        elif spoken := _SPOKEN_BY.fullmatch(text):
            self._log.say(spoken["process"], spoken["text"], spoken["name"])
        elif record.name.startswith("devicesim"):
            self._log.say("apsd", text)
        elif record.name.startswith("gateway.courier") or record.levelno >= logging.WARNING:
            self._log.say(GATEWAY, text.replace(_NO_ADDRESS, ""))

    def _of_journal(self, record: logging.LogRecord) -> None:
        facts = vars(record)
        detail = f" ({facts['detail']})" if facts["detail"] else ""
        line = f"{facts['apns_id']}: {facts['state']}{detail}"
        self._log.say(GATEWAY, self._record.with_names(line))


@contextmanager
def heard(log: Log, record: Record, level: int) -> Iterator[None]:
    """Let the log hear gateway and devices for a while, from this level on, and nobody else."""
    ear = _Ear(log, record)
    loggers = [logging.getLogger(name) for name in ("gateway", "devicesim")]
    before = [(logger.level, logger.propagate, logger.handlers[:]) for logger in loggers]
    for logger in loggers:
        logger.setLevel(level)
        logger.propagate = False
        logger.handlers[:] = [ear]
    try:
        yield
    finally:
        for logger, (old, propagate, handlers) in zip(loggers, before, strict=True):
            logger.setLevel(old)
            logger.propagate = propagate
            logger.handlers[:] = handlers
