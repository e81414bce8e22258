"""Connections that are still shaking hands: counted, bounded in time, ended by a drain.

In TLS, and on a courier link until its Connect.
"""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator


# Of the newest, for whoever wonders why nobody comes through.
REMEMBERED_FAILURES = 32


@dataclass(frozen=True, slots=True)
class FailedHandshake:
    """Somebody who knocked and did not come in: ``at`` is Trio's time, ``why`` is TLS's word.

    Of one who is in, and speaks no HTTP/2, it is HTTP/2's.
    """

    peer: str
    at: float
    why: str


class Handshakes:
    """The handshakes of one front. Nothing has been promised to whoever is still in one.

    ``failures`` are the newest of those that did not work out.
    """

    def __init__(self) -> None:
        self.failures: deque[FailedHandshake] = deque(maxlen=REMEMBERED_FAILURES)
        self._scopes: set[trio.CancelScope] = set()

    def __len__(self) -> int:
        return len(self._scopes)

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Take part, for at most so many seconds.

        Raises:
            trio.TooSlowError: it took longer, or a drain began.
        """
        with trio.fail_after(seconds) as scope:
            self._scopes.add(scope)
            try:
                yield
            finally:
                self._scopes.discard(scope)

    def failed(self, peer: str, why: object) -> None:
        """One of them did not work out."""
        self.failures.append(FailedHandshake(peer, trio.current_time(), str(why)))

    def end(self) -> None:
        """Break all of them off. One that comes later is still heard, and told Shutdown."""
        for scope in self._scopes:
            scope.cancel()
