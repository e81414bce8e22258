from __future__ import annotations

import os
import ssl
import stat
import tempfile
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.files import (
    CredentialError,
    CredentialFileError,
    CredentialFileExistsError,
    CredentialFileMissingError,
)
from certs.keys import InvalidKeyError, new_private_key
from certs.leaf import Leaf, read_certificates
from tests.certs.tls import handshake, trusting


def test_a_leaf_survives_the_disk_with_its_key_in_0600(tmp_path: Path, device_leaf: Leaf) -> None:
    before = os.umask(0)
    try:
        device_leaf.write(tmp_path, "phone")
    finally:
        os.umask(before)
    loaded = Leaf.load(tmp_path, "phone")
    assert loaded.certificate_pem == device_leaf.certificate_pem
    assert loaded.private_key_pem == device_leaf.private_key_pem
    assert stat.S_IMODE((tmp_path / "phone-key.pem").stat().st_mode) == 0o600


def test_a_chain_is_kept_whole(authority: Authority, device_leaf: Leaf) -> None:
    pem = device_leaf.certificate_pem + authority.certificate_pem
    assert Leaf.from_pem(pem, device_leaf.private_key_pem).certificate_pem == pem


def test_a_leaf_is_not_written_over_another(
    tmp_path: Path, device_leaf: Leaf, server_leaf: Leaf
) -> None:
    device_leaf.write(tmp_path, "phone")
    with pytest.raises(CredentialFileExistsError, match=r"phone\.pem: already exists"):
        server_leaf.write(tmp_path, "phone")
    (tmp_path / "phone.pem").unlink()
    with pytest.raises(CredentialFileExistsError, match=r"phone-key\.pem: already exists"):
        server_leaf.write(tmp_path, "phone")
    assert (tmp_path / "phone-key.pem").read_bytes() == device_leaf.private_key_pem


def test_a_renewed_leaf_takes_the_place_of_the_old_one(
    tmp_path: Path, device_leaf: Leaf, server_leaf: Leaf
) -> None:
    device_leaf.write(tmp_path, "phone")
    server_leaf.write(tmp_path, "phone", replace=True)
    assert Leaf.load(tmp_path, "phone").certificate_pem == server_leaf.certificate_pem


def test_an_interrupted_renewal_leaves_a_missing_file_not_a_mixed_pair(
    tmp_path: Path, device_leaf: Leaf, server_leaf: Leaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    device_leaf.write(tmp_path, "phone")
    calls: list[int] = []

    def crash_at_the_second(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(5, "crash")

    monkeypatch.setattr(os, "fsync", crash_at_the_second)
    with pytest.raises(CredentialFileError, match="crash"):
        server_leaf.write(tmp_path, "phone", replace=True)
    with pytest.raises(CredentialFileMissingError):
        Leaf.load(tmp_path, "phone")


def test_absent_files_are_told_from_unusable_ones(tmp_path: Path, device_leaf: Leaf) -> None:
    with pytest.raises(CredentialFileMissingError, match=r"phone\.pem: no such file"):
        Leaf.load(tmp_path, "phone")
    device_leaf.write(tmp_path, "phone")
    (tmp_path / "phone-key.pem").unlink()
    with pytest.raises(CredentialFileMissingError, match=r"phone-key\.pem: no such file"):
        Leaf.load(tmp_path, "phone")


@pytest.mark.parametrize("name", ["phone.pem", "phone-key.pem"])
def test_a_corrupt_file_is_named_with_what_to_do(
    tmp_path: Path, device_leaf: Leaf, name: str
) -> None:
    device_leaf.write(tmp_path, "phone")
    (tmp_path / name).write_bytes(b"garbage")
    with pytest.raises(CredentialFileError, match=r"phone\.pem: .*not a readable.*delete both"):
        Leaf.load(tmp_path, "phone")


def test_key_and_certificate_must_belong_together(device_leaf: Leaf, server_leaf: Leaf) -> None:
    with pytest.raises(CredentialError, match="do not belong together"):
        Leaf.from_pem(device_leaf.certificate_pem, server_leaf.private_key_pem)
    with pytest.raises(InvalidKeyError):
        Leaf.from_pem(device_leaf.certificate_pem, b"garbage")


def test_its_issuer_is_known(authority: Authority, device_leaf: Leaf) -> None:
    assert device_leaf.is_issued_by(authority.certificate_pem)
    assert not device_leaf.is_issued_by(Authority.create().certificate_pem)
    with pytest.raises(CredentialError, match="not a readable certificate"):
        device_leaf.is_issued_by(b"garbage")


def test_another_ca_of_the_same_name_is_not_its_issuer(
    authority: Authority, device_leaf: Leaf
) -> None:
    key, real = new_private_key(), authority.certificate
    impostor = (
        x509.CertificateBuilder(real.subject, real.subject, key.public_key(), 1)
        .not_valid_before(real.not_valid_before_utc)
        .not_valid_after(real.not_valid_after_utc)
        .sign(key, hashes.SHA256())
    )
    assert not device_leaf.is_issued_by(impostor.public_bytes(Encoding.PEM))


def test_its_end_is_known(authority: Authority) -> None:
    leaf = authority.issue_server(["localhost"], now=authority.not_valid_after - 3600)
    assert leaf.not_valid_after == authority.not_valid_after


def test_the_key_never_shows(device_leaf: Leaf) -> None:
    assert repr(device_leaf).startswith("Leaf('CN=phone-1,OU=device,O=apnsim', until 20")
    assert "PRIVATE" not in repr(device_leaf)


def test_a_context_presents_it_and_no_key_stays_behind(
    tmp_path: Path, authority: Authority, server_leaf: Leaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[int] = []

    class Watching(ssl.SSLContext):
        def load_cert_chain(self, certfile: str, *_: object) -> None:  # type: ignore[override]
            modes.append(stat.S_IMODE(Path(certfile).stat().st_mode))
            super().load_cert_chain(certfile)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    context = Watching(ssl.PROTOCOL_TLS_SERVER)
    server_leaf.configure(context)
    assert handshake(trusting(authority.certificate_pem), context).deliver(b"hello") == b"hello"
    assert modes == [0o600]
    assert not list(tmp_path.iterdir())


def test_no_key_stays_behind_when_the_context_refuses(
    tmp_path: Path, device_leaf: Leaf, server_leaf: Leaf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    mixed = Leaf(device_leaf.private_key, server_leaf.chain)
    with pytest.raises(ssl.SSLError):
        mixed.configure(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("pem", [b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_what_is_no_certificate_is_refused(pem: bytes) -> None:
    with pytest.raises(CredentialError, match="expected PEM"):
        read_certificates(pem)
