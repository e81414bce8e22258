from __future__ import annotations

import ssl
import time
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certs import authority as module
from certs.authority import APPLE_HOST_NAMES, DEFAULT_SERVER_NAMES, Authority
from certs.ca_files import CERTIFICATE_FILE, KEY_FILE
from certs.device_request import DeviceRequest, InvalidDeviceRequestError
from certs.files import CredentialFileError, CredentialFileExistsError, CredentialFileMissingError
from certs.keys import private_key_pem
from certs.peer import DeviceIdentity, InvalidDeviceIdError, PeerCertificateError
from certs.server_names import InvalidServerNameError
from tests.certs.tls import handshake, trusting

if TYPE_CHECKING:
    from pathlib import Path

    from certs.leaf import Leaf

NOW = 1_800_000_000.0
DAY = 86400


def server_context(leaf: Leaf) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure(context)
    return context


def test_it_survives_the_disk(tmp_path: Path) -> None:
    made = Authority.create("My CA", now=NOW)
    made.write(tmp_path)
    loaded = Authority.load(tmp_path, now=NOW)
    assert loaded.certificate_pem == made.certificate_pem
    assert "CN=My CA" in repr(loaded)
    with pytest.raises(CredentialFileExistsError):
        Authority.create().write(tmp_path)


def test_without_a_time_the_systems_is_taken(tmp_path: Path) -> None:
    assert Authority.load_or_create(tmp_path).not_valid_after > time.time() + 3000 * DAY


def test_it_is_made_once_per_folder(tmp_path: Path) -> None:
    first = Authority.load_or_create(tmp_path / "data", now=NOW)
    again = Authority.load_or_create(tmp_path / "data", now=NOW)
    assert again.certificate_pem == first.certificate_pem


def test_a_crash_between_key_and_certificate_is_completed(tmp_path: Path) -> None:
    Authority.create(now=NOW).write(tmp_path)
    key_pem = (tmp_path / KEY_FILE).read_bytes()
    (tmp_path / CERTIFICATE_FILE).unlink()
    completed = Authority.load_or_create(tmp_path, now=NOW)
    assert private_key_pem(completed.signer.private_key) == key_pem


def test_of_two_processes_that_start_at_once_both_get_the_same_root(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    winners: list[Authority] = []
    really_sign = module.self_signed

    def sign_after_the_other(*arguments: object) -> x509.Certificate:
        monkeypatch.setattr(module, "self_signed", really_sign)
        winners.append(Authority.load_or_create(tmp_path, now=NOW))
        return really_sign(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "self_signed", sign_after_the_other)
    slower = Authority.load_or_create(tmp_path, now=NOW)
    assert slower.certificate_pem == winners[0].certificate_pem


def test_a_lost_key_is_an_error_and_not_a_new_root(tmp_path: Path) -> None:
    Authority.create(now=NOW).write(tmp_path)
    (tmp_path / KEY_FILE).unlink()
    with pytest.raises(CredentialFileMissingError, match=r"ca-key\.pem"):
        Authority.load_or_create(tmp_path, now=NOW)
    assert not (tmp_path / KEY_FILE).exists()


def test_an_expired_root_is_an_error(tmp_path: Path) -> None:
    Authority.create(now=NOW).write(tmp_path)
    with pytest.raises(CredentialFileError, match="expired on"):
        Authority.load_or_create(tmp_path, now=NOW + 3651 * DAY)


def test_the_root_key_never_shows(authority: Authority) -> None:
    assert "key" not in repr(authority).lower()


@pytest.mark.parametrize(
    "name",
    [*APPLE_HOST_NAMES, "localhost", "127.0.0.1", "::1", "7-courier.push.apple.com"],
)
def test_strict_clients_accept_the_server_under_every_name(
    authority: Authority, server_leaf: Leaf, name: str
) -> None:
    link = handshake(trusting(authority.certificate_pem), server_context(server_leaf), name)
    assert link.deliver(b"hello") == b"hello"


def test_clients_refuse_the_server_under_a_name_it_does_not_bear(
    authority: Authority, server_leaf: Leaf
) -> None:
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(trusting(authority.certificate_pem), server_context(server_leaf), "example.com")


def test_clients_of_another_ca_refuse_the_server(server_leaf: Leaf) -> None:
    other = Authority.create()
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer"):
        handshake(trusting(other.certificate_pem), server_context(server_leaf))


def test_a_server_certificate_is_short_enough_lived_for_apples_platforms(
    authority: Authority,
) -> None:
    leaf = authority.issue_server(["Gateway.example"])
    certificate = leaf.chain[0]
    assert certificate.not_valid_before_utc.timestamp() <= time.time() - 3600 or (
        certificate.not_valid_before_utc == authority.certificate.not_valid_before_utc
    )
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert life.days == 397
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


@pytest.mark.parametrize("names", [[], ["a b"], ["ok", "https://x"]])
def test_a_server_needs_proper_names(authority: Authority, names: list[str]) -> None:
    with pytest.raises(InvalidServerNameError):
        authority.issue_server(names)


def test_a_device_may_have_an_rsa_key(authority: Authority) -> None:
    leaf = authority.issue_rsa_device("mac-1", now=NOW)
    assert isinstance(leaf.private_key, rsa.RSAPrivateKey)
    assert leaf.private_key.key_size == 2048
    assert leaf.is_issued_by(authority.certificate_pem)
    der = leaf.chain[0].public_bytes(Encoding.DER)
    assert DeviceIdentity.from_certificate(der).device_id == "mac-1"
    assert b"BEGIN PRIVATE KEY" in leaf.private_key_pem
    server_context(leaf)  # takes it


def test_a_device_certificate_names_its_device_and_lives_as_long_as_the_ca(
    authority: Authority,
) -> None:
    leaf = authority.issue_device("phone-9")
    assert DeviceIdentity.from_certificate(leaf.chain[0].public_bytes(Encoding.DER)) == (
        DeviceIdentity("phone-9", leaf.chain[0].serial_number)
    )
    assert leaf.not_valid_after == authority.not_valid_after
    with pytest.raises(InvalidDeviceIdError):
        authority.issue_device("")


def test_only_the_key_of_a_request_is_believed(authority: Authority) -> None:
    liar = DeviceRequest.create("phone-of-somebody-else")
    pem = authority.sign_device_request(liar.pem, "phone-1")
    certificate = x509.load_pem_x509_certificate(pem)
    assert certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value == "phone-1"
    identity = DeviceIdentity.from_certificate(certificate.public_bytes(Encoding.DER))
    assert identity.device_id == "phone-1"


def test_a_request_for_an_rsa_key_is_signed(authority: Authority) -> None:
    key = rsa.generate_private_key(65537, 2048)
    request = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(key, hashes.SHA256())
    pem = authority.sign_device_request(request.public_bytes(Encoding.PEM), "old-phone")
    assert x509.load_pem_x509_certificate(pem).public_key() == key.public_key()


def test_a_bad_request_or_id_is_refused(authority: Authority) -> None:
    with pytest.raises(InvalidDeviceRequestError):
        authority.sign_device_request(b"garbage", "phone-1")
    with pytest.raises(InvalidDeviceIdError):
        authority.sign_device_request(DeviceRequest.create("a").pem, "a b")


def test_the_ca_itself_is_no_device(authority: Authority) -> None:
    with pytest.raises(PeerCertificateError):
        DeviceIdentity.from_certificate(authority.certificate.public_bytes(Encoding.DER))


def test_the_default_names_lead_with_the_loopback() -> None:
    assert DEFAULT_SERVER_NAMES[:3] == ("localhost", "127.0.0.1", "::1")
