"""What is a tenant's: of the records of the journal, the devices and the links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records import LinkEvent, Record
from protocol.identifiers import DeviceToken, InvalidIdentifierError

if TYPE_CHECKING:
    from gateway.records import Happening
    from gateway.routing.directory import DeviceDirectory
    from protocol.identifiers import DeviceId
    from protocol.tenant import Tenant


class Tenancy:
    """Tells what belongs to a tenant.

    A request that names no topic, or no true one, is of the app whose token it was sent to.

    Args:
        tenant: whose it would be.
        directory: whose tokens they are.
    """

    __slots__ = ("_directory", "_tenant")

    def __init__(self, tenant: Tenant, directory: DeviceDirectory) -> None:
        self._tenant = tenant
        self._directory = directory

    @property
    def bundle_id(self) -> str:
        """Of its app."""
        return self._tenant.bundle_id

    def has(self, happening: Happening) -> bool:
        """Whether a request, a push, or the change of a device's link is the tenant's.

        What is forgotten may be anybody's.
        """
        if isinstance(happening, Record):
            return self.has_record(happening)
        return not isinstance(happening, LinkEvent) or self.has_device(happening.device)

    def has_record(self, record: Record) -> bool:
        """Whether it is about the tenant's app."""
        if record.topic is not None:
            return self._tenant.has(record.topic)
        return record.token is not None and self.has_token(record.token)

    def has_device(self, device: DeviceId) -> bool:
        """Whether the app is on the device: it has a token there."""
        return any(
            registration.unregistered_at is None and self._tenant.has(registration.topic)
            for registration in self._directory.registrations(device)
        )

    def has_token(self, text: str) -> bool:
        """Whether it is, or was, a device token of the app; in hexadecimal."""
        try:
            registration = self._directory.registration_of(DeviceToken.parse(text))
        except InvalidIdentifierError:
            return False
        return registration is not None and self._tenant.has(registration.topic)
