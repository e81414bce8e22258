"""What the parts of a ``DeviceHost`` share: its devices, found by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from devicesim.virtual_device import VirtualDevice


class UnknownDeviceError(LookupError):
    """The host has no device with this id."""


class Hosted:
    """The devices of a host, in the order of their creation."""

    def __init__(self) -> None:
        self._devices: dict[str, VirtualDevice] = {}

    def _require(self, device_id: str) -> VirtualDevice:
        device = self._devices.get(device_id)
        if device is None:
            raise UnknownDeviceError(f"no device {device_id[:80]!r}")
        return device
