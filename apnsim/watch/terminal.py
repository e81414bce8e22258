"""Shows a phone in the terminal, again and again, until cancelled.

On the alternate screen, so that what was in the terminal before is there again afterwards.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import trio
from rich.console import Console
from rich.live import Live

from apnsim.errors import CannotStartError
from apnsim.watch.frame import frame

if TYPE_CHECKING:
    from apnsim.watch.glimpse import Source
    from apnsim.watch.tail import Tail

# At most so often, and at least: times and the light of the display change by themselves.
MIN_SECONDS, MAX_SECONDS = 0.1, 0.5


def terminal() -> Console:
    """The console that the phone is shown on.

    Raises:
        CannotStartError: standard output is no terminal, or one that can only print lines.
    """
    console = Console(highlight=False, markup=False)
    if not console.is_terminal or console.is_dumb_terminal or not sys.stdout.isatty():
        raise CannotStartError(
            "--watch draws in a terminal, and standard output is none; without --watch the log"
            " goes to standard error, line by line"
        )
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the terminal's letters cannot say is a question mark, not the end of the program.
        sys.stdout.reconfigure(errors="replace")
    return console


async def show(source: Source, tail: Tail, console: Console) -> None:
    """Draw until cancelled.

    Args:
        source: what is looked at.
        tail: the log; a new line is drawn at once.
        console: see :func:`terminal`; it follows the size of the terminal by itself.
    """
    bell = trio.Event()

    def ring() -> None:
        bell.set()

    tail.on_line = ring
    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            width, height = console.size
            live.update(frame(await source.look(), tail, width, height), refresh=True)
            await trio.sleep(MIN_SECONDS)
            with trio.move_on_after(MAX_SECONDS - MIN_SECONDS):
                await bell.wait()
            bell = trio.Event()
