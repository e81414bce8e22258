"""The project's own certificate authority: it says who is the gateway, a device, a provider.

Made once per data directory (see ``ca_files``); clients under test trust its ``ca.pem`` in place of
the public CAs. Times are wall time: TLS peers judge certificates by their own clocks.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.ca_files import (
    has_certificate,
    read_or_write_key,
    read_signer,
    write_certificate,
    write_signer,
)
from certs.device_request import verified_public_key
from certs.files import CredentialFileExistsError
from certs.issuance import (
    CA_LIFETIME,
    PrivateKey,
    Profile,
    PublicKey,
    Signer,
    self_signed,
    signed,
)
from certs.keys import new_private_key, new_rsa_key
from certs.leaf import Leaf
from certs.peer import DEVICE_UNIT, require_device_id
from certs.server_names import (
    APPLE_HOST_NAMES,
    APPLE_WILDCARD_NAMES,
    DEFAULT_SERVER_NAMES,
    alternative_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cryptography import x509

    from certs.provider_certificate import ProviderCertificate

__all__ = [
    "APPLE_HOST_NAMES",
    "APPLE_WILDCARD_NAMES",
    "DEFAULT_SERVER_NAMES",
    "Authority",
]

COMMON_NAME = "apnsim CA"
# Apple's platforms and browsers refuse server certificates that live longer than 398 days.
SERVER_LIFETIME = timedelta(days=397)
# Nobody limits client certificates, and a kept device identity should not die before its CA.
DEVICE_LIFETIME = CA_LIFETIME
# Apple: "valid for one year".
PROVIDER_LIFETIME = timedelta(days=365)


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Authority:
    """A root key with its self-signed certificate, both P-256."""

    signer: Signer

    @classmethod
    def create(cls, common_name: str = COMMON_NAME, *, now: float | None = None) -> Self:
        """Make a new root.

        Args:
            common_name: how trust stores show it, at most 64 characters.
            now: wall time in seconds since 1970; the system's when absent.
        """
        key = new_private_key()
        return cls(Signer(self_signed(key, common_name, _wall_time(now)), key))

    @classmethod
    def load(cls, directory: Path, *, now: float | None = None) -> Self:
        """Read the root that ``write()`` wrote.

        Raises:
            CredentialFileMissingError: a file is absent.
            CredentialFileError: a file is unreadable, they do not match, or the CA has expired.
        """
        return cls(read_signer(directory, _wall_time(now)))

    @classmethod
    def load_or_create(
        cls, directory: Path, common_name: str = COMMON_NAME, *, now: float | None = None
    ) -> Self:
        """Read the root, or make and write it; two processes that start at once agree on one.

        A key without a certificate is what a crash during ``write()`` leaves: it is completed.

        Raises:
            CredentialFileError: as ``load()``, or the folder cannot be written.
        """
        if has_certificate(directory):
            return cls.load(directory, now=now)
        # Another process may be faster with either file; its certificate is for the same key.
        key = read_or_write_key(directory)
        with contextlib.suppress(CredentialFileExistsError):
            write_certificate(directory, self_signed(key, common_name, _wall_time(now)))
        return cls.load(directory, now=now)

    @property
    def certificate(self) -> x509.Certificate:
        """The root certificate."""
        return self.signer.certificate

    @property
    def certificate_pem(self) -> bytes:
        """The root certificate in PEM: what clients must trust."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def not_valid_after(self) -> float:
        """When the root ends, in seconds since 1970."""
        return self.certificate.not_valid_after_utc.timestamp()

    def write(self, directory: Path) -> None:
        """Write ``ca-key.pem`` (0600), then ``ca.pem``, each in one step; overwrite neither.

        Raises:
            CredentialFileExistsError: one of them is there already.
            CredentialFileError: the folder cannot be written.
        """
        write_signer(directory, self.signer)

    def issue_server(
        self,
        names: Sequence[str],
        *,
        lifetime: timedelta = SERVER_LIFETIME,
        now: float | None = None,
    ) -> Leaf:
        """Make a key and a certificate for a TLS server; 397 days.

        Args:
            names: DNS names and IP addresses, see ``DEFAULT_SERVER_NAMES``; at least one.
            lifetime: from yesterday on: one of less than a day has expired already.
            now: wall time in seconds since 1970; the system's when absent.

        Raises:
            InvalidServerNameError: a name is neither a DNS name nor an IP address.
        """
        profile = Profile(
            names[0] if names else "",
            "server",
            ExtendedKeyUsageOID.SERVER_AUTH,
            lifetime,
            (alternative_names(names),),
        )
        return self._issue(profile, now)

    def issue_device(self, device_id: str, *, now: float | None = None) -> Leaf:
        """Make a key and a certificate for a device; valid as long as the CA.

        Raises:
            InvalidDeviceIdError: not 1 to 64 letters, digits, dots, hyphens and underscores.
        """
        return self._issue(_device_profile(device_id), now)

    def issue_rsa_device(self, device_id: str, *, now: float | None = None) -> Leaf:
        """The same with an RSA key, which devices of Apple's own wire have to sign with.

        Raises:
            InvalidDeviceIdError: as ``issue_device()``.
        """
        return self._issue(_device_profile(device_id), now, new_rsa_key())

    def issue_provider(
        self,
        certificate: ProviderCertificate,
        *,
        lifetime: timedelta = PROVIDER_LIFETIME,
        now: float | None = None,
    ) -> Leaf:
        """Make a key and a certificate with which a provider pushes; one year.

        Args:
            certificate: what it is to say.
            lifetime: from yesterday on: one of less than a day has expired already.
            now: wall time in seconds since 1970; the system's when absent.
        """
        return self._issue(certificate.profile(lifetime), now)

    def sign_device_request(
        self, csr_pem: bytes, device_id: str, *, now: float | None = None
    ) -> bytes:
        """Certify the key of a certificate signing request as that device's.

        Only the key is taken from the request; its subject and extensions are ignored. RSA keys
        are accepted beside P-256, because Apple's devices and open apsd clients hold RSA keys.

        Returns:
            The certificate in PEM.

        Raises:
            InvalidDeviceRequestError: not a request, or its signature does not prove the key.
            InvalidDeviceIdError: see ``issue_device()``.
        """
        profile = _device_profile(device_id)
        return self._sign(verified_public_key(csr_pem), profile, now).public_bytes(Encoding.PEM)

    def _issue(self, profile: Profile, now: float | None, key: PrivateKey | None = None) -> Leaf:
        key = key or new_private_key()
        return Leaf(key, (self._sign(key.public_key(), profile, now),))

    def _sign(self, key: PublicKey, profile: Profile, now: float | None) -> x509.Certificate:
        return signed(self.signer, key, profile, _wall_time(now))

    def __repr__(self) -> str:
        return f"Authority({self.certificate.subject.rfc4514_string()!r})"


def _device_profile(device_id: str) -> Profile:
    return Profile(
        require_device_id(device_id), DEVICE_UNIT, ExtendedKeyUsageOID.CLIENT_AUTH, DEVICE_LIFETIME
    )


def _wall_time(now: float | None) -> float:
    return time.time() if now is None else now
