"""All devices of a host told, and others in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import trio

from devicesim.host.confirmation import CONFIRM_SECONDS, patience
from protocol.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from devicesim.host.document import DevicePart
    from devicesim.host.folder import HostFolder
    from devicesim.state.device_state import DeviceState
    from devicesim.virtual_device import VirtualDevice


def describe(device: VirtualDevice) -> dict[str, Any]:
    """A device in JSON's types, as :class:`DevicePart` reads it; one moment of its life."""
    state = device.state
    device.note_switches()
    return {
        "device_id": state.device_id,
        "name": state.name,
        "environment": state.environment,
        "switches": plain(state.extras),
        **state.apps.describe(),
        "acknowledged": [key.hex() for key in state.acknowledged],
        "inbox": [{"bundle_id": app, "push": plain(push)} for app, push in state.inbox],
        "activities": plain(list(state.activities.values())),
        "screen": {
            "notifications": plain(list(state.screen.notifications.values())),
            "badges": dict(state.screen.badges),
        },
        "spent": plain(state.spent),
        "received": [
            {"push": plain(push), "received_at": at, "outcome": plain(outcome)}
            for push, at, outcome in device.history
        ],
        "events": plain(device.system.events.all()),
    }


class HostedSnapshots:
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about snapshots."""

    _folder: HostFolder | None
    _devices: dict[str, VirtualDevice]
    _serial: int

    async def stage(self, parts: Sequence[DevicePart]) -> list[DeviceState]:
        """Make devices that are none yet, and write them down where nobody looks.

        Raises:
            StateError: they could not be written; nothing has changed.
        """
        if self._folder is None:
            return await trio.to_thread.run_sync(lambda: [part.state() for part in parts])
        return await self._folder.stage(parts)

    async def discard_staged(self) -> None:
        """What was staged is not wanted."""
        if self._folder is not None:
            await self._folder.discard_staged()

    def vanish_all(self, reason: str) -> list[str]:
        """End every device at once and without a goodbye; which they were. Their files stay."""
        devices = tuple(self._devices.values())
        self._devices.clear()
        for device in devices:
            device.vanish(reason)
        return [str(device.state.device_id) for device in devices]

    async def replace(self, parts: Sequence[DevicePart], states: Sequence[DeviceState]) -> None:
        """Start the staged devices in the place of those that have vanished.

        Returns once those that want a link have it, at most 10 s later.

        Raises:
            StateError: their files are not in their place; those that vanished are gone.
        """
        if self._folder is not None:
            await self._folder.replace(states)
        started: list[VirtualDevice] = []
        for part, state in zip(parts, states, strict=True):
            device = self._start(state)
            device.history.extend(each.received for each in part.received)
            device.system.events.restore(part.app_events)
            started.append(device)
        self._serial = max((part.switches.serial for part in parts), default=0)
        with trio.move_on_after(CONFIRM_SECONDS):
            for device in started:
                is_slow = patience(device.network.conditions) < CONFIRM_SECONDS
                if device.links.is_expected and not is_slow:
                    await device.daemon.wait_until_online()

    def describe_all(self) -> Iterator[dict[str, Any]]:
        """Every device, in the order of their creation, each as it is when it is asked for."""
        return map(describe, tuple(self._devices.values()))

    def _start(self, state: DeviceState) -> VirtualDevice:
        raise NotImplementedError
