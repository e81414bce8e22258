"""Who is listening now: one live session per device, and the newest wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.identifiers import DeviceId
    from protocol.notification import Notification


class Session(Protocol):
    """A device that is connected, as routing needs to see it. Nothing here may block."""

    @property
    def device(self) -> DeviceId:
        """Whose session it is."""
        ...

    def wake(self) -> None:
        """There is something new in the store: look. Many wakes are as good as one."""
        ...

    def offer(self, notification: Notification) -> bool:
        """Try once to hand over a push that is never stored; False when there is no room."""
        ...

    def leave(self, reason: str) -> None:
        """End soon: a newer session has the device, or the gateway wants it gone."""
        ...


@dataclass(frozen=True, slots=True)
class SessionTableStatistics:
    """How many devices are connected, and how often one connected anew over a live link."""

    sessions: int
    arrivals: int
    superseded: int


class SessionTable:
    """The live session of each device."""

    def __init__(self) -> None:
        self._sessions: dict[DeviceId, Session] = {}
        self._arrivals = 0
        self._superseded = 0

    def arrive(self, session: Session) -> None:
        """Make this session the device's. The table swaps first, then the old one is told."""
        self._arrivals += 1
        previous = self._sessions.get(session.device)
        self._sessions[session.device] = session
        if previous is not None:
            self._superseded += 1
            previous.leave("a newer link of the same device has taken over")

    def depart(self, session: Session) -> bool:
        """Take a session out; no effect (False) when a newer one has its place."""
        if self._sessions.get(session.device) is not session:
            return False
        del self._sessions[session.device]
        return True

    def session_of(self, device: DeviceId) -> Session | None:
        """The device's live session, if it is connected."""
        return self._sessions.get(device)

    def wake(self, device: DeviceId | None) -> None:
        """Tell one session, or all (None), to look at the store."""
        if device is None:
            for session in self:
                session.wake()
        elif (only := self._sessions.get(device)) is not None:
            only.wake()

    def __iter__(self) -> Iterator[Session]:
        return iter(tuple(self._sessions.values()))

    def __len__(self) -> int:
        return len(self._sessions)

    def statistics(self) -> SessionTableStatistics:
        """How many devices are connected."""
        return SessionTableStatistics(len(self._sessions), self._arrivals, self._superseded)
