"""What became of one push on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devicesim.app import AppState
    from devicesim.presentation import Presented


@dataclass(frozen=True, slots=True)
class Outcome:
    """Which code of the app has run for a push, and what a person saw.

    Attributes:
        presented: in the words of the control API.
        before: what the app was doing when the push came.
        after: what it does since.
        handler: Apple's name of what was called; empty if nothing of the app was.
    """

    presented: Presented
    before: AppState
    after: AppState
    handler: str = ""
