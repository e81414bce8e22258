"""The dice of a fleet: from shares of a crowd to phones, the same ones for the same seed."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from devicesim.network import NetworkKind
from devicesim.power import Power

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devicesim.fleet.spec import FleetApp, FleetSpec


@dataclass(frozen=True, slots=True)
class DrawnApp:
    """An app of one phone."""

    app: FleetApp
    is_uninstalled: bool
    is_denied: bool


@dataclass(frozen=True, slots=True)
class DrawnPhone:
    """One phone of a fleet; ``starts_after`` is seconds, ``dice`` are its own from then on."""

    device_id: str
    name: str
    starts_after: float
    apps: tuple[DrawnApp, ...]
    is_away: bool
    power: Power
    network: NetworkKind
    dice: Random


def phones_of(spec: FleetSpec) -> Iterator[DrawnPhone]:
    """Draw them all. A larger fleet of the same seed begins with the phones of the smaller one."""
    for number in range(1, spec.devices + 1):
        dice = Random(f"{spec.name} {spec.seed} {number}")
        yield DrawnPhone(
            spec.device_id(number),
            f"{spec.name} {number}",
            spec.ramp * (number - 1) / spec.devices,
            tuple(_apps_of(spec, dice)),
            is_away=dice.random() < spec.away,
            power=Power.LOCKED if dice.random() < spec.locked else Power.AWAKE,
            network=NetworkKind.CELLULAR if dice.random() < spec.cellular else NetworkKind.WIFI,
            dice=dice,
        )


def _apps_of(spec: FleetSpec, dice: Random) -> Iterator[DrawnApp]:
    for app in spec.apps:
        # Each is thrown, used or not: one share more or less changes no other phone's fate.
        has_it, is_gone, is_denied = (dice.random() for _ in range(3))
        if has_it < app.installed:
            yield DrawnApp(app, is_gone < app.uninstalled, is_denied < app.denied)
