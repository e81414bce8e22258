"""Who connects and disconnects too often.

Apple, "Establishing a connection to APNs": rapid connecting and disconnecting "may be treated as a
denial of service", and blocked for a while; how often and how long is not published.
"""

from __future__ import annotations

import logging
from collections import deque

log = logging.getLogger(__name__)

MINUTE = 60.0


class Churn:
    """Counts connections per address, over the last minute; forgets the rest.

    Args:
        per_minute: as many are admitted from one address; one more, and it is blocked. 0 = any.
        block_seconds: for how long. Connections meanwhile do not prolong it.
    """

    def __init__(self, per_minute: int = 0, block_seconds: float = MINUTE) -> None:
        self._per_minute = per_minute
        self._block_seconds = block_seconds
        self._admitted: dict[str, deque[float]] = {}
        self._blocked_until: dict[str, float] = {}

    def admits(self, address: str, now: float) -> bool:
        """Whether one more connection from there is served.

        Args:
            address: where it comes from.
            now: monotonic seconds.
        """
        if not self._per_minute:
            return True
        self._forget(now)
        if address in self._blocked_until:
            return False
        admitted = self._admitted.setdefault(address, deque())
        if len(admitted) < self._per_minute:
            admitted.append(now)
            return True
        del self._admitted[address]
        self._blocked_until[address] = now + self._block_seconds
        log.warning(
            "%s is blocked for %g s: more than %d connections within a minute",
            address,
            self._block_seconds,
            self._per_minute,
        )
        return False

    def _forget(self, now: float) -> None:
        for address, admitted in list(self._admitted.items()):
            while admitted and admitted[0] <= now - MINUTE:
                admitted.popleft()
            if not admitted:
                del self._admitted[address]
        for address, until in list(self._blocked_until.items()):
            if until <= now:
                del self._blocked_until[address]
