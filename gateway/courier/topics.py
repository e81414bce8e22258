"""What a Filter says about a topic, and what the device's state makes of it.

The names of the lists are public; what the server does with them is inferred from them
(docs/courier.md): enabled topics are delivered, also non-waking ones (whether to wake is the
device's affair while its link is up), opportunistic ones only while a person uses the device,
paused ones wait, ignored ones are discarded. A topic in no list waits.
"""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from protocol.courier.messages import Filter
    from protocol.identifiers import Topic


class Verdict(Enum):
    """What to do with a push now."""

    DELIVER = auto()
    HOLD = auto()  # until the device is active: Apple's "Power Considerations"
    WAIT = auto()  # until a Filter asks for it
    DISCARD = auto()  # the user has disabled notifications


class TopicLists:
    """One Filter, ready to be asked; a topic in several lists goes by the most permissive."""

    __slots__ = ("_deliver", "_discard", "_hold")

    def __init__(self, said: Filter) -> None:
        self._deliver = frozenset((*said.enabled, *said.non_waking))
        self._hold = frozenset(said.opportunistic)
        self._discard = frozenset(said.ignored)

    @property
    def has_opportunistic(self) -> bool:
        """Whether anything depends on the device being active."""
        return bool(self._hold)

    def verdict(self, topic: Topic, *, is_active: bool) -> Verdict:
        """What to do with a push for this topic."""
        if topic in self._deliver:
            return Verdict.DELIVER
        if topic in self._hold:
            return Verdict.DELIVER if is_active else Verdict.HOLD
        return Verdict.DISCARD if topic in self._discard else Verdict.WAIT
