from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import example, given
from hypothesis import strategies as st

from certs.keys import (
    InvalidKeyError,
    new_private_key,
    private_key_pem,
    public_key_pem,
    read_private_key,
    read_public_key,
)

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = new_private_key()
RSA = rsa.generate_private_key(65537, 2048)
P384 = ec.generate_private_key(ec.SECP384R1())


def pem_of(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_a_new_key_is_p256_and_never_the_same() -> None:
    assert isinstance(KEY.curve, ec.SECP256R1)
    assert new_private_key().public_key() != KEY.public_key()


def test_a_key_survives_its_pem_which_is_pkcs8() -> None:
    pem = private_key_pem(KEY)
    assert pem.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert read_private_key(pem).public_key() == KEY.public_key()


def test_a_sec1_key_is_read_too() -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
    assert read_private_key(pem).public_key() == KEY.public_key()


@pytest.mark.parametrize("pem", [private_key_pem(KEY), public_key_pem(KEY.public_key())])
def test_the_public_key_is_read_from_either_half(pem: bytes) -> None:
    assert read_public_key(pem) == KEY.public_key()


def test_an_encrypted_key_says_how_to_decrypt_it() -> None:
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x"))
    with pytest.raises(InvalidKeyError, match=r"encrypted; decrypt it first: openssl pkcs8"):
        read_private_key(pem)
    with pytest.raises(InvalidKeyError, match="encrypted"):
        read_public_key(pem)


@pytest.mark.parametrize("key", [RSA, ed25519.Ed25519PrivateKey.generate()])
def test_a_key_of_another_kind_is_refused(
    key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey,
) -> None:
    with pytest.raises(InvalidKeyError, match=r"another kind than EC; expected a P-256"):
        read_private_key(pem_of(key))


def test_a_public_key_of_another_kind_is_refused() -> None:
    pem = RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(InvalidKeyError, match="public key of another kind"):
        read_public_key(pem)


@pytest.mark.parametrize("read", [read_private_key, read_public_key])
def test_another_curve_is_named(read: Callable[[bytes], object]) -> None:
    with pytest.raises(InvalidKeyError, match="on the curve secp384r1; expected a P-256"):
        read(pem_of(P384))


def test_another_curve_of_a_public_key_is_named() -> None:
    with pytest.raises(InvalidKeyError, match="on the curve secp384r1"):
        read_public_key(public_key_pem(P384.public_key()))


@given(st.binary(max_size=200))
@example(b"")
@example(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
@example(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
def test_garbage_is_refused_readably(pem: bytes) -> None:
    for read in (read_private_key, read_public_key):
        with pytest.raises(InvalidKeyError, match="expected a P-256"):
            read(pem)


@given(st.integers(0, len(private_key_pem(KEY)) - 1), st.integers(0, 255))
def test_a_damaged_key_is_refused_or_still_a_key_and_never_quoted(at: int, byte: int) -> None:
    pem = bytearray(private_key_pem(KEY))
    pem[at] = byte
    refusal = ""
    try:
        assert isinstance(read_private_key(bytes(pem)).curve, ec.SECP256R1)
    except InvalidKeyError as error:
        refusal = str(error)
    assert private_key_pem(KEY).split(b"\n")[1][:16].decode() not in refusal
