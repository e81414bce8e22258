"""Certificate, nonce and signature of a Connect, as open clients of Apple's courier make them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.authority import DEVICE_LIFETIME, Authority
from certs.connect_proof import ConnectProofs
from certs.issuance import Profile, Signer, signed
from certs.keys import new_rsa_key
from certs.peer import PeerCertificateError

if TYPE_CHECKING:
    from cryptography import x509

    from certs.leaf import Leaf

NOW = 1_800_000_000.0
AUTHORITY = Authority.create(now=NOW)
MAC = AUTHORITY.issue_rsa_device("a-mac", now=NOW)
PROOFS = ConnectProofs(AUTHORITY.certificate, 60.0, lambda: NOW)


def nonce(at: float = NOW, kind: int = 0, size: int = 17) -> bytes:
    return (bytes([kind]) + int(at * 1000).to_bytes(8) + bytes(range(8)))[:size]


def proof(leaf: Leaf = MAC, said: bytes | None = None) -> tuple[bytes, bytes, bytes]:
    said = nonce() if said is None else said
    assert isinstance(leaf.private_key, rsa.RSAPrivateKey)
    signature = leaf.private_key.sign(said, padding.PKCS1v15(), hashes.SHA1())
    return leaf.chain[0].public_bytes(Encoding.DER), said, signature


def certified(
    name: str = "a-mac",
    unit: str = "device",
    bits: int = 2048,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
    signer: Signer = AUTHORITY.signer,
) -> tuple[bytes, bytes, bytes]:
    """A proof by a certificate that the authority does not issue."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    made = signed(signer, key.public_key(), Profile(name, unit, usage, DEVICE_LIFETIME), NOW)
    signature = key.sign(nonce(), padding.PKCS1v15(), hashes.SHA1())
    return made.public_bytes(Encoding.DER), nonce(), signature


def refused(match: str, *shown: Any, by: ConnectProofs = PROOFS) -> None:  # noqa: ANN401
    with pytest.raises(PeerCertificateError, match=f"^{match}"):
        by.identify(*shown)


def test_a_device_signs_its_nonce() -> None:
    assert PROOFS.identify(*proof()).device_id == "a-mac"


def test_1024_bits_are_what_open_clients_have() -> None:
    assert PROOFS.identify(*certified("small", bits=1024)).device_id == "small"


@pytest.mark.parametrize("seconds", [-59, 59])
def test_clocks_may_differ_a_little(seconds: int) -> None:
    assert PROOFS.identify(*proof(said=nonce(NOW + seconds))).device_id == "a-mac"


@pytest.mark.parametrize("seconds", [-62, 62])
def test_clocks_may_not_differ_more_than_the_setting_says(seconds: int) -> None:
    late = proof(said=nonce(NOW + seconds))
    refused("the nonce's time is 62 s from ours, more than the 60 s of connect_skew_seconds", *late)
    lenient = ConnectProofs(AUTHORITY.certificate, 0, lambda: NOW)
    assert lenient.identify(*late).device_id == "a-mac"


@pytest.mark.parametrize("said", [b"", nonce(size=16), nonce(kind=1), nonce() + b"\x00"])
def test_another_nonce_is_refused(said: bytes) -> None:
    refused("expected a nonce of 17 bytes that begins with 00", *proof(said=said))


def test_the_signature_of_another_nonce_or_key_is_refused() -> None:
    certificate, said, signature = proof()
    other = nonce()[:-1] + b"\xff"
    refused(
        "the signature over the nonce is not by the certificate's key",
        certificate,
        other,
        signature,
    )
    refused("the signature over the nonce is not by the certificate's key", certificate, said, b"")
    forged = new_rsa_key().sign(said, padding.PKCS1v15(), hashes.SHA1())
    refused(
        "the signature over the nonce is not by the certificate's key", certificate, said, forged
    )


def test_a_certificate_of_another_ca_is_refused() -> None:
    stranger = Authority.create(now=NOW)
    refused(
        "the certificate is of another CA than this gateway's",
        *proof(stranger.issue_rsa_device("a-mac", now=NOW)),
    )
    namesake = ConnectProofs(stranger.certificate, 60.0, lambda: NOW)
    refused("the certificate is of another CA than this gateway's", *proof(), by=namesake)


def test_the_same_name_with_another_key_is_another_ca() -> None:
    forger = Signer(AUTHORITY.certificate, Authority.create(now=NOW).signer.private_key)
    refused("the certificate is of another CA", *certified(signer=forger))


def test_a_certificate_has_its_time() -> None:
    far = NOW + 20 * 365 * 86_400
    late = ConnectProofs(AUTHORITY.certificate, 60.0, lambda: far)
    refused("the certificate is not valid at this time", *proof(said=nonce(far)), by=late)


def test_a_key_that_is_not_rsa_is_refused_with_the_way_out() -> None:
    curve = AUTHORITY.issue_device("phone").chain[0].public_bytes(Encoding.DER)
    refused(
        "the certificate's key is not RSA, .* `apnsim certs device NAME --rsa", curve, nonce(), b""
    )


def test_what_is_no_certificate_is_refused() -> None:
    refused("the certificate is malformed", b"der", nonce(), b"")


def test_only_devices_are_devices() -> None:
    refused("the certificate of .* is not a device's", *certified(unit="server"))
    refused(
        "the device certificate is not for client authentication",
        *certified(usage=ExtendedKeyUsageOID.SERVER_AUTH),
    )
