"""The power of a host's devices: what wakes them, and when one of them is to give up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from devicesim.host.confirmation import patience
from devicesim.host.hosted import Hosted
from devicesim.power import WakeReason

if TYPE_CHECKING:
    from devicesim.host.views import DeviceView


class HostedPower(Hosted):
    """What a :class:`~devicesim.host.device_host.DeviceHost` does about power."""

    async def wake(self, device_id: str, reason: str) -> DeviceView:
        """Wake a device; returns once its link is as it should be, at most 10 s later.

        ``user`` unlocks it, ``cellular-call`` lights its display for a while, ``timer`` leaves it
        dark; after each of them it may try for a link again.

        Raises:
            UnknownDeviceError: there is none with this id.
            ValueError: no such reason.
            StateError: it could not be written down.
        """
        device, why = self._require(device_id), WakeReason(reason)
        with trio.move_on_after(patience(device.network.conditions)):
            await device.be_woken(why)
        return device.view
