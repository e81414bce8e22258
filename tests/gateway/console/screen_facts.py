"""One screen for all devices, for the console's small device host."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.console.api.screens import Group, Screen, ShownNotification, Sound
from tests.builders import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.gateway.console.consoles import AppFacts

NOTHING = Screen(NOW, True, False, "home-screen", None, [], [], {}, [], [], [])


def showing(*apns_ids: str) -> Screen:
    """A locked phone with these notifications of one app."""
    shown = [
        ShownNotification(
            apns_id, "com.example.app", "Hello", "", "You", NOW, None, 1,
            Sound("default", critical=False, volume=1.0), "active", 0.0, None, None, None, None,
            None,
        )
        for apns_id in apns_ids
    ]  # fmt: skip
    group = Group("com.example.app", None, None, apns_ids[0], shown)
    return dataclasses.replace(
        NOTHING, locked=True, front="lock-screen", lock_screen=[group], badges={group.bundle_id: 1}
    )


@dataclass
class Screens:
    """``find`` finds a device or an app, or raises."""

    find: Callable[[str, str | None], AppFacts | None]
    view: Screen = field(default_factory=lambda: showing("AB"))
    strings: dict[str, dict[str, str]] = field(default_factory=dict)

    async def look(self, device_id: str) -> Screen:
        self.find(device_id, None)
        return self.view

    async def tap(self, device_id: str, apns_id: str) -> Screen:
        view = await self.dismiss(device_id, apns_id)
        self.view = dataclasses.replace(view, locked=False, front="com.example.app")
        return self.view

    async def dismiss(self, device_id: str, apns_id: str) -> Screen:
        self.find(device_id, None)
        groups = self.view.lock_screen
        if apns_id not in [each.apns_id for group in groups for each in group.notifications]:
            self.find(device_id, apns_id)
        self.view = dataclasses.replace(self.view, lock_screen=[])
        return self.view

    async def clear(self, device_id: str, bundle_id: str | None = None) -> Screen:
        self.find(device_id, bundle_id)
        self.view = dataclasses.replace(self.view, lock_screen=[])
        return self.view

    async def set_badge(self, device_id: str, bundle_id: str, number: int) -> Screen:
        self.find(device_id, bundle_id)
        self.view = dataclasses.replace(self.view, badges={bundle_id: number} if number else {})
        return self.view

    async def set_strings(self, device_id: str, bundle_id: str, table: Mapping[str, str]) -> None:
        self.find(device_id, bundle_id)
        self.strings[bundle_id] = dict(table)
