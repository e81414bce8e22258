"""What a device sends upwards, as iMessage does, and the gateway's answer.

On Apple's wire these are 0x0a and 0x0b, as a push and its acknowledgement are on their way down
(courier-wire.md §3); there items 1 and 2 of the former have changed places, which tells it from a
push. Here a number is one message, so these are ours. A device of ours says nothing upwards: the
answer is written on Apple's wire, and never read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from protocol.identifiers import Topic


@dataclass(frozen=True, slots=True)
class Upward:
    """Device: something for whoever serves the topic; nobody does here, so its payload is let go.

    ``number`` is the device's own name for it, of 32 bits, which the answer repeats.
    """

    NUMBER: ClassVar[int] = 0x43
    number: int
    topic: Topic


@dataclass(frozen=True, slots=True)
class UpwardAck:
    """Gateway: it has arrived."""

    NUMBER: ClassVar[int] = 0x44
    number: int
