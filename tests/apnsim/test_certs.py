from __future__ import annotations

import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, pkcs12

from certs.provider_certificate import ProviderCertificate

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.apnsim.conftest import Outcome


def test_the_authority_is_made_once_and_shown(apnsim: Callable[..., Outcome]) -> None:
    path = Path(apnsim("certs", "ca").out.strip())
    assert path.is_absolute()
    assert path == Path(".apnsim/ca.pem").resolve()
    pem = path.read_text()
    assert apnsim("certs", "ca", "--pem").out == pem.strip() + "\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert stat.S_IMODE(Path(".apnsim/ca-key.pem").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "stem"),
    [
        (["device", "my-phone"], "my-phone"),
        (["device", "my-mac", "--rsa"], "my-mac"),
        (["server", "gw.test", "10.0.0.1"], "gw.test"),
    ],
)
def test_a_certificate_is_written_with_a_key_for_its_owner_alone(
    apnsim: Callable[..., Outcome], arguments: list[str], stem: str
) -> None:
    outcome = apnsim("certs", *arguments, "--out", "out")
    assert outcome.out == f"out/{stem}.pem\n"
    key = Path(f"out/{stem}-key.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    [leaf, *_] = x509.load_pem_x509_certificates(Path(f"out/{stem}.pem").read_bytes())
    [ca] = x509.load_pem_x509_certificates(Path(".apnsim/ca.pem").read_bytes())
    leaf.verify_directly_issued_by(ca)
    assert isinstance(leaf.public_key(), rsa.RSAPublicKey) is ("--rsa" in arguments)
    again = apnsim("certs", *arguments, "--out", "out")
    assert (again.code, "not overwritten" in again.error) == (1, True)


APP = "com.example.app"


def made(outcome: Outcome) -> x509.Certificate:
    """The certificate that was written, whose key is beside it."""
    assert outcome.code == 0, outcome.err
    path = Path(outcome.out.strip())
    key = path.with_name(f"{path.stem}-key.pem")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    return x509.load_pem_x509_certificates(path.read_bytes())[0]


def said_by(certificate: x509.Certificate) -> ProviderCertificate:
    return ProviderCertificate.from_der(certificate.public_bytes(Encoding.DER))


def revoked() -> set[int]:
    crl = x509.load_pem_x509_crl(Path(".apnsim/crl.pem").read_bytes())
    return {each.serial_number for each in crl}


@pytest.mark.parametrize(
    ("arguments", "stem", "topics"),
    [
        ([], APP, (APP, f"{APP}.voip", f"{APP}.complication")),
        (["--kind", "app"], f"{APP}-app", (APP,)),
        (["--kind", "voip"], f"{APP}-voip", (f"{APP}.voip",)),
        (["--kind", "app", "--topic", "a", "--topic", "b"], f"{APP}-app", (APP, "a", "b")),
    ],
)
def test_a_provider_certificate_of_each_kind(
    apnsim: Callable[..., Outcome], arguments: list[str], stem: str, topics: tuple[str, ...]
) -> None:
    outcome = apnsim("certs", "provider", APP, *arguments, "--out", "out")
    assert outcome.out == f"out/{stem}.pem\n"
    said = said_by(made(outcome))
    assert (said.all_topics, said.team_id) == (topics, "APNSIMTEAM")
    assert (said.for_development, said.for_production) == (True, True)


def test_an_mdm_certificate_names_its_topic_and_its_team(apnsim: Callable[..., Outcome]) -> None:
    topic = "com.apple.mgmt.External.7b1e7c1a"
    certificate = made(apnsim("certs", "provider", topic, "--kind", "mdm", "--team-id", "T" * 10))
    said = said_by(certificate)
    assert (said.all_topics, said.team_id) == ((topic,), "T" * 10)
    assert said.common_name == "APSP:7b1e7c1a"


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_provider_certificate_of_one_environment(
    apnsim: Callable[..., Outcome], environment: str
) -> None:
    outcome = apnsim("certs", "provider", APP, "--environment", environment)
    assert outcome.out == f"{APP}-{environment}.pem\n"
    said = said_by(made(outcome))
    assert said.for_development == (environment == "development")
    assert said.for_production == (environment == "production")


def test_an_expired_certificate_ended_before_it_was_made(apnsim: Callable[..., Outcome]) -> None:
    outcome = apnsim("certs", "provider", APP, "--expired")
    assert outcome.out == f"{APP}-expired.pem\n"
    assert made(outcome).not_valid_after_utc.timestamp() < time.time()


def test_a_certificate_is_revoked_at_once_or_later(apnsim: Callable[..., Outcome]) -> None:
    at_once = made(apnsim("certs", "provider", APP, "--revoked"))
    assert revoked() == {at_once.serial_number}
    later = made(apnsim("certs", "provider", APP))
    assert revoked() == {at_once.serial_number}
    assert apnsim("certs", "revoke", f"{APP}.pem").out == f"{APP}.pem  revoked\n"
    assert revoked() == {at_once.serial_number, later.serial_number}
    assert apnsim("certs", "revoke", f"{APP}.pem").out == f"{APP}.pem  was revoked before\n"


def test_a_p12_holds_key_and_certificate_under_its_password(
    apnsim: Callable[..., Outcome],
) -> None:
    certificate = made(apnsim("certs", "provider", APP, "--p12", "secret"))
    file = Path(f"{APP}.p12")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key, held, _ = pkcs12.load_key_and_certificates(file.read_bytes(), b"secret")
    assert held == certificate
    assert key is not None
    assert key.public_key() == certificate.public_key()
    again = apnsim("certs", "provider", APP, "--p12", "secret")
    assert (again.code, "not overwritten" in again.error) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["provider", "no bundle id"], "a bundle id is letters"),
        (["provider", APP, "--topic", "no topic"], "a topic is letters"),
        (["provider", APP, "--team-id", "short"], "a team id is ten"),
        (["provider", APP, "--p12", ""], "--p12: expected a password of one letter at least"),
        (["provider", APP, "--kind", "dog"], "invalid choice: 'dog'"),
        (["provider", APP, "--environment", "moon"], "invalid choice: 'moon'"),
        (["revoke", "nowhere.pem"], "nowhere.pem: no such file"),
        (["revoke", __file__], "test_certs.py: not a readable certificate"),
    ],
)
def test_a_certificate_that_cannot_be_made_or_revoked_says_why(
    apnsim: Callable[..., Outcome], arguments: list[str], complaint: str
) -> None:
    assert complaint in apnsim("certs", *arguments).error


def test_only_the_authority_that_issued_a_certificate_revokes_it(
    apnsim: Callable[..., Outcome],
) -> None:
    made(apnsim("certs", "provider", APP, "--data-dir", "theirs"))
    refused = apnsim("certs", "revoke", f"{APP}.pem", "--data-dir", "ours")
    assert (refused.code, "not issued by the CA in ours" in refused.error) == (1, True)


def test_only_certificates_of_providers_are_revoked(apnsim: Callable[..., Outcome]) -> None:
    assert apnsim("certs", "device", "phone").code == 0
    refused = apnsim("certs", "revoke", "phone.pem")
    assert (refused.code, "phone.pem: the certificate of" in refused.error) == (1, True)
    assert "is not a provider's" in refused.error
