"""What became of a push on a device: seen, run, handed over or not, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Presentation(StrEnum):
    """What became of a push on the device."""

    SHOWN = "shown"
    COLLAPSED = "collapsed"
    WOKEN = "woken"
    DELIVERED = "delivered"
    NOT_SHOWN = "not-shown"


@dataclass(frozen=True, slots=True)
class Presented:
    """A presentation and, for the reader, why; ``is_quiet``: it is shown and lights no screen."""

    presentation: Presentation
    detail: str
    is_quiet: bool = False

    @property
    def alerts(self) -> bool:
        """Whether the screen lights up for it."""
        is_shown = self.presentation in (Presentation.SHOWN, Presentation.COLLAPSED)
        return is_shown and not self.is_quiet
