"""The networks of a host's devices, and what happens to their connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.host_errors import confirmed
from devicesim.network import NetworkEvent

if TYPE_CHECKING:
    from devicesim.host_views import DeviceView
    from devicesim.virtual_device import VirtualDevice


class HostedNetworks:
    """What a :class:`~devicesim.host.DeviceHost` does about networks."""

    async def network_event(self, device_id: str, event: str) -> DeviceView:
        """Let something happen to the link that leads; see :class:`NetworkEvent`.

        A phone notices a ``reset`` by itself; after a ``hand-over`` this returns once it has a new
        link. Of the others it knows nothing before a keep-alive is not answered.

        Raises:
            UnknownDeviceError: there is none with this id.
            ValueError: no such event, or the device has no network.
            NotConfirmedError: after a hand-over the gateway did not answer.
        """
        device, happened = self._require(device_id), NetworkEvent(event)
        with confirmed(f"the new link of {device_id}"):
            await device.happen(happened)
        return device.view

    def _require(self, device_id: str) -> VirtualDevice:
        raise NotImplementedError
