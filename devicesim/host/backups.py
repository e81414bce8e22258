"""What changes every token of a device: a restore from a backup, here or there, or another system.

Apple, "Registering your app with APNs": APNs issues a new device token "when the user restores a
device from a backup, when the user installs your app on a new device, and when the user reinstalls
the operating system".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.app import AppState
from devicesim.app_description import describe_switches, restore_switches
from devicesim.host.confirmation import confirmed
from devicesim.host.hosted import Hosted

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.host.views import DeviceView
    from devicesim.virtual_device import VirtualDevice


class HostedBackups(Hosted):
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about backups and new systems."""

    async def restore(self, device_id: str, to: str | None = None) -> DeviceView:
        """Restore a backup of a device; returns once the restored one has its tokens.

        On itself, every token becomes another one. On another device, which is made if it is not
        there and erased if it is, all apps have tokens of their own; this one goes on as it was.
        Offline, the tokens come with the next link.

        Args:
            device_id: whose backup it is.
            to: the id of another device; None: the same.

        Raises:
            UnknownDeviceError: there is none with this id.
            ValueError: ``to`` cannot be the id of a device.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        if to is None or to == device_id:
            return await self._begin_anew(device)
        if to not in self._devices:
            await self.create_device(device.state.name, device.state.environment, device_id=to)
        target = self._require(to)
        await _erase(target)
        for app in device.state.apps:
            _copy_app(app, device, target)
        with confirmed(f"the tokens of {to}", target.network.conditions):
            await target.daemon.tell_changes()
            for app in tuple(target.state.apps):
                await target.daemon.wait_until_settled(app)
        return target.view

    async def refresh(self, device_id: str) -> DeviceView:
        """Install the system anew below the apps; returns once every token is another one.

        Apps and what people have decided stay, as when iOS is installed by an update in recovery
        mode. Offline, the tokens come with the next link.

        Raises:
            UnknownDeviceError: there is none with this id.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        return await self._begin_anew(self._require(device_id))

    async def _begin_anew(self, device: VirtualDevice) -> DeviceView:
        await device.system.restart()
        with confirmed(f"the new tokens of {device.state.device_id}", device.network.conditions):
            await device.daemon.restore()
        return device.view

    async def create_device(
        self,
        name: str | None = None,
        environment: str = "development",
        *,
        online: bool = True,
        device_id: str | None = None,
    ) -> DeviceView:
        """Make a device."""
        raise NotImplementedError


async def _erase(device: VirtualDevice) -> None:
    """Nothing of it is left: the tokens of its apps are over."""
    for bundle_id in [each.bundle_id for each in device.state.apps]:
        with confirmed(f"the end of {bundle_id}", device.network.conditions):
            await device.uninstall(bundle_id)


def _copy_app(app: App, source: VirtualDevice, target: VirtualDevice) -> None:
    """What a backup holds: the app and what was decided about it, but no token and no activity."""
    apps, push_types = target.state.apps, [each.value for each in app.push_types]
    copy = apps.install(app.bundle_id, push_types)
    forgiven = {"unreported_calls": [], "is_voip_stopped": False}
    restore_switches(copy, describe_switches(app) | forgiven)
    if not copy.is_registered:
        apps.unregister(copy)
    copy.state = AppState.TERMINATED
    for purpose in app.purposes:
        if app.activity_key(purpose).attributes_type is not None:
            apps.want(copy, purpose)
    strings = source.notification_center.strings.of(app.bundle_id)
    target.notification_center.strings.replace(app.bundle_id, strings)
