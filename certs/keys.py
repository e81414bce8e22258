"""P-256 keys, the kind in use here: made, written as PEM, and read with readable refusals.

P-256 because ES256 demands it of provider tokens, and because it makes the cheapest TLS handshakes
that every client accepts. Devices of Apple's own wire have RSA keys: one can be made for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from certs.files import CredentialError

if TYPE_CHECKING:
    from certs.issuance import PrivateKey

_EXPECTED = "expected a P-256 (prime256v1) key in PEM form"


class InvalidKeyError(CredentialError):
    """The bytes are not a P-256 key in PEM form; says what they are, never their content."""


def new_private_key() -> ec.EllipticCurvePrivateKey:
    """Make a P-256 private key from the operating system's randomness."""
    return ec.generate_private_key(ec.SECP256R1())


def new_rsa_key() -> rsa.RSAPrivateKey:
    """Make an RSA key of 2048 bits; takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_key_pem(key: PrivateKey) -> bytes:
    """Write the key as unencrypted PKCS#8 PEM, the form of Apple's ``.p8`` files."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_key_pem(key: ec.EllipticCurvePublicKey) -> bytes:
    """Write the key as SubjectPublicKeyInfo PEM (``BEGIN PUBLIC KEY``)."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_private_key(pem: bytes) -> ec.EllipticCurvePrivateKey:
    """Read a P-256 private key, PKCS#8 or SEC 1.

    Raises:
        InvalidKeyError: not PEM, encrypted, another kind of key, or another curve.
    """
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise InvalidKeyError(
            "the private key is encrypted; decrypt it first: openssl pkcs8 -in KEY -out KEY.p8"
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidKeyError(f"not a readable private key; {_EXPECTED}") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise InvalidKeyError(f"a private key of another kind than EC; {_EXPECTED}")
    _require_p256(key.curve)
    return key


def read_public_key(pem: bytes) -> ec.EllipticCurvePublicKey:
    """Read a P-256 public key from its own PEM, or from that of the private key.

    Raises:
        InvalidKeyError: not PEM, encrypted, another kind of key, or another curve.
    """
    if b"PRIVATE KEY-----" in pem:
        return read_private_key(pem).public_key()
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidKeyError(f"not a readable public or private key; {_EXPECTED}") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise InvalidKeyError(f"a public key of another kind than EC; {_EXPECTED}")
    _require_p256(key.curve)
    return key


def _require_p256(curve: ec.EllipticCurve) -> None:
    if not isinstance(curve, ec.SECP256R1):
        raise InvalidKeyError(f"an EC key on the curve {curve.name}; {_EXPECTED}")
