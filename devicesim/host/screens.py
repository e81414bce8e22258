"""The screens of a host's devices: looked at, tapped, swiped, for the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.app import AppState
from devicesim.power import Power

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from devicesim.host.device_host import DeviceHost
    from devicesim.screen.views import ScreenView
    from devicesim.virtual_device import VirtualDevice


class HostScreens:
    """What a person does with the phones of a host; :attr:`DeviceHost.screens`.

    Args:
        host: whose devices they are.
        require: finds one of them, or raises ``UnknownDeviceError``.
    """

    def __init__(self, host: DeviceHost, require: Callable[[str], VirtualDevice]) -> None:
        self._host = host
        self._require = require

    async def look(self, device_id: str) -> ScreenView:
        """The screen as it is now.

        Raises:
            UnknownDeviceError: there is no such device.
            StateError: a Live Activity has just expired, which could not be written down.
        """
        device = self._require(device_id)
        await device.sweep_activities()
        return device.screen

    async def tap(self, device_id: str, apns_id: str) -> ScreenView:
        """Open a notification: a locked phone is unlocked, its app comes to the front.

        The notification is gone then, the badge stays until the app or a push changes it.

        Raises:
            UnknownDeviceError, UnknownNotificationError: there is none of this name.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        opened = device.notification_center.screen.dismiss(apns_id)
        if device.power.mode is not Power.AWAKE:
            await self._host.patch_device(device_id, power=Power.AWAKE)
        for app in [each for each in device.state.apps if each.state is AppState.FOREGROUND]:
            await self._host.patch_app(device_id, app.bundle_id, state=AppState.BACKGROUND)
        await self._host.patch_app(device_id, opened.bundle_id, state=AppState.FOREGROUND)
        return await self._changed(device)

    async def dismiss(self, device_id: str, apns_id: str) -> ScreenView:
        """Swipe a notification away.

        Raises:
            UnknownDeviceError, UnknownNotificationError: there is none of this name.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        device.notification_center.screen.dismiss(apns_id)
        return await self._changed(device)

    async def clear(self, device_id: str, bundle_id: str | None = None) -> ScreenView:
        """Clear all notifications, or all of an app.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        if bundle_id is not None:
            device.state.apps.require(bundle_id)
        device.notification_center.screen.clear(bundle_id)
        return await self._changed(device)

    async def set_badge(self, device_id: str, bundle_id: str, number: int) -> ScreenView:
        """The app changes its badge: ``UNUserNotificationCenter.setBadgeCount``.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        app = device.state.apps.require(bundle_id)
        device.notification_center.screen.set_badge(app.bundle_id, number)
        return await self._changed(device)

    async def set_strings(self, device_id: str, bundle_id: str, table: Mapping[str, str]) -> None:
        """Give an app its ``Localizable.strings``; an empty table takes them away.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            ValueError: the table is too long.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        app = device.state.apps.require(bundle_id)
        device.notification_center.strings.replace(app.bundle_id, table)
        await device.state.save()

    async def _changed(self, device: VirtualDevice) -> ScreenView:
        await device.state.commit()
        return device.screen
