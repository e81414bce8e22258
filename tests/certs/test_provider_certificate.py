from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from hypothesis import given
from hypothesis import strategies as st

from certs.authority import Authority
from certs.issuance import Profile
from certs.peer import PeerCertificateError
from certs.provider_certificate import Kind, ProviderCertificate
from tests.certs.test_topic_list import BUNDLE, MEASURED

if TYPE_CHECKING:
    from certs.leaf import Leaf

AUTHORITY = Authority.create()
NOW = 1_800_000_000.0
DAY = 86_400
UNIVERSAL = replace(ProviderCertificate.of_kind(Kind.UNIVERSAL, BUNDLE), team_id="TEAM123456")
ARC = "1.2.840.113635.100.6.3"


def der_of(leaf: Leaf) -> bytes:
    return leaf.chain[0].public_bytes(Encoding.DER)


UNIVERSAL_DER = der_of(AUTHORITY.issue_provider(UNIVERSAL))


def extension(leaf: Leaf, number: int) -> bytes | None:
    oid = x509.ObjectIdentifier(f"{ARC}.{number}")
    try:
        value = leaf.chain[0].extensions.get_extension_for_oid(oid).value
    except x509.ExtensionNotFound:
        return None
    assert isinstance(value, x509.UnrecognizedExtension)
    return value.value


def other(*extensions: tuple[int, bytes], user_id: str | None = BUNDLE) -> bytes:
    """A certificate of the same authority with these extensions of Apple's arc, in DER."""
    made = [
        x509.UnrecognizedExtension(x509.ObjectIdentifier(f"{ARC}.{number}"), value)
        for number, value in extensions
    ]
    usage = ExtendedKeyUsageOID.CLIENT_AUTH
    profile = Profile("by hand", "", usage, timedelta(days=1), made, user_id)
    return der_of(AUTHORITY._issue(profile, None))


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(("development", "production"), [(1, 1), (1, 0), (0, 1)])
def test_what_is_issued_is_read_back(kind: Kind, development: int, production: int) -> None:
    said = replace(
        ProviderCertificate.of_kind(kind, "com.example.app"),
        for_development=bool(development),
        for_production=bool(production),
        team_id="TEAM123456",
    )
    assert ProviderCertificate.from_der(der_of(AUTHORITY.issue_provider(said))) == said


def test_a_universal_certificate_is_apples_byte_for_byte_where_it_is_known() -> None:
    leaf = AUTHORITY.issue_provider(UNIVERSAL)
    assert extension(leaf, 6) == MEASURED
    assert (extension(leaf, 1), extension(leaf, 2)) == (b"\x05\x00", b"\x05\x00")
    assert (extension(leaf, 3), extension(leaf, 4), extension(leaf, 5)) == (None, None, None)
    subject = leaf.chain[0].subject
    [user_id] = subject.get_attributes_for_oid(NameOID.USER_ID)
    [name] = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert (user_id.value, name.value) == (BUNDLE, f"Apple Push Services: {BUNDLE}")


@pytest.mark.parametrize(
    ("kind", "topics"),
    [
        (Kind.UNIVERSAL, (BUNDLE, f"{BUNDLE}.voip", f"{BUNDLE}.complication")),
        (Kind.APP, (BUNDLE,)),
        (Kind.VOIP, (f"{BUNDLE}.voip",)),
        (Kind.MDM, (BUNDLE,)),
    ],
)
def test_each_kind_has_its_topics(kind: Kind, topics: tuple[str, ...]) -> None:
    made = ProviderCertificate.of_kind(kind, BUNDLE)
    assert made.all_topics == topics
    assert made.for_development
    assert made.for_production


def test_further_topics_are_listed_under_what_follows_the_bundle_id() -> None:
    said = replace(UNIVERSAL, topics=(f"{BUNDLE}.voip-ptt",))
    leaf = AUTHORITY.issue_provider(said)
    value = extension(leaf, 6)
    assert value is not None
    assert value.endswith(b"\x0c\x08voip-ptt")
    assert ProviderCertificate.from_der(der_of(leaf)).all_topics == (BUNDLE, f"{BUNDLE}.voip-ptt")


def test_it_lives_for_a_year_or_as_long_as_it_is_told() -> None:
    authority = Authority.create(now=NOW)
    assert authority.issue_provider(UNIVERSAL, now=NOW).not_valid_after == NOW + 364 * DAY
    short = authority.issue_provider(UNIVERSAL, lifetime=timedelta(hours=1), now=NOW)
    assert short.not_valid_after == NOW - DAY + 3600, "of yesterday, over before it begins"


def test_the_longest_bundle_id_fits_where_a_common_name_is_cut() -> None:
    name = ".".join(["a" * 50] * 5)
    said = ProviderCertificate.of_kind(Kind.UNIVERSAL, name)
    read = ProviderCertificate.from_der(der_of(AUTHORITY.issue_provider(said)))
    assert read.all_topics == said.all_topics
    assert (len(read.common_name), read.team_id) == (64, None)


def test_a_flag_in_place_of_a_list_adds_no_topic() -> None:
    read = ProviderCertificate.from_der(other((1, b"\x05\x00"), (4, b"\x05\x00")))
    assert (read.all_topics, read.voip_topics) == ((BUNDLE,), ())


def test_extensions_3_and_5_whose_meaning_nobody_knows_are_not_read() -> None:
    read = ProviderCertificate.from_der(other((1, b"\x05\x00"), (3, MEASURED), (5, MEASURED)))
    assert read.all_topics == (BUNDLE,)
    assert (read.for_development, read.for_production) == (True, False)


def test_topics_of_both_lists_and_the_subject_count_once() -> None:
    listed = bytes.fromhex("3003 0c0161")
    read = ProviderCertificate.from_der(other((2, b"\x05\x00"), (4, listed), (6, MEASURED)))
    assert read.all_topics == (BUNDLE, f"{BUNDLE}.voip", f"{BUNDLE}.complication", "a")
    assert (read.for_development, read.for_production) == (False, True)


@pytest.mark.parametrize(
    ("der", "complaint"),
    [
        (other(), "is not a provider's"),
        (other((6, MEASURED)), "is not a provider's"),
        (other((3, b"\x05\x00"), (5, b"\x05\x00")), "is not a provider's"),
        (der_of(AUTHORITY.issue_device("phone")), "OU=device.* is not a provider's"),
        (other((1, b"\x05\x00"), user_id=None), "names no topic"),
        (other((1, b"\x05\x00"), (6, b"com.example.app")), r"6\.3\.6: expected whole elements"),
        (other((1, b"\x05\x00"), (4, b"")), r"6\.3\.4: expected one SEQUENCE"),
        (UNIVERSAL_DER[:-1], "malformed"),
        (b"", "malformed"),
    ],
)
def test_what_is_no_provider_certificate_is_refused_with_the_reason(
    der: bytes, complaint: str
) -> None:
    with pytest.raises(PeerCertificateError, match=complaint):
        ProviderCertificate.from_der(der)


@pytest.mark.filterwarnings("ignore:Parsed a serial number")
@given(st.integers(0, len(UNIVERSAL_DER) - 1), st.integers(0, 255))
def test_a_damaged_certificate_is_read_or_refused(at: int, byte: int) -> None:
    der = bytearray(UNIVERSAL_DER)
    der[at] = byte
    try:
        read = ProviderCertificate.from_der(bytes(der))
    except PeerCertificateError:
        return
    assert read.all_topics
