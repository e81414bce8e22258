"""The Live Activities of a host's devices, for the control API."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import trio

from devicesim.host.confirmation import confirmed
from devicesim.live_activities.activity import next_due
from devicesim.state.files import StateError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devicesim.app import App
    from devicesim.host.views import AppView
    from devicesim.live_activities.views import ActivityView
    from devicesim.virtual_device import VirtualDevice
    from worldtime.alarm import Alarm

log = logging.getLogger(__name__)


class HostActivities:
    """What a host can do about Live Activities; :attr:`DeviceHost.activities`.

    On a device that is offline, tokens are None before it connects, and ends are told then.

    Args:
        devices: those of the host, by id.
        require: finds one of them, or raises ``UnknownDeviceError``.
        due: rings when time may have done something to one of theirs.
    """

    def __init__(
        self,
        devices: Mapping[str, VirtualDevice],
        require: Callable[[str], VirtualDevice],
        due: Alarm,
    ) -> None:
        self._devices = devices
        self._due = due
        self._require = require

    async def register_type(self, device_id: str, bundle_id: str, attributes_type: str) -> AppView:
        """An app wants to be able to start activities of a type by push; waits for the token.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            AppError: no name of a type, or too many of them.
            NotConfirmedError: the device is to be online but the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        app = device.activity_kit.register_type(bundle_id, attributes_type)
        await _settle(device, app, f"the push-to-start token of {bundle_id}")
        return device.app_view(app)

    async def start(
        self,
        device_id: str,
        bundle_id: str,
        attributes_type: str,
        attributes: dict[str, Any],
        content_state: dict[str, Any],
    ) -> ActivityView:
        """An app starts an activity itself; waits for its token.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            AppError: no name of a type, too much data, or too many activities.
            NotConfirmedError: the device is to be online but the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        activity = device.activity_kit.start(bundle_id, attributes_type, attributes, content_state)
        app = device.state.apps.require(bundle_id)
        await _settle(device, app, f"the token of {activity.activity_id}")
        return device.activity_kit.on_screen.view(activity, app)

    async def of(self, device_id: str, bundle_id: str) -> tuple[ActivityView, ...]:
        """What is on the screen of an app's activities, oldest first.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            NotConfirmedError: one has just expired, and the gateway was not to be told.
            StateError: that could not be written down.
        """
        await trio.lowlevel.checkpoint()
        device = self._require(device_id)
        for app in await device.sweep_activities():
            with confirmed(f"the expired tokens of {app.bundle_id}", device.network.conditions):
                await device.daemon.wait_until_settled(app)
        return tuple(device.activity_kit.on_screen.views(device.state.apps.require(bundle_id)))

    async def end(self, device_id: str, bundle_id: str, activity_id: str) -> None:
        """The app ends an activity, or a person removes it; waits until its token has expired.

        Raises:
            UnknownDeviceError, UnknownAppError, UnknownActivityError: there is none of this name.
            NotConfirmedError: the device is to be online but the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        app = device.activity_kit.end(bundle_id, activity_id)
        await _settle(device, app, f"the end of {activity_id}")

    async def sweep(self) -> None:
        """For ever: let time end and dismiss activities, on all devices in one task."""
        while True:
            await self._due.wait()
            for device in [each for each in self._devices.values() if each.state.activities]:
                try:
                    await device.sweep_activities()
                except StateError as error:
                    log.error("%s", error)  # noqa: TRY400 - it tells all
                self._due.ring_at(next_due(device.state.activities.values()))


async def _settle(device: VirtualDevice, app: App, what: str) -> None:
    await device.daemon.tell_changes()
    with confirmed(what, device.network.conditions):
        await device.daemon.wait_until_settled(app)
