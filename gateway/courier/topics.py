"""What a Filter says about a topic, and what priority and the device's state make of it.

Apple of ``apns-priority``: 10 "to send the notification immediately"; 5 "based on power
considerations on the device"; 1 "to prioritize the device's power considerations over all other
factors for delivery, and prevent awakening the device". Nobody using the device is what its
power consideration is here (SetState 0x14).

The names of the lists are public; what the server does with them is inferred from them
(docs/courier.md): enabled topics go by priority, non-waking ones too, but nothing else goes along
with them; opportunistic ones wait for a person, whatever their priority; paused ones wait for
another Filter, ignored ones are discarded. A topic in no list waits. On Apple's wire the lists name
topics by their hashes.
"""

from __future__ import annotations

from enum import Enum, auto
from itertools import chain
from typing import TYPE_CHECKING

from protocol.identifiers import HashedTopic
from protocol.notification import Priority

if TYPE_CHECKING:
    from protocol.courier.messages import Filter
    from protocol.identifiers import Topic


class Verdict(Enum):
    """What to do with a push now."""

    DELIVER = auto()
    WAKE = auto()  # deliver, to a device that nobody uses: what is held may go along
    BURST = auto()  # hold for the next burst
    HOLD = auto()  # hold until a person uses the device, or something else wakes it
    PAUSE = auto()  # hold until a Filter does not pause its topic any more
    WAIT = auto()  # until a Filter asks for it
    DISABLED = auto()  # discard: the user has disabled notifications
    UNREGISTERED = auto()  # discard: the token is of no use any more


_UNUSED = {
    Priority.IMMEDIATE: Verdict.WAKE,
    Priority.POWER_AWARE: Verdict.BURST,
    Priority.POWER_FIRST: Verdict.HOLD,
}


class TopicLists:
    """One Filter, ready to be asked; a topic in several lists goes by the most permissive."""

    __slots__ = (
        "_are_hashed",
        "_enabled",
        "_ignored",
        "_non_waking",
        "_opportunistic",
        "_paused",
    )

    def __init__(self, said: Filter) -> None:
        self._enabled = frozenset(said.enabled)
        self._non_waking = frozenset(said.non_waking)
        self._opportunistic = frozenset(said.opportunistic)
        self._paused = frozenset(said.paused)
        self._ignored = frozenset(said.ignored)
        lists = (self._enabled, self._non_waking, self._opportunistic, self._paused, self._ignored)
        self._are_hashed = any(isinstance(each, HashedTopic) for each in chain(*lists))

    def verdict(self, topic: Topic, priority: Priority, *, is_active: bool) -> Verdict:
        """What to do with a push for this topic."""
        if self._are_hashed:
            topic = HashedTopic.of(topic)
        if topic in self._enabled:
            return Verdict.DELIVER if is_active else _UNUSED[priority]
        if topic in self._non_waking:
            if is_active or priority is Priority.IMMEDIATE:
                return Verdict.DELIVER
            return _UNUSED[priority]
        if topic in self._opportunistic:
            return Verdict.DELIVER if is_active else Verdict.HOLD
        if topic in self._paused:
            return Verdict.PAUSE
        return Verdict.DISABLED if topic in self._ignored else Verdict.WAIT
