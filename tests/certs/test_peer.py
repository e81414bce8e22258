from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from certs.authority import Authority
from certs.keys import new_private_key
from certs.peer import (
    DeviceIdentity,
    InvalidDeviceIdError,
    PeerCertificateError,
    require_device_id,
)

if TYPE_CHECKING:
    from certs.leaf import Leaf

KEY = new_private_key()
DEVICE = Authority.create().issue_device("phone-1").chain[0]
DEVICE_DER = DEVICE.public_bytes(Encoding.DER)
CLIENT = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])


def certificate(
    *common_names: str, unit: str = "device", usage: x509.ExtendedKeyUsage | None = CLIENT
) -> bytes:
    """A device's certificate but for what the test changes."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "apnsim"),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
            *(x509.NameAttribute(NameOID.COMMON_NAME, name) for name in common_names),
        ]
    )
    builder = (
        x509.CertificateBuilder(subject, subject, KEY.public_key(), 7)
        .not_valid_before(DEVICE.not_valid_before_utc)
        .not_valid_after(DEVICE.not_valid_after_utc)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(Encoding.DER)


def test_a_device_certificate_names_the_device() -> None:
    assert DeviceIdentity.from_certificate(DEVICE_DER) == DeviceIdentity(
        "phone-1", DEVICE.serial_number
    )
    assert DeviceIdentity.from_certificate(certificate("phone-2")) == DeviceIdentity("phone-2", 7)


def test_no_certificate_is_no_device() -> None:
    with pytest.raises(PeerCertificateError, match="sent no certificate"):
        DeviceIdentity.from_certificate(None)


def test_a_server_certificate_of_the_same_ca_is_no_device(server_leaf: Leaf) -> None:
    der = server_leaf.chain[0].public_bytes(Encoding.DER)
    with pytest.raises(PeerCertificateError, match=r"OU=server.*is not a device's"):
        DeviceIdentity.from_certificate(der)


@pytest.mark.parametrize(
    ("der", "complaint"),
    [
        (certificate("phone", unit="provider"), "OU=provider,O=apnsim' is not a device's"),
        (certificate("phone", usage=None), "not for client authentication"),
        (
            certificate("phone", usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
            "not for client authentication",
        ),
        (certificate(), "0 common names"),
        (certificate("a", "b"), "2 common names"),
        (certificate("a/b"), "common name: a device id is 1 to 64"),
        (b"", "malformed"),
        (DEVICE_DER[:-1], "malformed"),
    ],
)
def test_what_is_not_a_device_is_refused_with_the_reason(der: bytes, complaint: str) -> None:
    with pytest.raises(PeerCertificateError, match=complaint):
        DeviceIdentity.from_certificate(der)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.integers(0, len(DEVICE_DER) - 1), st.integers(0, 255))
def test_a_damaged_certificate_is_read_or_refused(at: int, byte: int) -> None:
    der = bytearray(DEVICE_DER)
    der[at] = byte
    try:
        identity = DeviceIdentity.from_certificate(bytes(der))
    except PeerCertificateError:
        return
    assert require_device_id(identity.device_id)


@pytest.mark.parametrize("text", ["a", "0b2c-4.5_6", "x" * 64])
def test_device_ids_are_short_and_plain(text: str) -> None:
    assert require_device_id(text) == text


@pytest.mark.parametrize("text", ["", "-a", ".a", "x" * 65, "a b", "a\n", "é", "a/b"])
def test_other_texts_name_no_device(text: str) -> None:
    with pytest.raises(InvalidDeviceIdError, match="a device id is 1 to 64 letters"):
        require_device_id(text)
