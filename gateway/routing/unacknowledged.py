"""What was sent to devices and never acknowledged: the gateway cannot know that it is lost.

A phone whose path died without a word looks connected until it has been silent for too long. What
is sent to it meanwhile is in flight; when the link turns out to be lost, it is kept here and sent
again on the device's next link, whatever its expiration says. An engineer of Apple on VoIP pushes
that came minutes late with an expiration of 0: for a while the service "does not know that the
phone is gone (the connection has not timed out)", and when it reconnects "they are very likely
delivered". A link that ended with a goodbye leaves nothing here: then the service knew.

This is memory. A gateway that is killed forgets it; what was stored and has not expired it sends
again all the same, because only an acknowledgement takes that out of the store.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.identifiers import DeviceId, UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

KEEP_SECONDS = 3600.0
CAPACITY = 10_000


class Sent(NamedTuple):
    """A push that was sent. Times are UNIX seconds.

    Attributes:
        notification: the push.
        seq: its place in the store; None when it is never stored.
        is_from_storage: whether it had waited for the device.
        sent_at: when, at first.
        again_at: when again, on another link; None: not yet.
    """

    notification: Notification
    seq: int | None
    is_from_storage: bool
    sent_at: float
    again_at: float | None = None

    @property
    def unique_id(self) -> UniqueId:
        """Its name."""
        return self.notification.unique_id


class Unacknowledged:
    """The pushes in flight on all links, and those that lost links have left behind.

    Args:
        keep_seconds: for how long the latter are kept, from when they were sent.
        capacity: how many of them; the oldest make room.

    Attributes:
        sent_again: how often a push was sent a second time, or a third.
    """

    def __init__(self, keep_seconds: float = KEEP_SECONDS, capacity: int = CAPACITY) -> None:
        self.sent_again = 0
        self._keep_seconds = keep_seconds
        self._capacity = capacity
        self._in_flight: set[UniqueId] = set()
        self._left: dict[UniqueId, tuple[DeviceId, Sent]] = {}
        self._of: dict[DeviceId, dict[UniqueId, Sent]] = {}
        self.on_left: Callable[[float], None] = lambda _: None
        """Told when a sweep is due for what a link has just left behind."""

    def __contains__(self, unique_id: UniqueId) -> bool:
        """Whether it may still reach its device, although the store may have forgotten it."""
        return unique_id in self._in_flight or unique_id in self._left

    def over(self, dropped: Iterable[UniqueId]) -> list[UniqueId]:
        """Of pushes that the store has dropped, those that are over with that."""
        return [unique_id for unique_id in dropped if unique_id not in self]

    def sent(self, unique_id: UniqueId) -> None:
        """It is on its way over a link."""
        self._in_flight.add(unique_id)
        if self._left:
            self._forget(unique_id)

    def settled(self, unique_id: UniqueId) -> None:
        """It was acknowledged, or will not be sent again."""
        self._in_flight.discard(unique_id)
        if self._left:
            self._forget(unique_id)

    def leave(self, device: DeviceId, pushes: Iterable[Sent]) -> None:
        """Their link was lost: keep them, in order, for the next one."""
        for push in pushes:
            self._in_flight.discard(push.unique_id)
            self._left[push.unique_id] = device, push
            self._of.setdefault(device, {})[push.unique_id] = push
            has_room = len(self._left) <= self._capacity
            self.on_left(push.sent_at + self._keep_seconds if has_room else -inf)

    def of(self, device: DeviceId) -> tuple[Sent, ...]:
        """What lost links of the device have left behind, oldest first."""
        return tuple(self._of.get(device, {}).values())

    @property
    def next_due(self) -> float:
        """When :meth:`sweep` has something to forget; infinite: never."""
        oldest = min((push.sent_at for _, push in self._left.values()), default=inf)
        return oldest + self._keep_seconds

    def sweep(self, now: float) -> list[Sent]:
        """Forget what was kept long enough or is too much; which they were."""
        surplus = max(0, len(self._left) - self._capacity)
        gone = [
            push
            for number, (_, push) in enumerate(self._left.values())
            if number < surplus or push.sent_at + self._keep_seconds <= now
        ]
        for push in gone:
            self._forget(push.unique_id)
        return gone

    def forget(self, tenant: Tenant) -> None:
        """Forget what lost links have left behind of one app."""
        pushes = [push for _, push in self._left.values()]
        for push in pushes:
            if tenant.has(push.notification.topic):
                self._forget(push.unique_id)

    def clear(self) -> None:
        """Forget all of it (reset)."""
        self._in_flight.clear()
        self._left.clear()
        self._of.clear()

    def _forget(self, unique_id: UniqueId) -> None:
        device, _ = self._left.pop(unique_id, (None, None))
        if device is not None:
            pushes = self._of[device]
            del pushes[unique_id]
            if not pushes:
                del self._of[device]
