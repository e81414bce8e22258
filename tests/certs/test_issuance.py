from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from certs.issuance import BACKDATED, CA_LIFETIME, Profile, Signer, self_signed, signed
from certs.keys import new_private_key

NOW = 1_800_000_000.75
TODAY = datetime.fromtimestamp(int(NOW), UTC)
KEY = new_private_key()
CA = Signer(self_signed(KEY, "Test CA", NOW), KEY)
PROFILE = Profile(
    "x" * 70,
    "server",
    ExtendedKeyUsageOID.SERVER_AUTH,
    timedelta(days=397),
    [x509.SubjectAlternativeName([x509.DNSName("localhost")])],
)
LEAF_KEY = new_private_key().public_key()


def leaf(now: float = NOW, profile: Profile = PROFILE) -> x509.Certificate:
    return signed(CA, LEAF_KEY, profile, now)


def test_the_ca_may_sign_end_certificates_and_nothing_else() -> None:
    constraints = CA.certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    usage = CA.certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
    assert usage.critical
    assert (usage.value.key_cert_sign, usage.value.digital_signature) == (True, False)


def test_the_ca_signed_itself_and_the_leaf() -> None:
    CA.certificate.verify_directly_issued_by(CA.certificate)
    leaf().verify_directly_issued_by(CA.certificate)


def test_the_ca_lives_ten_years_from_yesterday() -> None:
    assert CA.certificate.not_valid_before_utc == TODAY - BACKDATED
    assert CA.certificate.not_valid_after_utc == TODAY - BACKDATED + CA_LIFETIME


def test_two_cas_of_one_name_can_be_told_apart() -> None:
    other = self_signed(new_private_key(), "Test CA", NOW)
    assert other.subject != CA.certificate.subject


def test_a_leaf_is_no_ca_and_only_signs_handshakes() -> None:
    extensions = leaf().extensions
    constraints = extensions.get_extension_for_class(x509.BasicConstraints)
    usage = extensions.get_extension_for_class(x509.KeyUsage)
    assert constraints.critical
    assert not constraints.value.ca
    assert usage.critical
    assert (usage.value.digital_signature, usage.value.key_cert_sign) == (True, False)
    extended = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_key_identifiers_lead_from_the_leaf_to_the_ca() -> None:
    authority_id = leaf().extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    ca_id = CA.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    leaf_id = leaf().extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    assert authority_id.key_identifier == ca_id.digest
    assert leaf_id == x509.SubjectKeyIdentifier.from_public_key(LEAF_KEY)


def test_further_extensions_are_added() -> None:
    names = leaf().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("localhost")]
    without = Profile("x", "device", ExtendedKeyUsageOID.CLIENT_AUTH, CA_LIFETIME)
    with pytest.raises(x509.ExtensionNotFound):
        leaf(profile=without).extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_serials_are_never_repeated() -> None:
    assert len({leaf().serial_number for _ in range(20)}) == 20


def test_a_long_common_name_is_cut_to_what_x509_allows() -> None:
    assert leaf().subject.rfc4514_string() == f"CN={'x' * 64},OU=server,O=apnsim"


def test_a_leaf_lives_its_lifetime_from_a_day_ago() -> None:
    later = leaf(NOW + 10 * 86400)
    assert later.not_valid_before_utc == TODAY + timedelta(days=9)
    assert later.not_valid_after_utc - later.not_valid_before_utc == timedelta(days=397)


def test_a_leaf_neither_precedes_nor_outlives_its_ca() -> None:
    early, late = leaf(NOW - 30 * 86400), leaf(NOW + 3600 * 86400)
    assert early.not_valid_before_utc == CA.certificate.not_valid_before_utc
    assert late.not_valid_after_utc == CA.certificate.not_valid_after_utc
