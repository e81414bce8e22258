"""A bell: many rings before the listener comes are one ring."""

from __future__ import annotations

import trio


class Bell:
    """Rung by anybody, without waiting; heard by one task."""

    __slots__ = ("_rung",)

    def __init__(self) -> None:
        self._rung = trio.Event()

    def ring(self) -> None:
        """There is something to look at."""
        self._rung.set()

    async def wait(self) -> None:
        """Return once the bell has rung since the last return."""
        await self._rung.wait()
        self._rung = trio.Event()
