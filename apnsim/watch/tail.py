"""The newest lines of the log, for a view that has no room for more."""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

from apnsim.apsd_log import compact

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_LINES = 500


class Tail(logging.Handler):
    """Keeps lines in the manner of apsd's; ``on_line`` is told of each."""

    def __init__(self, on_line: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self._lines: deque[tuple[int, str]] = deque(maxlen=MAX_LINES)
        self.on_line = on_line

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the log."""
        self.add(compact(record), record.levelno)

    def add(self, line: str, level: int = logging.INFO) -> None:
        """Keep a line from elsewhere."""
        self._lines.append((level, line))
        self.on_line()

    def newest(self, count: int) -> Sequence[tuple[int, str]]:
        """Levels and lines, oldest first."""
        return [*self._lines][-count:] if count > 0 else []
