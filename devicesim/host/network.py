"""The networks of a host's devices, and what happens to their connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.host.confirmation import confirmed
from devicesim.host.hosted import Hosted
from devicesim.network import Interface, NetworkEvent

if TYPE_CHECKING:
    from devicesim.host.views import DeviceView
    from devicesim.virtual_device import VirtualDevice


class HostedNetworks(Hosted):
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about networks."""

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
        with confirmed(f"the new link of {device_id}", device.network.conditions):
            await _let_happen(device, happened)
        return device.view


async def _let_happen(device: VirtualDevice, event: NetworkEvent) -> None:
    interfaces, leader = device.network.interfaces, device.links.leader
    if not interfaces:
        raise ValueError(f"{device.state.device_id} has no network to which this could happen")
    interface = next(iter(interfaces)) if leader is None else Interface(leader.link.interface)
    await device.network.paths[interface].happen(event)
    if event is NetworkEvent.HAND_OVER and leader is not None:
        # The phone has seen its address change: it does not wait for the old link to fail.
        keeper = device.links.keepers[interface]
        keeper.drop("hand-over to another address", is_lost=True)
        keeper.hurry()
        await device.daemon.go_online()
