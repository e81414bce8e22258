"""What client programs are made of: fetched and compiled once, and anew when a source changes."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
CACHE = FOLDER / ".cache"
# Where installers put what they do not put in the PATH.
_PLACES = (Path("/usr/local/go/bin"), Path.home() / ".cargo" / "bin")


def tool(name: str) -> str | None:
    """Where a command is; None if it is nowhere."""
    return shutil.which(name) or next(
        (str(place / name) for place in _PLACES if os.access(place / name, os.X_OK)), None
    )


@dataclass(frozen=True)
class Build:
    """Commands that make something of sources.

    Attributes:
        name: of the folder in ``CACHE`` that holds what is made.
        folder: where the commands run.
        sources: files of that folder, as glob patterns.
        commands: in order; ``{cache}`` stands for the folder in ``CACHE``.
        product: what must be there afterwards.
    """

    name: str
    folder: Path
    sources: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    product: Path

    @property
    def cache(self) -> Path:
        """The folder of what is made."""
        return CACHE / self.name

    def make(self) -> str:
        """Make it, unless it is there; what went wrong."""
        stamp = self.cache / ".made"
        newest = max(
            source.stat().st_mtime for each in self.sources for source in self.folder.glob(each)
        )
        if self.product.exists() and stamp.exists() and stamp.stat().st_mtime > newest:
            return ""
        self.cache.mkdir(parents=True, exist_ok=True)
        for command in self.commands:
            words = [word.replace("{cache}", str(self.cache)) for word in command]
            words[0] = tool(words[0]) or words[0]
            done = subprocess.run(
                words, cwd=self.folder, capture_output=True, text=True, check=False
            )
            if done.returncode:
                return f"{' '.join(command[:2])}: {(done.stderr or done.stdout).strip()[-300:]}"
        stamp.touch()
        return ""
