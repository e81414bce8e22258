"""What a session holds back for the sake of the device's power, and when it goes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, NamedTuple

import worldtime
from gateway.courier.topics import Verdict

if TYPE_CHECKING:
    from gateway.store.store import Stored
    from protocol.identifiers import Topic, UniqueId
    from protocol.tenant import Tenant


class Kept(NamedTuple):
    """A push that is held; the store has all of it."""

    seq: int
    unique_id: UniqueId
    expires_at: float


class Held:
    """Of each topic the newest push that is held.

    Apple keeps one notification per device and app of what it stores, and it stores when "the
    device is offline or holds a power reservation" (apns-provider-api.md §8).

    It does not keep the pushes, only how far those may go that wait: up to a ``seq``. So whoever
    reads the store from its beginning after a burst was due finds what belongs to it.

    Args:
        burst_seconds: how long a push of priority 5 waits at most.
    """

    __slots__ = ("_burst_seconds", "_burst_through", "_newest", "_wake_through", "burst_at")

    def __init__(self, burst_seconds: float) -> None:
        self._burst_seconds = burst_seconds
        self._newest: dict[Topic, Kept] = {}
        self._burst_through = 0
        self._wake_through = 0
        self.burst_at = inf
        """When the next burst is due, by the world's time; never, while nothing waits for one."""

    def __bool__(self) -> bool:
        return bool(self._newest)

    def __contains__(self, stored: Stored) -> bool:
        kept = self._newest.get(stored.notification.topic)
        return kept is not None and kept.seq == stored.seq

    def count(self, now: float) -> int:
        """How many there are that have not expired by ``now``, UNIX seconds."""
        return sum(now < kept.expires_at for kept in self._newest.values())

    def lets_go(self, stored: Stored, verdict: Verdict) -> bool:
        """Whether it goes along with a burst that has begun, or with what woke the device."""
        through = self._wake_through
        if verdict is Verdict.BURST:
            through = max(through, self._burst_through)
        return stored.seq <= through and verdict is not Verdict.PAUSE

    def keep(self, stored: Stored, verdict: Verdict) -> Kept | None:
        """Hold it, in place of an older one of its topic; returns that, if there is one."""
        notification = stored.notification
        replaced = self._newest.get(notification.topic)
        self._newest[notification.topic] = Kept(
            stored.seq, notification.unique_id, notification.expires_at
        )
        if verdict is Verdict.BURST and self.burst_at == inf:
            self.burst_at = worldtime.current_time() + self._burst_seconds
        return replaced

    def forget(self, tenant: Tenant) -> None:
        """A tenant's pushes are gone from the store."""
        self._keep_only({k: each for k, each in self._newest.items() if not tenant.has(k)})

    def release(self, stored: Stored) -> None:
        """It is not held any more."""
        if stored in self:
            del self._newest[stored.notification.topic]
            self._keep_only(self._newest)

    def _keep_only(self, kept: dict[Topic, Kept]) -> None:
        self._newest = kept
        if not kept:
            self.burst_at = inf

    def burst(self) -> None:
        """A burst begins: what waits for one may go."""
        self.burst_at = inf
        self._burst_through = self._last_seq

    def wake(self, through: int = 0) -> bool:
        """The device is awake for a moment: all that is held may go, and what comes with it.

        Args:
            through: the ``seq`` of the last push that comes with it.

        Returns:
            Whether something held may go that might not go before.
        """
        may_go = self._last_seq > self._wake_through
        self._wake_through = max(self._wake_through, self._last_seq, through)
        return may_go

    @property
    def _last_seq(self) -> int:
        return max((kept.seq for kept in self._newest.values()), default=0)
