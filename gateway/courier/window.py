"""Pushes that were sent and not yet acknowledged, in order; bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.routing.unacknowledged import Sent
    from protocol.identifiers import UniqueId


class Window:
    """The pushes in flight of one session.

    Args:
        size: how many there may be.
        offers: how many of them may be pushes that are never stored.
    """

    __slots__ = ("_max_offers", "_offers", "_pushes", "_size")

    def __init__(self, size: int, offers: int) -> None:
        self._size = size
        self._max_offers = offers
        self._offers = 0
        self._pushes: dict[UniqueId, Sent] = {}

    @property
    def room(self) -> int:
        """How many more may be sent now."""
        return self._size - len(self._pushes)

    @property
    def has_room_for_offer(self) -> bool:
        """Whether a push that is never stored may be sent now."""
        return self.room > 0 and self._offers < self._max_offers

    @property
    def is_half_empty(self) -> bool:
        """Whether filling it up is worth a question to the store."""
        return 2 * len(self._pushes) <= self._size

    def add(self, push: Sent) -> None:
        """It has been sent."""
        self._pushes[push.unique_id] = push
        self._offers += push.seq is None

    def pop(self, unique_id: UniqueId) -> Sent | None:
        """It has been acknowledged; None when there is no such push in flight."""
        push = self._pushes.pop(unique_id, None)
        self._offers -= push is not None and push.seq is None
        return push

    def empty(self) -> list[Sent]:
        """Nothing is in flight any more; what was, in order."""
        pushes, self._pushes, self._offers = self._pushes, {}, 0
        return list(pushes.values())

    def __contains__(self, unique_id: object) -> bool:
        return unique_id in self._pushes

    def __len__(self) -> int:
        return len(self._pushes)

    def __iter__(self) -> Iterator[Sent]:
        return iter(tuple(self._pushes.values()))
