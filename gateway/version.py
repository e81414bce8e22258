"""Which apnsim this is."""

from __future__ import annotations

from importlib.metadata import version

VERSION = version("apnsim")
"""Read once: later there may be no descriptor left to read it with."""
