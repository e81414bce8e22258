from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import pytest

from certs.authority import DEFAULT_SERVER_NAMES, Authority
from certs.files import CredentialFileError
from certs.revocations import Revocations
from gateway.provider.tls import ProviderTls
from tests.certs.tls import handshake, only, trusting

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY = Authority.create()
SERVER = AUTHORITY.issue_server(DEFAULT_SERVER_NAMES)


@pytest.fixture
def revocations(tmp_path: Path) -> Revocations:
    made = Revocations(tmp_path, AUTHORITY.signer)
    made.prepare()
    return made


def provider_tls(revocations: Revocations) -> ProviderTls:
    return ProviderTls(SERVER, AUTHORITY.certificate_pem, revocations.file)


def test_the_context_stays_as_long_as_nothing_is_revoked(revocations: Revocations) -> None:
    tls = provider_tls(revocations)
    assert tls() is tls()
    revocations.prepare()
    assert tls() is tls()


def test_what_is_revoked_is_refused_from_the_next_handshake_on(revocations: Revocations) -> None:
    tls = provider_tls(revocations)
    leaf = AUTHORITY.issue_device("provider")
    client = trusting(AUTHORITY.certificate_pem)
    leaf.configure(client)
    assert handshake(client, tls()).deliver(b"x") == b"x"
    revocations.revoke(leaf.chain[0])
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
        handshake(client, tls())


def test_a_session_of_a_certificate_that_was_revoked_since_cannot_be_resumed(
    revocations: Revocations,
) -> None:
    tls = provider_tls(revocations)
    leaf = AUTHORITY.issue_device("provider")
    client = only(ssl.TLSVersion.TLSv1_2, trusting(AUTHORITY.certificate_pem))
    leaf.configure(client)
    first = handshake(client, tls())
    first.converse()
    session = first.client.session
    assert handshake(client, tls(), session=session).server.session_reused
    revocations.revoke(leaf.chain[0])
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
        handshake(client, tls(), session=session)


@pytest.mark.parametrize("how", ["spoiled", "removed"])
def test_a_list_that_somebody_spoils_still_counts_as_it_was_and_is_told_of_once(
    revocations: Revocations, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    leaf = AUTHORITY.issue_device("provider")
    revocations.revoke(leaf.chain[0])
    tls = provider_tls(revocations)
    revocations.file.unlink()
    if how == "spoiled":
        revocations.file.write_text("half a li")
    client = trusting(AUTHORITY.certificate_pem)
    leaf.configure(client)
    for _ in range(2):
        with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
            handshake(client, tls())
    [record] = caplog.records
    assert "crl.pem: cannot be read" in record.getMessage()
    assert "the list of before still counts" in record.getMessage()
    revocations.file.unlink(missing_ok=True)
    revocations.prepare()
    assert handshake(client, tls()).deliver(b"x") == b"x"


def test_without_a_list_to_begin_with_there_is_no_tls(tmp_path: Path) -> None:
    with pytest.raises(CredentialFileError, match=r"crl\.pem: cannot be read"):
        ProviderTls(SERVER, AUTHORITY.certificate_pem, tmp_path / "crl.pem")
