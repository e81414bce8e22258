"""A request that is not answered as it should be, because a fault rule says so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.faults.basics import Act


@dataclass(frozen=True, slots=True)
class Bent:
    """In place of an answer: what is done to the stream, or to its connection."""

    act: Act
