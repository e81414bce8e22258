"""This very command, for shells that do not know of its virtual environment."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path


def command() -> str:
    """Where ``apnsim`` lies, absolute; ``apnsim`` if it is not beside this Python."""
    return shutil.which("apnsim", path=str(Path(sys.executable).parent)) or "apnsim"
