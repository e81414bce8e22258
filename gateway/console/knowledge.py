"""What the console knows beside its journal, for those who make sense of records."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from protocol.identifiers import DeviceId

if TYPE_CHECKING:
    from gateway.console.device_host import DeviceView
    from gateway.console.parts import ConsoleParts
    from gateway.store.store import Registration
    from protocol.identifiers import DeviceToken


@dataclass(frozen=True, slots=True)
class Knowledge:
    """All that there is; fits :class:`gateway.console.fates.Known`."""

    parts: ConsoleParts

    @property
    def now(self) -> float:
        """UNIX seconds, by the gateway's clock."""
        return self.parts.clock.now()

    def registration_of(self, token: DeviceToken) -> Registration | None:
        """Whose token it is."""
        return self.parts.directory.registration_of(token)

    def device(self, device: DeviceId | None) -> DeviceView | None:
        """The virtual device of this id, if it is one."""
        if device is None:
            return None
        try:
            return self.parts.devices.get_device(device)
        except self.parts.unknown_errors:
            return None

    def begun(self, device_id: str) -> float:
        """When the device got its first token; -inf: it has none."""
        its = self.parts.directory.registrations(DeviceId(device_id))
        return min((each.registered_at for each in its), default=-inf)

    def is_connected(self, device: DeviceId | None) -> bool:
        """Whether the device has a link."""
        return device is not None and self.parts.sessions.session_of(device) is not None
