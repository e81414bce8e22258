"""What the parts of the courier front agree on: knobs, collaborators, facts about a link."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.courier.faults import CourierFaults
from protocol.courier.frames import DEFAULT_MAX_FRAME_BYTES
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.journal import Journal
    from gateway.routing.channels import ChannelDirectory
    from gateway.routing.directory import DeviceDirectory
    from gateway.routing.sessions import SessionTable
    from gateway.store.store import Store
    from protocol.courier.messages import Connect
    from protocol.identifiers import DeviceId
    from protocol.notification import Environment


@dataclass(frozen=True, slots=True)
class CourierSettings:
    """Every bound on a link.

    Attributes:
        handshake_seconds: for TLS, and again for the Connect that must follow.
        handshakes_at_once: links in their TLS handshake; more wait for their turn.
        send_seconds: for one write; a device that does not read that long is let go.
        close_seconds: for each step of a goodbye: last bytes, last store calls, TLS close.
        acknowledge_seconds: how long a drain waits for acknowledgements of what was sent.
        silent_seconds: unheard of for so long, a link is swept away; see ``CourierFront.sweep``.
        window: pushes sent and not yet acknowledged; the store keeps the rest.
        offers: of those, pushes that are never stored; more are not taken.
        broadcasts: sent and not yet acknowledged; more wait on their channels, or are dropped.
        max_frame_bytes: largest frame, either way.
        holds_for_power: whether priority decides when a push goes to a device that nobody uses.
        burst_seconds: how long such a push of priority 5 waits at most; what waits goes together.
        high_water_bytes: unsent bytes above which a link is neither read from nor given more.
    """

    handshake_seconds: float = 10.0
    handshakes_at_once: int = 500
    send_seconds: float = 30.0
    close_seconds: float = 2.0
    acknowledge_seconds: float = 5.0
    silent_seconds: float = 3600.0
    window: int = 128
    offers: int = 16
    broadcasts: int = 32
    holds_for_power: bool = True
    burst_seconds: float = 1200.0
    max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES
    high_water_bytes: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Services:
    """What a session needs of the gateway.

    ``now`` is the gateway's clock, UNIX seconds; ``silence`` rings when a link may have been silent
    for too long, by the world's time.
    """

    store: Store
    directory: DeviceDirectory
    channels: ChannelDirectory
    sessions: SessionTable
    journal: Journal
    now: Callable[[], float]
    faults: CourierFaults = field(default_factory=CourierFaults)
    silence: Alarm = field(default_factory=Alarm)


@dataclass(frozen=True, slots=True)
class Stranger:
    """What TLS says about a link: from where, and which of Apple's worlds it asked for.

    ``number`` names the link in the log. ``device`` is whom its certificate names; None in dialects
    where that is shown in the Connect.
    """

    number: int
    environment: Environment
    peer: str
    device: DeviceId | None = None

    def __str__(self) -> str:
        return f"courier link {self.number} of {self.device or 'a stranger'} ({self.peer})"


@dataclass(frozen=True, slots=True)
class Caller:
    """A stranger of whom it is known which device it is."""

    number: int
    device: DeviceId
    environment: Environment
    peer: str

    def __str__(self) -> str:
        return f"courier link {self.number} of {self.device} ({self.peer})"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A caller that has said Connect and is welcome; ``since`` is UNIX seconds.

    Only the handshake makes one, and a session cannot be made without it.
    """

    caller: Caller
    connect: Connect
    since: float


@dataclass(frozen=True, slots=True)
class SessionStatistics:
    """One session, for the console. Times are UNIX seconds."""

    number: int
    device: DeviceId
    environment: Environment
    peer: str
    dialect: str
    interface: str
    os_version: str
    is_active: bool
    is_served: bool
    keep_alive_seconds: int | None
    since: float
    last_heard: float
    sent: int
    acknowledged: int
    unknown_acknowledgements: int
    in_flight: int
    held: int
    channels: int
