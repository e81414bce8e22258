"""What commands print, line by line, whatever is in it."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from apnsim.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class LostError(CommandError):
    """Standard output takes no more; without a word if its reader has left (``… | head``)."""


def open_what_is_closed() -> None:
    """Who has closed standard output or error (``>&-``) wants to read nothing, not an error."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
            setattr(sys, name, nowhere)


def say(line: str) -> None:
    """Print a line now.

    What the terminal cannot show (a lone surrogate of a payload, a letter outside its character
    set) is escaped, as JSON escapes it, where ``print`` would end the program.

    Raises:
        LostError: standard output does not take it.
    """
    encoding = sys.stdout.encoding or "utf-8"
    with taken():
        print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)


def say_all(lines: Iterable[str]) -> None:
    """Print several; see :func:`say`."""
    for line in lines:
        say(line)


def flush() -> None:
    """What others have printed, argparse for one, is out now.

    Raises:
        LostError: standard output does not take it.
    """
    with taken():
        sys.stdout.flush()


@contextmanager
def taken() -> Iterator[None]:
    """Around writing to standard output.

    Raises:
        LostError: it does not take it.
    """
    try:
        yield
    except OSError as error:
        # What is still in its buffer is nowhere to go, and must not be complained of at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        has_reader = not isinstance(error, BrokenPipeError)
        raise LostError(f"standard output: {error.strerror}" if has_reader else "") from None


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
