"""How long a connection waits for its peer, and since when, in monotonic seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.provider.contract import ConnectionSettings

GRACE_SECONDS = 1
"""How long a peer may take to open a window that has become small, or, when we drain, to complete a
request that it has begun."""


class Patience:
    """The waits of one connection.

    Attributes:
        blocked_since: since when answers wait for a window of the peer's.
        low_since: since when the peer's connection window has been small.
        draining_since: since when we drain.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.blocked_since: float | None = None
        self.low_since: float | None = None
        self.draining_since: float | None = None
        self._settings = settings

    def deadline(self, now: float, *, idle: bool) -> float:
        """When to look up if the peer says nothing.

        Args:
            now: the time.
            idle: no answer is being made. The end of one is a better moment to look up.
        """
        deadline = now + self._settings.idle_seconds
        if self.blocked_since is not None:
            deadline = min(deadline, self.blocked_since + self._settings.write_seconds)
        if idle and self.low_since is not None:
            deadline = min(deadline, self.low_since + GRACE_SECONDS)
        if idle and self.blocked_since is None and self.draining_since is not None:
            deadline = min(deadline, self.draining_since + GRACE_SECONDS)
        return deadline

    def is_blocked_too_long(self, now: float) -> bool:
        """Whether the peer has kept its window shut beyond ``write_seconds``."""
        since = self.blocked_since
        return since is not None and now >= since + self._settings.write_seconds

    def is_low_too_long(self, now: float) -> bool:
        """Whether the peer has had its chance to open its connection window."""
        return self.low_since is not None and now >= self.low_since + GRACE_SECONDS

    def is_draining_too_long(self, now: float) -> bool:
        """Whether begun requests have had their chance to become whole."""
        return self.draining_since is not None and now >= self.draining_since + GRACE_SECONDS
