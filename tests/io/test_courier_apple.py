"""Devices of Apple's own wire at the courier front: known by their Connect, topics by hashes."""

from __future__ import annotations

import logging
import ssl
import time
from typing import TYPE_CHECKING

import pytest
import trio
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from trio.testing import memory_stream_pair

from certs.authority import Authority
from certs.connect_proof import ConnectProofs
from certs.contexts import courier_server_context
from certs.server_names import DEFAULT_SERVER_NAMES
from gateway.courier.listener import CourierFront
from gateway.courier.terms import CourierSettings
from protocol.courier.codec import ALPN_PROTOCOLS, codec_for
from protocol.courier.connection import CourierConnection
from protocol.courier.messages import (
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    NoStorage,
    StorageFlags,
    TokenStatus,
)
from protocol.courier.proof import ConnectProof
from protocol.courier.states import Role
from protocol.identifiers import HashedTopic, Topic
from tests.builders import TOPIC, notification
from tests.io.phones import Gateway, Phone, settled

if TYPE_CHECKING:
    from certs.leaf import Leaf

OTHER = Topic("com.example.other")
DIALECTS = ["apns-security-v3", "apns-pack-v1"]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.create()


@pytest.fixture(scope="module")
def mac(authority: Authority) -> Leaf:
    return authority.issue_rsa_device("a-mac")


@pytest.fixture(scope="module")
def server_context(authority: Authority) -> ssl.SSLContext:
    leaf = authority.issue_server(DEFAULT_SERVER_NAMES)
    return courier_server_context(leaf, authority.certificate_pem, ALPN_PROTOCOLS)


@pytest.fixture
async def gateway(
    nursery: trio.Nursery,
    server_context: ssl.SSLContext,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
) -> Gateway:
    caplog.set_level(logging.INFO, "gateway.courier")
    gateway = Gateway(nursery, CourierSettings())
    proofs = ConnectProofs(authority.certificate)
    services = gateway.front.services
    gateway.front = CourierFront(services, server_context, proofs=proofs)
    return gateway


def proof_of(leaf: Leaf) -> ConnectProof:
    """As open clients make it."""
    nonce = b"\x00" + int(time.time() * 1000).to_bytes(8) + bytes(8)
    assert isinstance(leaf.private_key, rsa.RSAPrivateKey)
    signature = leaf.private_key.sign(nonce, padding.PKCS1v15(), hashes.SHA1())
    return ConnectProof(leaf.chain[0].public_bytes(Encoding.DER), nonce, signature)


async def knock(gateway: Gateway, dialect: str) -> Phone:
    """A phone whose TLS, which verifies nobody, is up."""
    far, near = memory_stream_pair()
    gateway.nursery.start_soon(gateway.front.serve, near)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols([dialect])
    stream = trio.SSLStream(
        far, context, server_hostname="courier.push.apple.com", https_compatible=True
    )
    phone = Phone(stream)  # type: ignore[arg-type]
    phone.core = CourierConnection(Role.DEVICE, codec_for(dialect))
    await stream.do_handshake()
    gateway.nursery.start_soon(phone.listen)
    return phone


async def connects(gateway: Gateway, dialect: str, leaf: Leaf) -> Phone:
    phone = await knock(gateway, dialect)
    await phone.says(Connect(proof=proof_of(leaf)))
    return phone


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_device_is_known_by_its_connect(gateway: Gateway, mac: Leaf, dialect: str) -> None:
    phone = await connects(gateway, dialect, mac)
    [welcome] = phone.all(ConnectResponse)
    assert welcome.status is ConnectStatus.OK
    assert welcome.token is not None
    assert len(welcome.token) == 32
    (shown,) = gateway.front.statistics()
    assert (shown.device, shown.environment, shown.dialect) == ("a-mac", "production", dialect)
    await phone.leaves()
    again = await connects(gateway, dialect, mac)
    assert again.all(ConnectResponse)[0].token == welcome.token  # kept, without a database


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_topics_by_hash_get_tokens_and_pushes_by_text(
    gateway: Gateway, mac: Leaf, dialect: str
) -> None:
    phone = await connects(gateway, dialect, mac)
    await phone.says(Filter())
    assert len(phone.all(NoStorage)) == 1
    await phone.says(AppTokenRequest(TOPIC), AppTokenRequest(TOPIC))
    first, second = phone.all(AppTokenResponse)
    assert first == second
    assert first.status is TokenStatus.OK
    assert first.token is not None
    registration = gateway.directory.registration_of(first.token)
    assert registration is not None
    assert registration.topic == HashedTopic.of(TOPIC)
    waiting = notification(1, token=first.token)
    await gateway.accepts(waiting, to=registration)
    assert phone.pushes == []  # no Filter wants it yet
    await phone.wants(TOPIC)
    [push] = phone.pushes
    assert (push.token, push.topic, push.storage) == (first.token, TOPIC, StorageFlags.LIVE)
    await phone.acknowledges(push)
    assert gateway.states(waiting)[-1] == "Delivered to Device"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_waited_comes_with_flags_and_what_is_not_acknowledged_again(
    gateway: Gateway, mac: Leaf, dialect: str
) -> None:
    phone = await connects(gateway, dialect, mac)
    await phone.says(AppTokenRequest(TOPIC), AppTokenRequest(OTHER))
    tokens = [answer.token for answer in phone.all(AppTokenResponse)]
    await phone.leaves()
    for number, (topic, token) in enumerate(zip((TOPIC, OTHER), tokens, strict=True), 1):
        assert token is not None
        registration = gateway.directory.registration_of(token)
        assert registration is not None
        await gateway.accepts(notification(number, token=token, topic=topic), to=registration)
    for _ in range(2):
        phone = await connects(gateway, dialect, mac)
        await phone.wants(TOPIC, OTHER)
        flags = [push.storage for push in phone.pushes]
        assert flags == [StorageFlags.FROM_STORAGE, StorageFlags(3)]
        last = phone.pushes
        await phone.leaves()
    phone = await connects(gateway, dialect, mac)
    await phone.acknowledges(*last)  # of the link before: the numbers mean nothing here
    await phone.wants(TOPIC, OTHER)
    assert len(phone.pushes) == 2
    await phone.acknowledges(*phone.pushes)
    assert await gateway.store.pending() == 0


async def test_a_device_that_proves_nothing_is_refused(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Authority.create().issue_rsa_device("a-mac")
    for connect in (Connect(), Connect(proof=proof_of(stranger))):
        phone = await knock(gateway, DIALECTS[0])
        await phone.says(connect)
        assert [answer.status for answer in phone.all(ConnectResponse)] == [ConnectStatus.REFUSED]
        assert phone.is_closed
    assert "of a stranger" in caplog.messages[0]
    assert "the Connect shows no certificate with nonce and signature" in caplog.messages[0]
    assert "of another CA than this gateway's" in caplog.messages[1]
    assert len(gateway.sessions) == 0


async def test_in_our_own_dialect_the_certificate_is_shown_in_tls(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    phone = await knock(gateway, "apnsim-msgpack-v1")
    await settled()
    assert phone.is_closed
    assert "a device certificate is due" in caplog.text


async def test_a_front_without_an_authority_believes_no_proof(gateway: Gateway, mac: Leaf) -> None:
    gateway.front.proofs = None
    phone = await connects(gateway, DIALECTS[0], mac)
    assert phone.all(ConnectResponse)[0].status is ConnectStatus.REFUSED
