"""Who a device is on Apple's wire, where TLS does not say: certificate, nonce and signature.

From ``apns-security-v3`` on a device shows its certificate in its first message, with a nonce and
its key's signature over it (courier-wire.md §4.1: pypush, rustpush, beeper/imessage). The nonce is
``00 | milliseconds since 1970: u64 big-endian | 8 random bytes``, the signature RSASSA-PKCS1-v1_5
with SHA-1. How far Apple lets the clocks differ is not known.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from certs.issuance import X509_FAULTS
from certs.peer import DeviceIdentity, PeerCertificateError

if TYPE_CHECKING:
    from collections.abc import Callable

NONCE_BYTES = 17
_KIND = 0
_ANOTHER_CA = "the certificate is of another CA than this gateway's"


class ConnectProofError(PeerCertificateError):
    """The proof proves nothing; says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class ConnectProofs:
    """Judges what devices show.

    Attributes:
        ca: must have signed their certificates.
        skew_seconds: how far the nonce's time may be from ours, either way; 0 = any time.
        now: wall time in UNIX seconds, by this machine's clock, as TLS judges certificates.
    """

    ca: x509.Certificate
    skew_seconds: float = 86_400.0
    now: Callable[[], float] = time.time

    def identify(self, certificate: bytes, nonce: bytes, signature: bytes) -> DeviceIdentity:
        """Whose proof it is.

        Args:
            certificate: DER.
            nonce: 17 bytes, made for this link.
            signature: over the nonce, by the key of the certificate.

        Raises:
            PeerCertificateError: nobody's; says why.
        """
        self._require_timely(nonce)
        try:
            shown = x509.load_der_x509_certificate(certificate)
            key = shown.public_key()
        except X509_FAULTS as error:
            raise ConnectProofError(f"the certificate is malformed: {error}") from None
        self._require_ours(shown)
        if not isinstance(key, rsa.RSAPublicKey):
            raise ConnectProofError(
                "the certificate's key is not RSA, which apns-security-v3 signs with;"
                " `apnsim certs device NAME --rsa` makes one"
            )
        try:
            # The wire's choice, not ours.
            key.verify(signature, nonce, padding.PKCS1v15(), hashes.SHA1())
        except InvalidSignature:
            raise ConnectProofError(
                "the signature over the nonce is not by the certificate's key"
            ) from None
        return DeviceIdentity.from_certificate(certificate)

    def _require_timely(self, nonce: bytes) -> None:
        if len(nonce) != NONCE_BYTES or nonce[0] != _KIND:
            raise ConnectProofError(
                f"expected a nonce of {NONCE_BYTES} bytes that begins with 00, not"
                f" {len(nonce)} that begin with {nonce[:1].hex()!r}"
            )
        said = int.from_bytes(nonce[1:9]) / 1000
        apart = abs(said - self.now())
        if self.skew_seconds and apart > self.skew_seconds:
            raise ConnectProofError(
                f"the nonce's time is {apart:.0f} s from ours, more than the"
                f" {self.skew_seconds:g} s of connect_skew_seconds"
            )

    def _require_ours(self, shown: x509.Certificate) -> None:
        try:
            shown.verify_directly_issued_by(self.ca)
        except InvalidSignature:
            raise ConnectProofError(_ANOTHER_CA) from None
        except (ValueError, TypeError) as error:  # another issuer's name, another kind of key
            raise ConnectProofError(f"{_ANOTHER_CA}: {error}") from None
        if not shown.not_valid_before_utc <= self._moment() <= shown.not_valid_after_utc:
            raise ConnectProofError("the certificate is not valid at this time")

    def _moment(self) -> datetime:
        return datetime.fromtimestamp(self.now(), UTC)
