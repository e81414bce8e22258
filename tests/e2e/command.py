"""Commands in processes of their own, with all that they print."""

from __future__ import annotations

import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from tests.e2e.world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PORTS = ("--provider-port", "0", "--courier-port", "0", "--console-port", "0")
PORTS += ("--manage-port-development", "0", "--manage-port-production", "0")


class Command:
    """A running ``apnsim``; what it prints to either stream goes into a file."""

    def __init__(self, process: trio.Process, file: Path) -> None:
        self.process = process
        self._file = file

    @property
    def said(self) -> str:
        return self._file.read_text()

    @property
    def lines(self) -> list[str]:
        return self.said.splitlines()

    async def says(self, words: str, times: int = 1) -> None:
        """Wait until it has printed that."""
        await until(lambda: self.said.count(words) >= times or self.process.poll() is not None)
        assert self.said.count(words) >= times, self.said

    async def ends(self, sent: int | None = None) -> int:
        """Its exit code, after a signal if one is given."""
        if sent is not None:
            self.process.send_signal(sent)
        return await self.process.wait()


@asynccontextmanager
async def command(folder: Path, name: str, *arguments: str) -> AsyncIterator[Command]:
    """One that has been started, and is gone afterwards."""
    file = folder / f"{name}.out"
    with file.open("wb") as out:
        process = await trio.lowlevel.open_process(
            [sys.executable, "-m", "apnsim", *arguments], stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield Command(process, file)
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
            if process.poll() is None:
                process.kill()
            await process.wait()
