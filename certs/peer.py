"""Who is at the other end of a TLS link: the peer's certificate read as a device's identity.

TLS has already checked that our CA signed it. What is left is to see that it is a *device*
certificate, so that a server or provider certificate of the same CA does not pass as a device.
Providers' are read in ``provider_certificate``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs.files import CredentialError
from certs.issuance import ORGANIZATION, X509_FAULTS

# Only the authority writes subjects (those of requests are ignored), so this unit is its word.
DEVICE_UNIT = "device"
_DEVICE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


class PeerCertificateError(CredentialError):
    """The peer sent no certificate, or one of another kind than is due; says which."""


class InvalidDeviceIdError(CredentialError):
    """The text cannot name a device."""


@dataclass(frozen=True, slots=True)
class DeviceIdentity:
    """Who a device is.

    Args:
        device_id: the subject's common name.
        serial: the certificate's serial number, unique within the CA.
    """

    device_id: str
    serial: int

    @classmethod
    def from_certificate(cls, der: bytes | None) -> Self:
        """Read what ``getpeercert(binary_form=True)`` returned.

        Raises:
            PeerCertificateError: none was sent, it is malformed, or it is not a device's.
        """
        if der is None:
            raise PeerCertificateError("the peer sent no certificate; a device certificate is due")
        subject, extensions, serial = read_peer_certificate(der)
        _require_device(subject, extensions)
        return cls(_device_id(subject), serial)


def read_peer_certificate(der: bytes) -> tuple[x509.Name, x509.Extensions, int]:
    """Subject, extensions and serial number of a certificate.

    Raises:
        PeerCertificateError: it is malformed.
    """
    try:
        certificate = x509.load_der_x509_certificate(der)
        return certificate.subject, certificate.extensions, certificate.serial_number
    except X509_FAULTS as error:
        raise PeerCertificateError(f"the certificate is malformed: {error}") from None


def values_of(subject: x509.Name, oid: x509.ObjectIdentifier) -> list[str]:
    """The texts of one attribute of a subject, which may be there several times."""
    return [str(attribute.value) for attribute in subject.get_attributes_for_oid(oid)]


def require_device_id(text: str) -> str:
    """Return the text if it can name a device in a certificate.

    Raises:
        InvalidDeviceIdError: it cannot.
    """
    if _DEVICE_ID.fullmatch(text) is None:
        raise InvalidDeviceIdError(
            "a device id is 1 to 64 letters, digits, dots, hyphens and underscores,"
            f" not {text[:80]!r}"
        )
    return text


def _require_device(subject: x509.Name, extensions: x509.Extensions) -> None:
    units = values_of(subject, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if units != [DEVICE_UNIT] or values_of(subject, NameOID.ORGANIZATION_NAME) != [ORGANIZATION]:
        raise PeerCertificateError(
            f"the certificate of {subject.rfc4514_string()!r} is not a device's"
            f" (O={ORGANIZATION}, OU={DEVICE_UNIT})"
        )
    try:
        usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = x509.ExtendedKeyUsage([])
    if ExtendedKeyUsageOID.CLIENT_AUTH not in usage:
        raise PeerCertificateError("the device certificate is not for client authentication")


def _device_id(subject: x509.Name) -> str:
    names = values_of(subject, NameOID.COMMON_NAME)
    if len(names) != 1:
        raise PeerCertificateError(f"the device certificate has {len(names)} common names, not 1")
    try:
        return require_device_id(names[0])
    except InvalidDeviceIdError as error:
        raise PeerCertificateError(f"the device certificate's common name: {error}") from None
