"""How long a connection waits for its peer, and since when, in monotonic seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.provider.contract import ConnectionSettings

GRACE_SECONDS = 1
"""How long a peer may take to open a window that has become small, or, when we drain, to complete a
request that it has begun."""
READ_SECONDS = 0.1
"""How long a peer may take to read the last answers before a GOAWAY of ours follows: httpx drops
the answers that it reads together with one (clients.md 23)."""


class Patience:
    """The waits of one connection.

    Attributes:
        blocked_since: since when answers wait for a window of the peer's.
        low_since: since when the peer's connection window has been small.
        leaving_since: since when we are leaving: draining, or tired of errors.
        answered_at: when the last answer left, while we are leaving.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self.blocked_since: float | None = None
        self.low_since: float | None = None
        self.leaving_since: float | None = None
        self.answered_at: float | None = None
        self._settings = settings

    def deadline(self, now: float, *, is_idle: bool) -> float:
        """When to look up if the peer says nothing.

        Args:
            now: the time.
            is_idle: no answer is being made. The end of one is a better moment to look up.
        """
        deadline = now + self._settings.idle_seconds
        if self.blocked_since is not None:
            deadline = min(deadline, self.blocked_since + self._settings.write_seconds)
        if is_idle and self.low_since is not None:
            deadline = min(deadline, self.low_since + GRACE_SECONDS)
        if is_idle and self.blocked_since is None and self.leaving_since is not None:
            last_word = self.leaving_since + GRACE_SECONDS
            if self.may_still_read(now):
                last_word = (self.answered_at or now) + READ_SECONDS
            deadline = min(deadline, last_word)
        return deadline

    def answered(self, now: float, *, begins_to_wait: bool) -> None:
        """An answer left, or waits for a window of the peer's."""
        if begins_to_wait:
            self.blocked_since = now
        if self.leaving_since is not None:
            self.answered_at = now

    def may_still_read(self, now: float) -> bool:
        """Whether the peer has not had its time to read the last answer before we leave."""
        return self.answered_at is not None and now < self.answered_at + READ_SECONDS

    def is_blocked_too_long(self, now: float) -> bool:
        """Whether the peer has kept its window shut beyond ``write_seconds``."""
        since = self.blocked_since
        return since is not None and now >= since + self._settings.write_seconds

    def is_low_too_long(self, now: float) -> bool:
        """Whether the peer has had its chance to open its connection window."""
        return self.low_since is not None and now >= self.low_since + GRACE_SECONDS

    def is_leaving_too_long(self, now: float) -> bool:
        """Whether begun requests have had their chance to become whole."""
        return self.leaving_since is not None and now >= self.leaving_since + GRACE_SECONDS
