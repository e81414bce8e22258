"""One app taken off all devices as if it had never been there, for tests that share a gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from devicesim.host.hosted import Hosted

if TYPE_CHECKING:
    from devicesim.virtual_device import VirtualDevice
    from protocol.tenant import Tenant

# How long a device may take to tell that it has heard what it asked for before.
SETTLE_SECONDS = 1.0


def usual_name(number: object) -> str:
    """What a device is called that nobody has named; it is the so-manieth of its host."""
    return f"iPhone {number}"


def _is_named(device: VirtualDevice) -> bool:
    """Whether somebody has given it a name of its own."""
    state = device.state
    return state.name not in (state.device_id, usual_name(state.extras.get("serial")))


class HostedTenants(Hosted):
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about tenants."""

    async def forget_tenant(self, tenant: Tenant) -> None:
        """Take an app off every device, with all that it left there.

        Unlike an uninstall it tells the gateway nothing about tokens: whoever calls this has it
        forget them next. A device without another app, and without a name that somebody gave it,
        was there for this app alone and goes, too.

        Raises:
            StateError: it could not be written down.
        """
        everyone = self._devices.values()
        devices = [each for each in everyone if each.state.apps.get(tenant.bundle_id)]
        async with trio.open_nursery() as nursery:
            for device in devices:
                nursery.start_soon(self._forget, tenant, device)

    async def _forget(self, tenant: Tenant, device: VirtualDevice) -> None:
        app = device.state.apps.get(tenant.bundle_id)
        if app is None:  # somebody else forgets the same app
            return
        is_asking = not device.daemon.is_settled(app)
        device.forget(tenant)
        if not len(device.state.apps) and not _is_named(device):
            await self._throw_away(device)
            return
        await device.daemon.tell_changes()
        if is_asking:  # a token that is on its way would be known again after it was forgotten
            with trio.move_on_after(SETTLE_SECONDS):
                await device.daemon.wait_until_heard()

    async def _throw_away(self, device: VirtualDevice) -> None:
        raise NotImplementedError
