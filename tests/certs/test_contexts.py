from __future__ import annotations

import contextlib
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import memory_stream_pair

from certs.authority import Authority
from certs.contexts import (
    NamedSSLObject,
    courier_server_context,
    device_client_context,
    provider_server_context,
)
from certs.files import CredentialError
from certs.peer import DeviceIdentity
from certs.provider_certificate import Kind, ProviderCertificate
from certs.revocations import Revocations
from tests.certs.tls import handshake, only, trusting

if TYPE_CHECKING:
    from pathlib import Path

    from certs.leaf import Leaf

COURIER = "apnsim-msgpack-v1"
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3


@pytest.fixture(scope="module")
def provider(authority: Authority, server_leaf: Leaf) -> ssl.SSLContext:
    """The provider front as with certificate authentication on."""
    return provider_server_context(server_leaf, client_ca_pem=authority.certificate_pem)


@pytest.fixture(scope="module")
def courier(authority: Authority, server_leaf: Leaf) -> ssl.SSLContext:
    return courier_server_context(server_leaf, authority.certificate_pem)


@pytest.mark.parametrize(
    ("offered", "selected"),
    [
        (["h2"], "h2"),
        (["http/1.1", "h2"], "h2"),
        (["h2", "h2-16", "http/1.1"], "h2"),
        ([], None),
        (["http/1.1"], None),
    ],
)
def test_providers_get_h2_or_come_in_without_alpn(
    authority: Authority, provider: ssl.SSLContext, offered: list[str], selected: str | None
) -> None:
    link = handshake(trusting(authority.certificate_pem, *offered), provider)
    assert link.server.selected_alpn_protocol() == selected
    assert link.client.selected_alpn_protocol() == selected


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_tls_1_2_and_1_3_are_spoken_with_ciphers_that_http2_allows(
    authority: Authority, provider: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    link = handshake(only(version, trusting(authority.certificate_pem)), provider)
    cipher = link.server.cipher()
    assert cipher is not None
    assert "GCM" in cipher[0] or "CHACHA20" in cipher[0]
    assert link.deliver(b"preface") == b"preface"


def test_tls_1_1_and_old_ciphers_are_refused(
    authority: Authority, provider: ssl.SSLContext
) -> None:
    old = trusting(authority.certificate_pem)
    assert provider.minimum_version == TLS12
    only(TLS12, old).set_ciphers("ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0")
    with pytest.raises(ssl.SSLError, match=r"(?i)no.shared.cipher|handshake.failure"):
        handshake(old, provider)


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_without_a_client_ca_no_certificate_is_asked_for(
    authority: Authority, server_leaf: Leaf, device_leaf: Leaf, version: ssl.TLSVersion
) -> None:
    client = only(version, trusting(authority.certificate_pem))
    device_leaf.configure(client)
    link = handshake(client, provider_server_context(server_leaf))
    link.deliver(b"x")
    assert link.server.getpeercert(binary_form=True) is None


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_client_certificate_is_optional_and_seen(
    authority: Authority, provider: ssl.SSLContext, device_leaf: Leaf, version: ssl.TLSVersion
) -> None:
    without = handshake(only(version, trusting(authority.certificate_pem)), provider)
    without.deliver(b"x")
    assert without.server.getpeercert(binary_form=True) is None
    client = only(version, trusting(authority.certificate_pem))
    device_leaf.configure(client)
    with_one = handshake(client, provider)
    with_one.deliver(b"x")
    assert with_one.server.getpeercert(binary_form=True) is not None


def test_a_client_certificate_of_another_ca_is_refused(
    authority: Authority, provider: ssl.SSLContext
) -> None:
    client = trusting(authority.certificate_pem)
    Authority.create().issue_device("phone-1").configure(client)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(client, provider)


@pytest.fixture(scope="module")
def revocations(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Revocations:
    made = Revocations(tmp_path_factory.mktemp("ca"), authority.signer)
    made.prepare()
    return made


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_revoked_client_certificate_is_refused_and_no_other(
    authority: Authority, server_leaf: Leaf, revocations: Revocations, version: ssl.TLSVersion
) -> None:
    revoked, other = authority.issue_device("revoked"), authority.issue_device("other")
    revocations.revoke(revoked.chain[0])
    ca_pem = authority.certificate_pem
    server = provider_server_context(server_leaf, client_ca_pem=ca_pem, crl_file=revocations.file)
    client = only(version, trusting(ca_pem))
    assert handshake(client, server).deliver(b"without one") == b"without one"
    other.configure(client)
    assert handshake(client, server).deliver(b"with another") == b"with another"
    revoked.configure(client)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate revoked"):
        handshake(client, server)


@pytest.mark.parametrize("content", [None, b"", b"nonsense"])
def test_an_unreadable_revocation_list_is_named(
    authority: Authority, server_leaf: Leaf, tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "crl.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CredentialError, match=r"crl\.pem: cannot be read as a certificate rev"):
        provider_server_context(server_leaf, client_ca_pem=authority.certificate_pem, crl_file=file)


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_client_certificate_past_its_time_is_refused(
    authority: Authority, provider: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    said = ProviderCertificate.of_kind(Kind.APP, "com.example.app")
    client = only(version, trusting(authority.certificate_pem))
    authority.issue_provider(said, lifetime=timedelta(hours=1)).configure(client)
    with pytest.raises(ssl.SSLCertVerificationError, match="certificate has expired"):
        handshake(client, provider)


def test_tls_1_3_sessions_are_not_resumed(authority: Authority, provider: ssl.SSLContext) -> None:
    client = only(TLS13, trusting(authority.certificate_pem))
    first = handshake(client, provider)
    first.converse()
    session = first.client.session
    assert session is None or not session.has_ticket
    again = handshake(client, provider, session=session)
    assert not again.server.session_reused


@pytest.mark.parametrize("has_certificate", [True, False])
def test_a_resumed_tls_1_2_session_keeps_the_truth_about_the_certificate(
    authority: Authority, provider: ssl.SSLContext, device_leaf: Leaf, has_certificate: bool
) -> None:
    client = only(TLS12, trusting(authority.certificate_pem))
    if has_certificate:
        device_leaf.configure(client)
    first = handshake(client, provider)
    first.converse()
    session = first.client.session
    assert session is not None
    assert not session.has_ticket
    again = handshake(client, provider, session=session)
    assert again.server.session_reused, "by session id; or the test shows nothing"
    certificate = again.server.getpeercert(binary_form=True)
    assert certificate == first.server.getpeercert(binary_form=True)
    assert (certificate is not None) == has_certificate


@pytest.mark.parametrize(
    ("called", "known"),
    [
        ("api.push.apple.com", "api.push.apple.com"),
        ("API.Sandbox.push.apple.com", "api.sandbox.push.apple.com"),
        ("127.0.0.1", None),
    ],
)
def test_the_server_knows_by_which_name_it_was_called(
    authority: Authority, provider: ssl.SSLContext, called: str, known: str | None
) -> None:
    link = handshake(trusting(authority.certificate_pem), provider, called)
    assert isinstance(link.server, NamedSSLObject)
    assert link.server.server_hostname == known


def test_before_the_handshake_no_name_is_known(provider: ssl.SSLContext) -> None:
    link = provider.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_side=True)
    assert link.server_hostname is None


def test_a_name_that_the_certificate_lacks_is_no_reason_to_refuse(
    provider: ssl.SSLContext, authority: Authority
) -> None:
    client = trusting(authority.certificate_pem)
    client.check_hostname = False
    assert handshake(client, provider, "gateway.test").server.server_hostname == "gateway.test"


async def test_trio_streams_pass_the_name_on(
    authority: Authority, provider: ssl.SSLContext
) -> None:
    client_end, server_end = memory_stream_pair()
    server = trio.SSLStream(server_end, provider, server_side=True)
    client = trio.SSLStream(
        client_end, trusting(authority.certificate_pem), server_hostname="api.push.apple.com"
    )
    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(server.do_handshake)
            nursery.start_soon(client.do_handshake)
    assert server.server_hostname == "api.push.apple.com"


def test_a_plain_ssl_socket_works_too(authority: Authority, provider: ssl.SSLContext) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        server = provider.wrap_socket(ours, server_side=True, do_handshake_on_connect=False)
        client = trusting(authority.certificate_pem).wrap_socket(
            theirs, server_hostname="localhost", do_handshake_on_connect=False
        )
        server.setblocking(False)
        client.setblocking(False)
        with server, client:
            for end in (client, server, client):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
            server.do_handshake()
            assert client.version() == "TLSv1.3"


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_device_and_the_courier_know_each_other(
    authority: Authority, courier: ssl.SSLContext, device_leaf: Leaf, version: ssl.TLSVersion
) -> None:
    client = only(version, device_client_context(device_leaf, authority.certificate_pem))
    link = handshake(client, courier, "courier.push.apple.com")
    assert link.deliver(b"hello") == b"hello"
    assert link.server.selected_alpn_protocol() == COURIER
    assert link.server.server_hostname == "courier.push.apple.com"
    identity = DeviceIdentity.from_certificate(link.server.getpeercert(binary_form=True))
    assert identity.device_id == "phone-1"


@pytest.mark.parametrize("version", [TLS12, TLS13])
def test_a_device_without_certificate_may_show_it_later(
    authority: Authority, courier: ssl.SSLContext, version: ssl.TLSVersion
) -> None:
    client = only(version, trusting(authority.certificate_pem, COURIER))
    link = handshake(client, courier)
    assert link.server.getpeercert() is None
    assert link.server.selected_alpn_protocol() == COURIER


def test_a_server_certificate_does_not_pass_as_a_devices(
    authority: Authority, courier: ssl.SSLContext, server_leaf: Leaf
) -> None:
    client = device_client_context(server_leaf, authority.certificate_pem)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)unsuitable certificate purpose"):
        handshake(client, courier)


def test_a_device_of_another_ca_is_refused(authority: Authority, courier: ssl.SSLContext) -> None:
    stranger = Authority.create().issue_device("phone-1")
    client = device_client_context(stranger, authority.certificate_pem)
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(client, courier)


def test_devices_may_have_a_ca_of_their_own(authority: Authority, server_leaf: Leaf) -> None:
    devices = Authority.create("devices")
    courier = courier_server_context(server_leaf, devices.certificate_pem)
    client = device_client_context(devices.issue_device("phone-2"), authority.certificate_pem)
    link = handshake(client, courier)
    assert link.deliver(b"hello") == b"hello"
    identity = DeviceIdentity.from_certificate(link.server.getpeercert(binary_form=True))
    assert identity.device_id == "phone-2"


def test_a_device_refuses_a_gateway_of_another_ca_or_name(
    authority: Authority, courier: ssl.SSLContext, device_leaf: Leaf
) -> None:
    misled = device_client_context(device_leaf, Authority.create().certificate_pem)
    with pytest.raises(ssl.SSLCertVerificationError, match="self-signed certificate in"):
        handshake(misled, courier)
    client = device_client_context(device_leaf, authority.certificate_pem)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(client, courier, "example.com")


def test_a_device_refuses_a_device_as_its_gateway(authority: Authority, device_leaf: Leaf) -> None:
    impostor = courier_server_context(device_leaf, authority.certificate_pem)
    client = device_client_context(device_leaf, authority.certificate_pem)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)unsuitable certificate purpose"):
        handshake(client, impostor)


def test_dialects_can_be_added_and_an_unknown_one_is_left_to_the_caller(
    authority: Authority, server_leaf: Leaf, device_leaf: Leaf
) -> None:
    ca_pem = authority.certificate_pem
    courier = courier_server_context(server_leaf, ca_pem, ["apns-security-v3", COURIER])
    both = device_client_context(device_leaf, ca_pem, [COURIER, "apns-security-v3"])
    assert handshake(both, courier).server.selected_alpn_protocol() == "apns-security-v3"
    odd = device_client_context(device_leaf, ca_pem, ["apns-pack-v1"])
    assert handshake(odd, courier).server.selected_alpn_protocol() is None


@pytest.mark.parametrize("pem", [b"", b"garbage", b"\xff", b"-----BEGIN CERTIFICATE-----\nAA\n"])
def test_an_unreadable_ca_is_refused_readably(server_leaf: Leaf, pem: bytes) -> None:
    for build in (courier_server_context, device_client_context):
        with pytest.raises(CredentialError, match="not a readable CA certificate"):
            build(server_leaf, pem)
    with pytest.raises(CredentialError, match="not a readable CA certificate"):
        provider_server_context(server_leaf, client_ca_pem=pem)


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff", b"\0" * 64]
)
def test_what_is_no_tls_ends_in_an_ssl_error_or_waits(
    provider: ssl.SSLContext, garbage: bytes
) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(garbage)
    incoming.write_eof()
    link = provider.wrap_bio(incoming, outgoing, server_side=True)
    with pytest.raises(ssl.SSLError):
        link.do_handshake()
