"""What commands print, line by line, whatever is in it."""

from __future__ import annotations

import sys


def say(line: str) -> None:
    """Print a line now.

    What the terminal cannot show (a lone surrogate of a payload, a letter outside its character
    set) is escaped, as JSON escapes it, where ``print`` would end the program.
    """
    encoding = sys.stdout.encoding or "utf-8"
    print(line.encode(encoding, "backslashreplace").decode(encoding), flush=True)
