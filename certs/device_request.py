"""How a device gets a certificate without its key ever leaving it: a PKCS#10 request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from certs.files import CredentialError
from certs.issuance import X509_FAULTS
from certs.keys import new_private_key, private_key_pem
from certs.leaf import Leaf
from certs.peer import require_device_id, values_of

if TYPE_CHECKING:
    from certs.issuance import PublicKey

MAX_REQUEST_BYTES = 16 * 1024
_UNREADABLE = "not a readable certificate signing request; expected PKCS#10 in PEM form"
_RSA_BITS = range(1024, 4096 + 1)


class InvalidDeviceRequestError(CredentialError):
    """The bytes are not a request that proves possession of a usable key."""


@dataclass(frozen=True, slots=True, eq=False)
class DeviceRequest:
    """The device's side: a new key, and the request to have it certified.

    Args:
        pem: the request, to be sent to the authority.
    """

    pem: bytes
    _private_key_pem: bytes

    @classmethod
    def create(cls, device_id: str) -> Self:
        """Make a P-256 key and a request for it.

        Raises:
            InvalidDeviceIdError: the text cannot name a device.
        """
        key = new_private_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, require_device_id(device_id))])
        request = x509.CertificateSigningRequestBuilder(subject).sign(key, hashes.SHA256())
        return cls(request.public_bytes(Encoding.PEM), private_key_pem(key))

    def complete(self, certificate_pem: bytes) -> Leaf:
        """Join the key with the certificate that the authority answered.

        Raises:
            CredentialError: not a certificate, or one for another key.
        """
        return Leaf.from_pem(certificate_pem, self._private_key_pem)

    def __repr__(self) -> str:
        return "DeviceRequest(…)"


def requested_name(csr_pem: bytes) -> str:
    """The common name that a request asks for; empty when it asks for none, or for several.

    Raises:
        InvalidDeviceRequestError: malformed, or too long.
    """
    request = _read(csr_pem)
    try:
        names = values_of(request.subject, NameOID.COMMON_NAME)
    except X509_FAULTS:
        raise InvalidDeviceRequestError(_UNREADABLE) from None
    return names[0] if len(names) == 1 else ""


def _read(csr_pem: bytes) -> x509.CertificateSigningRequest:
    if len(csr_pem) > MAX_REQUEST_BYTES:
        raise InvalidDeviceRequestError(f"a request has at most {MAX_REQUEST_BYTES} bytes")
    try:
        return x509.load_pem_x509_csr(csr_pem)
    except X509_FAULTS:
        raise InvalidDeviceRequestError(_UNREADABLE) from None


def verified_public_key(csr_pem: bytes) -> PublicKey:
    """The authority's side: the key that the request is for, with its proof of possession checked.

    Raises:
        InvalidDeviceRequestError: malformed, too long, badly signed, or a key that is neither
            P-256 nor RSA of 1024 to 4096 bits.
    """
    request = _read(csr_pem)
    try:
        key = request.public_key()
        is_proven = request.is_signature_valid
    except X509_FAULTS:
        raise InvalidDeviceRequestError(_UNREADABLE) from None
    if not is_proven:
        raise InvalidDeviceRequestError("the request is not signed by the key that it is for")
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and key.key_size in _RSA_BITS:
        return key
    raise InvalidDeviceRequestError("the request is for a key that is neither P-256 nor RSA")
