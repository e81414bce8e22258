"""The apps on a host's devices: installed, changed, removed, and their tokens renewed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.apps import AppState
from devicesim.host_errors import confirmed
from devicesim.host_views import AppView

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devicesim.host_views import DeviceView
    from devicesim.virtual_device import VirtualDevice


class HostedApps:
    """What a :class:`~devicesim.host.DeviceHost` does about apps."""

    async def install_app(
        self, device_id: str, bundle_id: str, push_types: Iterable[str] = ("alert",)
    ) -> AppView:
        """Install an app, or more push types of it; returns once it has its tokens.

        On a device that is offline it has none before the device connects.

        Raises:
            UnknownDeviceError: there is no such device.
            AppError, InvalidIdentifierError: not a bundle id, a push type, or too many apps.
            NotConfirmedError: the device is to be online but the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        with confirmed(f"the tokens of {bundle_id}"):
            await device.daemon.install(bundle_id, push_types)
        return AppView.of(device.state.apps.require(bundle_id))

    async def patch_app(
        self,
        device_id: str,
        bundle_id: str,
        *,
        state: str | None = None,
        notifications_enabled: bool | None = None,
    ) -> AppView:
        """Change what an app is doing or may show.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            ValueError: no such state.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        app = device.state.apps.require(bundle_id)
        if state is not None:
            app.state = AppState(state)
            await device.state.save()
        if notifications_enabled is not None:
            with confirmed(f"the topics of {device_id}"):
                await device.daemon.set_notifications_enabled(
                    bundle_id, is_enabled=notifications_enabled
                )
        return AppView.of(app)

    async def uninstall_app(self, device_id: str, bundle_id: str) -> None:
        """Remove an app; returns once its tokens are unregistered, offline at once.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        with confirmed(f"the end of {bundle_id}"):
            await self._require(device_id).uninstall(bundle_id)

    async def restore(self, device_id: str) -> DeviceView:
        """Restore a device from a backup; returns once every token is another one.

        Raises:
            UnknownDeviceError: there is none with this id.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        with confirmed(f"the new tokens of {device_id}"):
            await device.daemon.restore()
        return device.view

    def _require(self, device_id: str) -> VirtualDevice:
        raise NotImplementedError
