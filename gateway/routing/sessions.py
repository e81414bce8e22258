"""Who is listening now: of each device one session is served, another one may stand by.

A device may have a link per interface (courier-wire.md §6: "allow two live connections per token
and push on one with failover to the other"; how Apple picks is unknown). Which is served is for
the device to say: the last Filter that does not say "standby" decides. A link of the same
interface takes the place of the older one, which has to leave. When the served one departs, or is
swept away because it was silent, the best of those that stand by is served: Wi-Fi, else the newest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gateway.routing.unacknowledged import Unacknowledged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.identifiers import DeviceId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

WIFI = "WiFi"


class Session(Protocol):
    """A device that is connected, as routing needs to see it. Nothing here may block."""

    @property
    def device(self) -> DeviceId:
        """Whose session it is."""
        ...

    @property
    def interface(self) -> str:
        """What carries its link: ``WiFi``, another name, or empty."""
        ...

    def serve(self) -> None:
        """The device's pushes go here from now on."""
        ...

    def stand_by(self) -> None:
        """They go over another session; what is in flight here is to be sent again there."""
        ...

    def wake(self) -> None:
        """There is something new in the store: look. Many wakes are as good as one."""
        ...

    def offer(self, notification: Notification) -> bool:
        """Try once to hand over a push that is never stored; False when there is no room."""
        ...

    def forget(self, tenant: Tenant) -> None:
        """A tenant's pushes are gone from the store: hold none of them for later."""
        ...

    def leave(self, reason: str) -> None:
        """End soon: a newer session has the device, or the gateway wants it gone."""
        ...


@dataclass(frozen=True, slots=True)
class SessionTableStatistics:
    """How many devices are connected, and how often one connected anew over a live link.

    ``keep_alives`` they have sent, ``sent_again`` are pushes that a lost link had left behind.
    """

    sessions: int
    arrivals: int
    superseded: int
    keep_alives: int = 0
    sent_again: int = 0


class SessionTable:
    """The live sessions of each device, and what was sent over them and not acknowledged.

    Args:
        unacknowledged: the latter, if not kept for the usual time.

    Attributes:
        keep_alives: how many were heard.
    """

    def __init__(self, unacknowledged: Unacknowledged | None = None) -> None:
        self.unacknowledged = unacknowledged or Unacknowledged()
        self._sessions: dict[DeviceId, Session] = {}
        self._standing_by: dict[DeviceId, list[Session]] = {}  # the newest last
        self.keep_alives = 0
        self._arrivals = 0
        self._superseded = 0

    def arrive(self, session: Session) -> None:
        """Take a session in: it is served, or stands by if another interface is served.

        The table swaps first, then the sessions are told.
        """
        self._arrivals += 1
        served = self._sessions.get(session.device)
        if served is None or served.interface == session.interface:
            self._sessions[session.device] = session
            session.serve()
            older = served
        else:
            others = self._standing_by.setdefault(session.device, [])
            older = next((each for each in others if each.interface == session.interface), None)
            if older is not None:
                others.remove(older)
            others.append(session)
        if older is not None:
            self._superseded += 1
            older.stand_by()
            older.leave("a newer link of the same device has taken over")

    def prefer(self, session: Session) -> None:
        """The device wants to be served here; no effect if it is, or if the session is out."""
        others = self._standing_by.get(session.device, [])
        if session in others:
            served = self._sessions[session.device]
            others[others.index(session)] = served
            self._sessions[session.device] = session
            served.stand_by()
            session.serve()

    def depart(self, session: Session) -> bool:
        """Take a session out; False when it was not served: another one may have its place."""
        others = self._standing_by.get(session.device, [])
        is_served = self._sessions.get(session.device) is session
        if is_served:
            del self._sessions[session.device]
            if others:
                best = next((each for each in others if each.interface == WIFI), others[-1])
                others.remove(best)
                self._sessions[session.device] = best
                best.serve()
        elif session in others:
            others.remove(session)
        if not others:
            self._standing_by.pop(session.device, None)
        return is_served

    def dismiss(self, reason: str) -> None:
        """Ask all of them to leave; nothing that is in flight is left for later."""
        for session in self:
            session.stand_by()
            session.leave(reason)
        self.unacknowledged.clear()

    def forget(self, tenant: Tenant) -> None:
        """A tenant's pushes are gone from the store: nobody holds them any more."""
        for session in self:
            session.forget(tenant)
        self.unacknowledged.forget(tenant)

    def session_of(self, device: DeviceId) -> Session | None:
        """The session that serves the device, if it is connected."""
        return self._sessions.get(device)

    def wake(self, device: DeviceId | None) -> None:
        """Tell one device's session, or all (None), to look at the store."""
        if device is None:
            for session in self:
                session.wake()
        elif (only := self._sessions.get(device)) is not None:
            only.wake()

    def __iter__(self) -> Iterator[Session]:
        standing_by = (each for others in self._standing_by.values() for each in others)
        return iter((*self._sessions.values(), *standing_by))

    def __len__(self) -> int:
        """How many devices are connected."""
        return len(self._sessions)

    def statistics(self) -> SessionTableStatistics:
        """How many devices are connected."""
        return SessionTableStatistics(
            len(self._sessions),
            self._arrivals,
            self._superseded,
            self.keep_alives,
            self.unacknowledged.sent_again,
        )
