"""When a connection ends, and with which words. It decides; the connection says and does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from gateway.provider.patience import Patience
from gateway.provider.refusals import IDLE_TIMEOUT, SHUTDOWN
from gateway.provider.wire import ENHANCE_YOUR_CALM, NO_ERROR, error_name
from protocol.provider.response import reason_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.provider.contract import ConnectionSettings
    from gateway.provider.inbound import Inbound
    from gateway.provider.outbound import Outbound


@dataclass(frozen=True, slots=True)
class Farewell:
    """How a connection ends.

    Attributes:
        why: for the log.
        debug_data: of the GOAWAY; None: there is none.
        code: RFC 9113's error code in it.
    """

    why: str
    debug_data: bytes | None = b""
    code: int = NO_ERROR

    @classmethod
    def of(cls, reason: str, detail: str) -> Self:
        """With Apple's word; ``detail`` is for the log."""
        why = ": ".join(filter(None, (f"GOAWAY {reason}", detail)))
        return cls(why, reason_json(reason))

    @property
    def word(self) -> str:
        """What the GOAWAY says: Apple's reason, else HTTP/2's error; empty: there is none."""
        if self.debug_data:
            return str(json.loads(self.debug_data)["reason"])
        return "" if self.debug_data is None else error_name(self.code)


DRAINED = Farewell("drained", SHUTDOWN)


class Ending:
    """Watches one connection for reasons to end it.

    A connection that leaves answers what is in flight first: clients drop what is unanswered when
    they see a GOAWAY (clients.md 23).

    Args:
        settings: how long to wait for what.
        inbound: the streams that are open.
        outbound: the answers that wait for a window.
        now: a monotonic clock in seconds.

    Attributes:
        is_draining: new requests are answered 503 Shutdown.
        has_had_enough: new requests are not answered at all; GOAWAY will say so.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        inbound: Inbound,
        outbound: Outbound,
        now: Callable[[], float],
    ) -> None:
        self.is_draining = False
        self.has_had_enough = False
        self._settings = settings
        self._inbound = inbound
        self._outbound = outbound
        self._now = now
        self._patience = Patience(settings)
        self._leaves_with: Farewell | None = None
        self._peer_leaves = False

    # -- what happens ------------------------------------------------------------------------------

    def drain(self) -> None:
        """Leave with Shutdown; what still comes is heard, to be told so."""
        if self._leave(DRAINED):
            self.is_draining = True

    def leave(self, farewell: Farewell = DRAINED) -> None:
        """Leave with these words; what still comes until then is answered as before."""
        self._leave(farewell)

    def give_up(self, errors: int) -> None:
        """Leave a provider that makes too many errors; nothing more is heard."""
        if self._leave(Farewell(f"{errors} errors in a row", code=ENHANCE_YOUR_CALM)):
            self.has_had_enough = True

    def _leave(self, farewell: Farewell) -> bool:
        if self._leaves_with is not None:
            return False
        self._leaves_with = farewell
        self._patience.leaving_since = self._now()
        return True

    def peer_leaves(self) -> None:
        """The provider said GOAWAY, as node's ``session.close()`` does, and wants its answers."""
        self._peer_leaves = True

    def answered(self) -> bool:
        """An answer was written, as far as the peer's window allows; whether waits have changed."""
        begins_to_wait = self._outbound.waiting > 0 and self._patience.blocked_since is None
        if not begins_to_wait and self._leaves_with is None:
            return False
        self._patience.answered(self._now(), begins_to_wait=begins_to_wait)
        return True

    def went_on(self) -> None:
        """The peer opened a window, and answers have moved."""
        self._patience.blocked_since = self._now() if self._outbound.waiting else None

    def connection_window_opened(self) -> None:
        """The peer opened the connection's window."""
        self._patience.low_since = None

    def withdrawn(self) -> None:
        """The peer does not want an answer any more that may have waited."""
        if not self._outbound.waiting:
            self._patience.blocked_since = None

    # -- what follows ------------------------------------------------------------------------------

    def deadline(self, *, is_idle: bool) -> float:
        """When to ask for a ``farewell_in_silence``, if the peer says nothing until then."""
        return self._patience.deadline(self._now(), is_idle=is_idle)

    def farewell(self) -> Farewell | None:
        """The last word, if it is time for it; asked for whenever no answer is being made."""
        if self._window_stays_low():  # no GOAWAY: aioapns may raise ProtocolError
            return Farewell("the provider never opens its connection window", debug_data=None)
        if self._leaves_with is not None and self._has_left():
            return self._leaves_with
        if self._peer_leaves and not self._inbound.streams:
            return Farewell("the provider said GOAWAY")
        return None

    def farewell_in_silence(self, *, is_idle: bool) -> Farewell | None:
        """The last word at the deadline, if it has come to that."""
        waiting = self._outbound.waiting
        if is_idle and (due := self.farewell()):
            return due
        if self._patience.is_blocked_too_long(self._now()):
            return Farewell(f"{waiting} answers wait for a window that stays closed")
        if is_idle and not waiting and self._leaves_with is None:
            words = IDLE_TIMEOUT if self._settings.says_why_when_idle else None
            return Farewell(f"silent for {self._settings.idle_seconds} s", words)
        return None

    def _has_left(self) -> bool:
        """Whether nothing is left to answer, or only requests that do not arrive."""
        if self._outbound.waiting:
            return False
        now = self._now()
        nothing_to_hear = self.has_had_enough or not self._inbound.streams
        overdue = nothing_to_hear or self._patience.is_leaving_too_long(now)
        return overdue and not self._patience.may_still_read(now)

    def _window_stays_low(self) -> bool:
        """Whether this is aioapns, which hangs after 65,535 bytes of errors (clients.md 22)."""
        low = self._inbound.http2.peer_window_bytes < self._settings.low_window_bytes
        if self._outbound.peer_opens_window or not low:
            return False
        now = self._now()
        if self._patience.low_since is None:
            self._patience.low_since = now
        return self._patience.is_low_too_long(now)
