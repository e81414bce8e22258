from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import assume, example, given
from hypothesis import strategies as st

from certs.device_request import (
    MAX_REQUEST_BYTES,
    DeviceRequest,
    InvalidDeviceRequestError,
    verified_public_key,
)
from certs.files import CredentialError
from certs.peer import InvalidDeviceIdError

if TYPE_CHECKING:
    from certs.authority import Authority

REQUEST = DeviceRequest.create("phone-1")
CSR = x509.load_pem_x509_csr(REQUEST.pem)
DER = CSR.public_bytes(Encoding.DER)
# How many bits of the signature's last byte do not count: those that are zero may be left out.
UNUSED_BITS_AT = DER.rindex(CSR.signature) - 1


def request_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def pem_from(der: bytes) -> bytes:
    return (
        b"-----BEGIN CERTIFICATE REQUEST-----\n"
        + base64.encodebytes(der)
        + b"-----END CERTIFICATE REQUEST-----\n"
    )


def test_request_and_answer_make_a_leaf(authority: Authority) -> None:
    leaf = REQUEST.complete(authority.sign_device_request(REQUEST.pem, "phone-1"))
    assert leaf.is_issued_by(authority.certificate_pem)
    assert leaf.private_key.public_key() == verified_public_key(REQUEST.pem)


def test_an_answer_to_another_request_is_refused(authority: Authority) -> None:
    other = DeviceRequest.create("phone-2")
    with pytest.raises(CredentialError, match="do not belong together"):
        REQUEST.complete(authority.sign_device_request(other.pem, "phone-2"))


def test_a_request_needs_a_device_id() -> None:
    with pytest.raises(InvalidDeviceIdError):
        DeviceRequest.create("no such thing")


def test_the_key_of_a_request_never_shows() -> None:
    assert repr(REQUEST) == "DeviceRequest(…)"


def test_rsa_keys_are_certified_too_as_apples_devices_have_them() -> None:
    key = rsa.generate_private_key(65537, 1024)
    assert verified_public_key(request_of(key)) == key.public_key()


def test_a_request_signed_by_another_key_proves_nothing() -> None:
    forged = bytearray(DER)
    forged[-1] ^= 1  # the last byte of the signature
    with pytest.raises(InvalidDeviceRequestError, match="not signed by the key"):
        verified_public_key(pem_from(bytes(forged)))


def test_other_keys_are_refused() -> None:
    builder = x509.CertificateSigningRequestBuilder(x509.Name([]))
    odd = builder.sign(ed25519.Ed25519PrivateKey.generate(), None).public_bytes(Encoding.PEM)
    for pem in (odd, request_of(ec.generate_private_key(ec.SECP384R1()))):
        with pytest.raises(InvalidDeviceRequestError, match="neither P-256 nor RSA"):
            verified_public_key(pem)


def test_a_flood_of_bytes_is_not_parsed() -> None:
    with pytest.raises(InvalidDeviceRequestError, match="at most"):
        verified_public_key(REQUEST.pem + b"\n" * MAX_REQUEST_BYTES)


@given(st.binary(max_size=300))
@example(b"")
@example(pem_from(b"\x30\x00"))
def test_garbage_is_refused(pem: bytes) -> None:
    with pytest.raises(InvalidDeviceRequestError, match="expected PKCS#10"):
        verified_public_key(pem)


@given(st.integers(0, len(DER) - 1), st.integers(1, 255))
@example(7, 1)  # a version that does not exist
def test_a_damaged_request_is_refused(at: int, flip: int) -> None:
    assume(at != UNUSED_BITS_AT)
    der = bytearray(DER)
    der[at] ^= flip
    with pytest.raises(InvalidDeviceRequestError):
        verified_public_key(pem_from(bytes(der)))
