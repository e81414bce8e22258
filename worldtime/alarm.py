"""One task that does what is due, woken when it is: no polling, so nothing to do costs nothing."""

from __future__ import annotations

from math import inf, nextafter
from typing import TYPE_CHECKING

import trio

from worldtime import current_time, move_on_at

if TYPE_CHECKING:
    from collections.abc import Callable


class Alarm:
    """Rings at the earliest of the times that it was set to.

    It knows only that one: whoever hears it ring does what is due, and sets it to what follows.

    Args:
        now: the clock by which it is set; UNIX seconds, say. It may be put back: then it rings
            only once it has come to that time again.
    """

    __slots__ = ("_at", "_changed", "_now")

    def __init__(self, now: Callable[[], float] = current_time) -> None:
        self._now = now
        self._at = inf
        self._changed = trio.Event()

    @property
    def at(self) -> float:
        """When it rings next; infinite: not before it is set."""
        return self._at

    def ring_at(self, at: float) -> None:
        """Ring then, or sooner if it is to ring sooner anyway."""
        if at < self._at:
            self._at = at
            self._changed.set()

    async def wait(self) -> None:
        """Return when it rings."""
        while self._now() < self._at:
            self._changed = trio.Event()
            here = current_time()
            # Rounded down, the deadline would be now, and now too early, for ever.
            with move_on_at(max(here + (self._at - self._now()), nextafter(here, inf))):
                await self._changed.wait()
        self._at = inf
        await trio.lowlevel.checkpoint()
