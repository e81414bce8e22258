"""The calls of the client that concern time."""

from __future__ import annotations

from math import inf

from apnsim.client.calls import Calls
from apnsim.client.views import Clock, given, read


class TimeCalls(Calls):
    """What :class:`~apnsim.client.Apnsim` can do about the gateway's time; docs/time.md."""

    def clock(self) -> Clock:
        """What time it is for the gateway."""
        return read(Clock, self.call("GET", "clock"))

    def set_clock(
        self, *, now: float | None = None, frozen: bool | None = None, rate: float | None = None
    ) -> Clock:
        """Freeze time, let it run, change its pace (0.1 to 1000), or move it forward to ``now``.

        ``now`` is UNIX seconds; it is moved as by :meth:`advance_clock`.
        """
        body = given(now=now, frozen=frozen, rate=rate)
        return read(Clock, self.call("PUT", "clock", body=body, wait=inf))

    def advance_clock(self, seconds: float) -> Clock:
        """Move time forward; returns, however late, when all that was due has happened."""
        body = {"seconds": seconds}
        return read(Clock, self.call("POST", "clock/advance", body=body, wait=inf))

    def reset_clock(self) -> Clock:
        """Be the machine's time again, which may be earlier, at its pace."""
        return read(Clock, self.call("POST", "clock/reset"))
