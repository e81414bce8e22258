"""What a fleet is to be like: shares of a crowd, not single phones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from protocol.identifiers import DeviceId
from protocol.notification import Environment

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class FleetApp:
    """An app of the fleet; shares are from 0 to 1.

    Attributes:
        bundle_id: its bundle id.
        push_types: what it registers for.
        installed: the share of the phones that have, or had, it.
        uninstalled: of these, those that have thrown it away: pushes to their tokens are answered
            410 Unregistered.
        denied: of those that have it, those whose owner does not want to see its notifications.
    """

    bundle_id: str
    push_types: tuple[str, ...] = ("alert",)
    installed: float = 1.0
    uninstalled: float = 0.0
    denied: float = 0.0


@dataclass(frozen=True, slots=True)
class FleetSpec:
    """A fleet; the same one draws the same phones, and phones of one id keep their tokens.

    Its numbers are named as the keys of a fleet's file, whose writer reads what is wrong with them.

    Attributes:
        apps: at least one.
        devices: how many phones.
        name: their ids begin with it; fleets beside each other need names of their own.
        environment: which of Apple's worlds they live in.
        seed: of all dice.
        ramp: how many seconds it takes until the last one has been switched on.
        away: the share that is away at any moment.
        away_for: for how many seconds, on average.
        locked: the share that nobody is using: what can wait is held for it.
        cellular: the share that is on a cellular network.
        storm_every: after so many seconds every link is cut at once, again and again; None: never.

    Raises:
        ValueError: a number that makes no sense; says which.
    """

    apps: tuple[FleetApp, ...]
    devices: int = 100
    name: str = "fleet"
    environment: Environment = Environment.DEVELOPMENT
    seed: int = 0
    ramp: float = 0.0
    away: float = 0.0
    away_for: float = 60.0
    locked: float = 0.0
    cellular: float = 0.0
    storm_every: float | None = None

    def __post_init__(self) -> None:
        """Check what a type cannot say."""
        for name, value in self._shares():
            if not 0 <= value <= 1:
                raise ValueError(f"{name} is a share from 0 to 1, not {value:g}")
        if self.away == 1:
            raise ValueError("away is 1: nobody would ever come back; use less")
        if self.away and not self.away_for > 0:
            raise ValueError("away_for: some are away, for more than 0 s on average")
        if self.storm_every is not None and not self.storm_every > 0:
            raise ValueError("storm_every: more than 0 s from one storm to the next")
        DeviceId.parse(self.device_id(self.devices))
        names = [app.bundle_id for app in self.apps]
        if not names or len(set(names)) < len(names):
            raise ValueError("apps: at least one, each bundle id once")

    def device_id(self, number: int) -> str:
        """Of its so-manyth phone, from 1."""
        return f"{self.name}-{self.seed}-{number:06}"

    def _shares(self) -> Iterator[tuple[str, float]]:
        for name in ("away", "locked", "cellular"):
            yield name, getattr(self, name)
        for app in self.apps:
            for name in ("installed", "uninstalled", "denied"):
                yield f"{app.bundle_id}: {name}", getattr(app, name)
