"""A file's text: what TOML makes of it, and on which line each key is."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Path: TypeAlias = "tuple[str | int, ...]"  # ("step", 3, "push", "expiration")

_HEADER = re.compile(r"\s*\[(\[)?\s*([A-Za-z0-9_.\"-]+)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_-]+|\"[^\"]+\")\s*=")


@dataclass(frozen=True, slots=True)
class Fault:
    """Something in a file that cannot be; ``line`` is 0 when it concerns the whole."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class BadFileError(Exception):
    """The file cannot be used; ``faults`` are all there are, in the order of their lines."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


@dataclass(slots=True)
class Source:
    """One file; finds faults a place in it.

    Raises:
        BadFileError: it is not TOML.
    """

    name: str
    text: str
    table: dict[str, Any] = field(init=False)
    faults: list[Fault] = field(default_factory=list)
    _lines: dict[Path, int] = field(init=False)

    def __post_init__(self) -> None:
        """Parse it."""
        try:
            self.table = tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            said = str(error)
            line = re.search(r"line (\d+)", said)
            last = self.text.count("\n") + 1  # "at end of document"
            fault = Fault(self.name, int(line[1]) if line else last, f"not TOML: {said}")
            raise BadFileError([fault]) from None
        except RecursionError:
            raise BadFileError([Fault(self.name, 0, "not TOML: nested too deeply")]) from None
        except ValueError:  # of Python itself
            fault = Fault(self.name, 0, "not TOML: a number with more than 4,300 digits")
            raise BadFileError([fault]) from None
        self._lines = _lines_of(self.text)

    def line_of(self, path: Path) -> int:
        """The line of a key, or of the innermost table around it that has one."""
        for length in range(len(path), 0, -1):
            if line := self._lines.get(path[:length]):
                return line
        return 0

    def complain(self, path: Path, message: str) -> None:
        """Note a fault: ``step 4, push.expiration: …``."""
        self.faults.append(Fault(self.name, self.line_of(path), f"{_spoken(path)}: {message}"))

    def judge(self) -> None:
        """Go on only if there is nothing to complain of.

        Raises:
            BadFileError: there is.
        """
        if self.faults:
            raise BadFileError(sorted(self.faults, key=lambda fault: fault.line))


def _lines_of(text: str) -> dict[Path, int]:
    """Path → line, for every table and key at the beginning of a line."""
    lines: dict[Path, int] = {}
    counts: Counter[str] = Counter()
    here: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = [name.strip('"') for name in header[2].split(".")]
            counts[names[0]] += bool(header[1])
            index = (counts[names[0]] - 1,) if counts[names[0]] else ()
            here = (names[0], *index, *names[1:])
            lines.setdefault(here, number)
        elif key := _KEY.match(line):
            lines.setdefault((*here, key[1].strip('"')), number)
    return lines


def _spoken(path: Path) -> str:
    """``step 4, push.expiration``: people count from 1."""
    if not path:
        return "the file"
    head, *rest = path
    if rest and isinstance(rest[0], int):
        head, rest = f"{head} {rest[0] + 1}", rest[1:]
    return ", ".join(filter(None, (str(head), ".".join(map(str, rest)))))
