"""Broadcast channels of the apps on a host's devices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.host.confirmation import confirmed
from devicesim.host.hosted import Hosted

if TYPE_CHECKING:
    from devicesim.host.views import AppView


class HostedChannels(Hosted):
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about channels."""

    async def subscribe(self, device_id: str, bundle_id: str, channel_id: str) -> AppView:
        """Let an app listen to a broadcast channel; offline, the gateway hears of it later.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            AppError, InvalidIdentifierError: there is no such channel, or there are too many.
            NotConfirmedError: the gateway did not answer.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        with confirmed(f"the channel {channel_id[:80]}", device.network.conditions):
            await device.daemon.subscribe(bundle_id, channel_id)
        return device.app_view(device.state.apps.require(bundle_id))

    async def unsubscribe(self, device_id: str, bundle_id: str, channel_id: str) -> None:
        """Let an app listen to a channel no more; no effect if it does not.

        Raises:
            UnknownDeviceError, UnknownAppError: there is none of this name.
            StateError: it could not be written down.
        """
        await self._require(device_id).daemon.unsubscribe(bundle_id, channel_id)
