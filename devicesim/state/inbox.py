"""What a device remembers of pushes: those that wait for their app, and those it acknowledged.

Both are bounded. They hold no file; :class:`~devicesim.state.device_state.DeviceState` writes down
what happens to them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from devicesim.pushes import message_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId

# When an app has this many waiting, its further pushes are not acknowledged: they fill the
# gateway's window and then wait there. Other apps go on until that window is full.
MAX_WAITING_PER_APP = 1_000
MAX_WAITING = 10_000
# More than any gateway's window of unacknowledged pushes, which is all that can come twice.
REMEMBERED_IDS = 1_024


class Inbox:
    """Pushes that the gateway may forget and the apps have not taken, in order per app."""

    __slots__ = ("_arrivals", "_count", "_waiting")

    def __init__(self) -> None:
        self._waiting: dict[str, dict[UniqueId, tuple[int, Push]]] = {}
        self._arrivals = 0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[tuple[str, Push]]:
        for bundle_id, waiting in self._waiting.items():
            for _, push in waiting.values():
                yield bundle_id, push

    def has_room(self, bundle_id: str) -> bool:
        """Whether one more push may wait for this app."""
        waiting = self._waiting.get(bundle_id)
        return self._count < MAX_WAITING and (waiting is None or len(waiting) < MAX_WAITING_PER_APP)

    def put(self, bundle_id: str, push: Push) -> None:
        """Let a push wait behind the others of its app."""
        waiting = self._waiting.setdefault(bundle_id, {})
        if push.message_id not in waiting:
            self._arrivals += 1
            self._count += 1
            waiting[push.message_id] = (self._arrivals, push)

    def holds(self, bundle_id: str, message_id: UniqueId) -> bool:
        """Whether this push waits for this app."""
        return message_id in self._waiting.get(bundle_id, ())

    def take(self, bundle_id: str, message_id: UniqueId) -> bool:
        """The app has this push now; whether it was waiting."""
        waiting = self._waiting.get(bundle_id)
        if waiting is None or waiting.pop(message_id, None) is None:
            return False
        self._count -= 1
        if not waiting:
            del self._waiting[bundle_id]
        return True

    def clear(self, bundle_id: str) -> None:
        """The app is gone."""
        self._count -= len(self._waiting.pop(bundle_id, ()))

    def after(self, bundle_id: str, arrival: int) -> Iterator[tuple[int, Push]]:
        """What waits for an app and arrived later than ``arrival`` (0 = from the start).

        Yields:
            The number of the arrival, by which the next call goes on, and the push.
        """
        for number, push in self._waiting.get(bundle_id, {}).values():
            if number > arrival:
                yield number, push


class RecentIds:
    """The newest message ids that were acknowledged, so that a redelivery is recognised."""

    __slots__ = ("_known", "_order")

    def __init__(self, capacity: int = REMEMBERED_IDS) -> None:
        self._order: deque[bytes] = deque(maxlen=capacity)
        self._known: set[bytes] = set()

    def __contains__(self, message_id: UniqueId) -> bool:
        return message_key(message_id) in self._known

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._order)

    def add(self, key: bytes) -> None:
        """Remember one, by its :func:`~devicesim.pushes.message_key`; forget the oldest."""
        if key in self._known:
            return
        if len(self._order) == self._order.maxlen:
            self._known.discard(self._order[0])
        self._order.append(key)
        self._known.add(key)
