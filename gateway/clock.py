"""Wall time that tests can freeze and move; everything else is given ``now``.

Expirations, token ages and time stamps are UNIX seconds of this clock. Timeouts of sockets are
Trio's time and have nothing to do with it.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

from protocol.courier.fields import LATEST_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable


class Clock:
    """UNIX seconds that follow the machine's clock until told otherwise.

    Args:
        machine: the machine's own clock, UNIX seconds.
    """

    def __init__(self, machine: Callable[[], float] = time.time) -> None:
        self._machine = machine
        self._offset = 0.0
        self._frozen_at: float | None = None

    @property
    def is_frozen(self) -> bool:
        """Whether time stands still."""
        return self._frozen_at is not None

    def now(self) -> float:
        """UNIX seconds."""
        if self._frozen_at is not None:
            return self._frozen_at
        return self._machine() + self._offset

    def freeze(self) -> None:
        """Time stands still until :meth:`resume`; :meth:`advance` still moves it."""
        self._frozen_at = self.now()

    def resume(self) -> None:
        """Time runs on from where it stands."""
        if self._frozen_at is not None:
            self._offset = self._frozen_at - self._machine()
            self._frozen_at = None

    def advance(self, seconds: float) -> None:
        """Move time forward.

        Raises:
            ValueError: ``seconds`` is negative (what has happened cannot be undone), not finite, or
                leads beyond what can be told on the courier link.
        """
        if not 0 <= seconds < math.inf:
            raise ValueError(f"time moves forward by a number of seconds, not by {seconds}")
        if self.now() + seconds > LATEST_SECONDS:
            raise ValueError(f"the clock ends with the year 9999; {seconds:g} s from now is later")
        if self._frozen_at is not None:
            self._frozen_at += seconds
        else:
            self._offset += seconds
