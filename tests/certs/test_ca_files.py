from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.ca_files import (
    CERTIFICATE_FILE,
    KEY_FILE,
    has_certificate,
    read_or_write_key,
    read_signer,
    write_certificate,
    write_signer,
)
from certs.files import (
    CredentialFileError,
    CredentialFileExistsError,
    CredentialFileMissingError,
)
from certs.issuance import Signer, self_signed
from certs.keys import new_private_key, private_key_pem

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_800_000_000.0
KEY = new_private_key()
SIGNER = Signer(self_signed(KEY, "Test CA", NOW), KEY)
END = SIGNER.certificate.not_valid_after_utc.timestamp()


def bare_certificate(*extensions: x509.ExtensionType) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder(x509.Name([]), x509.Name([]), KEY.public_key(), 1)
        .not_valid_before(SIGNER.certificate.not_valid_before_utc)
        .not_valid_after(SIGNER.certificate.not_valid_after_utc)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, hashes.SHA256())


def test_what_is_written_is_read(tmp_path: Path) -> None:
    assert not has_certificate(tmp_path)
    write_signer(tmp_path, SIGNER)
    assert has_certificate(tmp_path)
    signer = read_signer(tmp_path, NOW)
    assert signer.certificate == SIGNER.certificate
    assert signer.private_key.public_key() == KEY.public_key()
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600


def test_neither_file_is_overwritten(tmp_path: Path) -> None:
    write_signer(tmp_path, SIGNER)
    other = new_private_key()
    with pytest.raises(CredentialFileExistsError, match=r"ca\.pem: already exists; move ca\.pem"):
        write_signer(tmp_path, Signer(self_signed(other, "Other", NOW), other))
    with pytest.raises(CredentialFileExistsError, match=r"ca\.pem"):
        write_certificate(tmp_path, self_signed(KEY, "Again", NOW))
    (tmp_path / CERTIFICATE_FILE).unlink()
    with pytest.raises(CredentialFileExistsError, match=r"ca-key\.pem"):
        write_signer(tmp_path, SIGNER)
    assert (tmp_path / KEY_FILE).read_bytes() == private_key_pem(KEY)
    assert not has_certificate(tmp_path)


def test_a_key_is_made_once(tmp_path: Path) -> None:
    key = read_or_write_key(tmp_path)
    assert read_or_write_key(tmp_path).public_key() == key.public_key()


def test_absent_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialFileMissingError, match=r"/ca\.pem: no such file"):
        read_signer(tmp_path, NOW)
    write_certificate(tmp_path, SIGNER.certificate)
    with pytest.raises(CredentialFileMissingError, match=r"ca-key\.pem: no such file; move"):
        read_signer(tmp_path, NOW)


def test_an_unreadable_key_is_named(tmp_path: Path) -> None:
    write_certificate(tmp_path, SIGNER.certificate)
    (tmp_path / KEY_FILE).mkdir()
    with pytest.raises(CredentialFileError, match=r"ca-key\.pem: cannot be read"):
        read_signer(tmp_path, NOW)


@pytest.mark.parametrize("name", [CERTIFICATE_FILE, KEY_FILE])
def test_a_corrupt_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    write_signer(tmp_path, SIGNER)
    (tmp_path / name).write_bytes(b"garbage")
    with pytest.raises(CredentialFileError, match=rf"/{name}: not a readable .*; move ca\.pem and"):
        read_signer(tmp_path, NOW)


@pytest.mark.parametrize(
    ("certificate", "complaint"),
    [
        (self_signed(new_private_key(), "Other", NOW), "is not the certificate of the key in"),
        (bare_certificate(), "is not the certificate of a CA"),
        (
            bare_certificate(
                x509.SubjectKeyIdentifier(b"x"), x509.BasicConstraints(ca=False, path_length=None)
            ),
            "is not the certificate of a CA",
        ),
    ],
)
def test_a_certificate_that_cannot_serve_is_refused(
    tmp_path: Path, certificate: x509.Certificate, complaint: str
) -> None:
    read_path = tmp_path / KEY_FILE
    read_path.write_bytes(private_key_pem(KEY))
    (tmp_path / CERTIFICATE_FILE).write_bytes(certificate.public_bytes(Encoding.PEM))
    with pytest.raises(CredentialFileError, match=complaint):
        read_signer(tmp_path, NOW)


def test_an_expired_ca_is_refused_with_its_date(tmp_path: Path) -> None:
    write_signer(tmp_path, SIGNER)
    assert read_signer(tmp_path, END - 1)
    with pytest.raises(CredentialFileError, match=r"expired on 2037-.*let clients trust"):
        read_signer(tmp_path, END)
