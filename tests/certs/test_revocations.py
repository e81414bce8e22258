from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509

from certs.authority import Authority
from certs.files import CredentialError, CredentialFileError
from certs.revocations import CRL_FILE, Revocations

if TYPE_CHECKING:
    from pathlib import Path


def listed(file: Path) -> set[int]:
    return {each.serial_number for each in x509.load_pem_x509_crl(file.read_bytes())}


@pytest.fixture
def revocations(tmp_path: Path, authority: Authority) -> Revocations:
    made = Revocations(tmp_path, authority.signer)
    made.prepare()
    return made


def test_it_begins_with_an_empty_list_that_lives_as_long_as_the_authority(
    revocations: Revocations, authority: Authority
) -> None:
    crl = x509.load_pem_x509_crl(revocations.file.read_bytes())
    assert list(crl) == []
    assert crl.issuer == authority.certificate.subject
    assert crl.is_signature_valid(authority.signer.private_key.public_key())
    assert crl.next_update_utc == authority.certificate.not_valid_after_utc
    assert stat.S_IMODE(revocations.file.stat().st_mode) == 0o644


def test_a_list_that_is_there_stays(revocations: Revocations, authority: Authority) -> None:
    revocations.revoke(authority.issue_device("phone").chain[0])
    before = revocations.file.read_bytes()
    Revocations(revocations.directory, authority.signer).prepare()
    assert revocations.file.read_bytes() == before


def test_revoked_certificates_gather_each_once(
    revocations: Revocations, authority: Authority
) -> None:
    first, second = (authority.issue_device(name).chain[0] for name in ("a", "b"))
    assert revocations.revoke(first)
    assert revocations.revoke(second)
    assert not revocations.revoke(first)
    assert listed(revocations.file) == {first.serial_number, second.serial_number}


def test_the_first_revocation_needs_no_list(tmp_path: Path, authority: Authority) -> None:
    certificate = authority.issue_device("phone").chain[0]
    revocations = Revocations(tmp_path, authority.signer)
    assert revocations.revoke(certificate)
    assert listed(revocations.file) == {certificate.serial_number}


def test_another_authoritys_certificate_cannot_be_revoked(revocations: Revocations) -> None:
    stranger = Authority.create().issue_device("phone").chain[0]
    with pytest.raises(CredentialError, match="not issued by the CA in"):
        revocations.revoke(stranger)
    assert listed(revocations.file) == set()


def test_after_the_authority_was_made_anew_its_list_begins_anew(
    revocations: Revocations, authority: Authority
) -> None:
    revocations.revoke(authority.issue_device("phone").chain[0])
    heir = Revocations(revocations.directory, Authority.create().signer)
    heir.prepare()
    assert listed(heir.file) == set()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"-----BEGIN X509 CRL-----\nAA\n"])
def test_a_file_that_is_no_list_is_named_and_kept(
    tmp_path: Path, authority: Authority, content: bytes
) -> None:
    file = tmp_path / CRL_FILE
    file.write_bytes(content)
    revocations = Revocations(tmp_path, authority.signer)
    with pytest.raises(CredentialFileError, match=r"crl\.pem: is not a certificate revocation"):
        revocations.prepare()
    with pytest.raises(CredentialFileError, match=r"crl\.pem: is not a certificate revocation"):
        revocations.revoke(authority.issue_device("phone").chain[0])
    assert file.read_bytes() == content
