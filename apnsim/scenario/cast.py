"""Who appears in a scenario: its phones by name, and which apps are ever on them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Cast:
    """Known before the play begins.

    Attributes:
        devices: their names.
        apps: bundle id → the devices on which it is at some time.
        pushes: the names by which expectations may speak of pushes.
    """

    devices: tuple[str, ...]
    apps: Mapping[str, frozenset[str]]
    pushes: frozenset[str]

    def device(self, named: str | None, app: str | None = None) -> str:
        """The device that is meant; none need be named where there is but one.

        Raises:
            ValueError: nobody of this name, or it is not clear who is meant.
        """
        if named is not None:
            if named not in self.devices:
                raise ValueError(f"there is no device {named!r}; there are {_listed(self.devices)}")
            return named
        possible = self.apps.get(app, frozenset()) if app else frozenset(self.devices)
        if len(possible) == 1:
            return next(iter(possible))
        if len(self.devices) == 1:
            return self.devices[0]
        raise ValueError(f"device is missing: which one of {_listed(self.devices)}?")

    def device_of_app(self, named: str | None, app: str) -> str:
        """The device on which this app is.

        Raises:
            ValueError: it never is, or it is not clear on which.
        """
        self.check_app(app)
        device = self.device(named, app)
        if device not in self.apps[app]:
            raise ValueError(f"the app {app!r} is never on {device!r}")
        return device

    def unknown_pushes(self, names: Iterable[str]) -> Iterator[str]:
        """Complain of names that no push has."""
        if unknown := [each for each in names if each not in self.pushes]:
            yield f"no step pushes {_listed(unknown)}; see the names of the push steps"

    def check_app(self, app: str) -> None:
        """Whether it is ever on any device.

        Raises:
            ValueError: it never is.
        """
        if app not in self.apps:
            raise ValueError(
                f"no device ever has the app {app!r}; there are {_listed(sorted(self.apps))}"
            )


def device_id(name: str) -> str:
    """The id of the device of this name: ``annas-iphone``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower().replace("'", "")).strip("-") or "device"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, names))
