"""The apps on a host's devices: installed, changed, removed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypedDict

from devicesim.app import AppState, Permission
from devicesim.host.confirmation import confirmed
from devicesim.host.hosted import Hosted
from devicesim.runtime import handlers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Unpack

    from devicesim.app import App
    from devicesim.host.views import AppView
    from devicesim.runtime.app_events import AppEvent
    from devicesim.virtual_device import VirtualDevice


class AppChanges(TypedDict, total=False):
    """What of an app is to be changed; what is absent stays.

    ``state`` and ``permission`` are those of :class:`AppState` and :class:`Permission`,
    ``notifications_enabled`` the switch in Settings; ``registered`` whether the app has called
    ``registerForRemoteNotifications()`` or, since, ``unregisterForRemoteNotifications()``. The
    others are as in :class:`App`.
    """

    state: str
    notifications_enabled: bool
    permission: str
    registered: bool
    reports_calls: bool
    extension_seconds: float | None


class HostedApps(Hosted):
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about apps."""

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
        with confirmed(f"the tokens of {bundle_id}", device.network.conditions):
            await device.daemon.install(bundle_id, push_types)
        return device.app_view(device.state.apps.require(bundle_id))

    async def patch_app(
        self, device_id: str, bundle_id: str, **changes: Unpack[AppChanges]
    ) -> AppView:
        """Change what an app is doing, may show, or does with pushes.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            ValueError: no such state or permission, or no time.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        app = device.state.apps.require(bundle_id)
        was_silenced = app.is_silenced
        state = _change(app, changes)
        if state is not None:
            await device.system.change_state(app, state)
        if "registered" in changes:
            await _register(device, app, is_wanted=changes["registered"])
        if app.is_silenced == was_silenced:
            await device.state.save()
        else:
            with confirmed(f"the topics of {device_id}", device.network.conditions):
                await device.daemon.confirm_topics()
        return device.app_view(app)

    async def uninstall_app(self, device_id: str, bundle_id: str) -> None:
        """Remove an app; returns once its tokens are unregistered, offline at once.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        with confirmed(f"the end of {bundle_id}", device.network.conditions):
            await device.uninstall(bundle_id)

    def app_events(self, device_id: str, bundle_id: str) -> tuple[AppEvent, ...]:
        """What the code of an app has lived through, oldest first; the newest ``MAX_EVENTS``.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
        """
        device = self._require(device_id)
        device.state.apps.require(bundle_id)
        return device.system.events.of(bundle_id)


async def _register(device: VirtualDevice, app: App, *, is_wanted: bool) -> None:
    """Returns once the gateway knows that the token is over, or has given another."""
    if is_wanted == app.is_registered:
        return
    call = device.state.apps.register if is_wanted else device.state.apps.unregister
    call(app)
    device.system.events.note(
        app.bundle_id, handlers.REGISTER if is_wanted else handlers.UNREGISTER
    )
    await device.daemon.tell_changes()
    with confirmed(f"the tokens of {app.bundle_id}", device.network.conditions):
        await device.daemon.wait_until_settled(app)


def _change(app: App, changes: AppChanges) -> AppState | None:
    """All of them, or none: they are believed first. The state to come is the system's to bring."""
    state = AppState(changes.get("state", app.state))
    permission = Permission(changes.get("permission", app.permission))
    seconds = changes.get("extension_seconds", app.extension_seconds)
    if seconds is not None and not (math.isfinite(seconds) and seconds >= 0):
        raise ValueError(f"extension_seconds is a time in seconds, or none; not {seconds:g}")
    app.permission, app.extension_seconds = permission, seconds
    app.notifications_enabled = changes.get("notifications_enabled", app.notifications_enabled)
    app.reports_calls = changes.get("reports_calls", app.reports_calls)
    return state if "state" in changes else None
