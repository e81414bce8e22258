"""What commands print, line by line, whatever is in it."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass


def say(line: str) -> None:
    """Print a line now.

    What the terminal cannot show (a lone surrogate of a payload, a letter outside its character
    set) is escaped, as JSON escapes it, where ``print`` would end the program.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def wants_colour() -> bool:
    """Whether standard output is a terminal, and nobody has set NO_COLOR (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR")


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes, in colour or without."""

    is_coloured: bool

    def __call__(self, text: str, *codes: str) -> str:
        """The text in these colours."""
        if not self.is_coloured or not codes:
            return text
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m"
