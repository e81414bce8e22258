"""Providers that show a certificate, over TLS to a whole gateway.

One test per row of reference/apns-provider-api.md §5, and of what §1.2 to §1.6 say of certificates.
"""

from __future__ import annotations

import logging
import ssl
import struct
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
import trio
from hyperframe.frame import SettingsFrame

from certs.authority import Authority
from certs.provider_certificate import Kind, ProviderCertificate
from protocol.notification import PushType
from protocol.provider.rejection import Reason
from tests.e2e.world import PRODUCTION, TOPIC, until
from tests.io.provider_desk import desk
from tests.io.streams import Provider

if TYPE_CHECKING:
    from pathlib import Path

    from certs.leaf import Leaf
    from tests.io.provider_desk import Desk

MDM = "com.apple.mgmt.External.7b1e7c1a-2b0c-4d3c-9a55-0d5a3f1c2e11"
MAX_STREAMS = SettingsFrame.MAX_CONCURRENT_STREAMS


def goaway(reason: str) -> bytes:
    """Measured (sideshow/apns2#93): last stream 0, NO_ERROR, JSON without spaces."""
    said = b'{"reason":"%s"}' % reason.encode()
    return (8 + len(said)).to_bytes(3) + b"\x07\x00" + bytes(4) + struct.pack(">II", 0, 0) + said


async def is_sent_away(provider: Desk, line: Provider, reason: str) -> None:
    """The GOAWAY is the last frame, no request is judged, and the socket is closed."""
    number = await provider.send(line, authorization=None)
    await line.hear_out()
    assert bytes(line.received).endswith(goaway(reason))
    assert line.frames_on(number) == []
    assert not provider.here.gateway.journal.find(lambda _: True)
    await until(lambda: not provider.here.gateway.providers.statistics())


async def is_refused_in_tls(provider: Desk, leaf: Leaf, alert: str) -> None:
    """A TLS 1.3 client believes in its handshake until it reads."""
    line = await provider.dial(certificate=leaf)
    with pytest.raises(trio.BrokenResourceError) as broken:
        await line.hear_out()
    cause = broken.value.__cause__
    assert isinstance(cause, ssl.SSLError)
    assert alert in cause.reason.upper().replace(" ", "_")


# -- §5, row by row --------------------------------------------------------------------------------


async def test_one_certificate_is_for_one_app_and_what_belongs_to_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here = provider.here
        phone = await here.phone("the phone")
        kinds = {"alert": TOPIC, "voip": f"{TOPIC}.voip", "complication": f"{TOPIC}.complication"}
        line = await provider.dial(certificate=provider.certificate())
        for push_type, topic in kinds.items():
            token = await here.install(phone, push_type=push_type)
            answer = await provider.ask(
                line,
                path=f"/3/device/{token}",
                authorization=None,
                apns_topic=topic,
                apns_push_type=push_type,
            )
            assert answer.status == 200, (push_type, answer.body)
            assert await here.received(phone, 1, topic) == ["Hello"]


async def test_the_development_extension_alone_serves_development_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        leaf = provider.certificate(for_production=False)
        line = await provider.dial(PRODUCTION, leaf)
        await is_sent_away(provider, line, "BadCertificateEnvironment")
        line = await provider.dial(certificate=leaf)
        assert (await provider.ask(line, authorization=None)).status == 200


async def test_the_production_extension_alone_serves_production_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        leaf = provider.certificate(for_development=False)
        await is_sent_away(
            provider, await provider.dial(certificate=leaf), "BadCertificateEnvironment"
        )
        abroad = await provider.here.phone("abroad", environment="production")
        provider.token = await provider.here.install(abroad)
        line = await provider.dial(PRODUCTION, leaf)
        assert (await provider.ask(line, authorization=None)).status == 200


async def test_sandbox_and_production_in_one_certificate_work_on_both_hosts(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        leaf = provider.certificate()
        line = await provider.dial(certificate=leaf)
        assert (await provider.ask(line, authorization=None)).status == 200
        line = await provider.dial(PRODUCTION, leaf)
        answer = await provider.ask(line, authorization=None)
        assert answer.reason == "BadDeviceToken", "the token is of the other environment"


async def test_the_voip_extension_lists_topics_too(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here, topic = provider.here, f"{TOPIC}.voip"
        phone = await here.phone("the phone")
        token = await here.install(phone, push_type="voip")
        line = await provider.dial(certificate=provider.certificate(Kind.VOIP))
        call: dict[str, Any] = {"path": f"/3/device/{token}", "authorization": None}
        answer = await provider.ask(line, apns_topic=topic, apns_push_type="voip", **call)
        assert answer.status == 200
        answer = await provider.ask(line, apns_topic=None, apns_push_type="voip", **call)
        assert answer.status == 200, "it is the only topic of the certificate"
        assert await here.received(phone, 2, topic) == ["Hello", "Hello"]
        refused = await provider.ask(line, authorization=None)
        assert refused.reason == "TopicDisallowed", "the app's alerts are no matter of it"
        # Beside another subject, so that the extension alone can have named the topic.
        beside = provider.certificate(Kind.APP, voip_topics=(topic,))
        line = await provider.dial(certificate=beside)
        answer = await provider.ask(line, apns_topic=topic, apns_push_type="voip", **call)
        assert answer.status == 200


async def test_the_topic_extension_lists_further_topics(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        topic = f"{TOPIC}.voip-ptt"
        token = await provider.here.install(await provider.here.phone("p"), push_type="pushtotalk")
        talk: dict[str, Any] = {
            "path": f"/3/device/{token}",
            "authorization": None,
            "apns_topic": topic,
            "apns_push_type": "pushtotalk",
        }
        listed = await provider.dial(certificate=provider.certificate(topics=(TOPIC, topic)))
        assert (await provider.ask(listed, **talk)).status == 200
        unlisted = await provider.dial(certificate=provider.certificate())
        assert (await provider.ask(unlisted, **talk)).reason == "TopicDisallowed"


async def test_the_subjects_uid_is_the_topic_of_an_mdm_server(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here = provider.here
        phone = await here.phone("managed")
        token = await here.install(phone, MDM, "mdm")
        line = await provider.dial(certificate=provider.certificate(Kind.MDM, MDM))
        wake: dict[str, Any] = {
            "path": f"/3/device/{token}",
            "authorization": None,
            "apns_push_type": "mdm",
            "body": b'{"mdm":"a push magic"}',
        }
        assert (await provider.ask(line, apns_topic=MDM, **wake)).status == 200
        assert (await provider.ask(line, apns_topic=None, **wake)).status == 200
        await until(lambda: len(here.devices.notifications(phone)) == 2)
        for view in here.devices.notifications(phone):
            assert (view.topic, view.payload) == (MDM, {"mdm": "a push magic"})
        answer = await provider.ask(line, apns_topic=TOPIC, **wake)
        assert answer.reason == "TopicDisallowed"


async def test_a_topic_left_out_is_that_of_a_certificate_with_one(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial(certificate=provider.certificate(Kind.APP))
        assert (await provider.ask(line, authorization=None, apns_topic=None)).status == 200
        [phone] = provider.here.devices.list_devices()
        assert await provider.here.received(phone.id, 1) == ["Hello"]


async def test_a_topic_left_out_is_missing_with_a_certificate_of_several(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial(certificate=provider.certificate())
        answer = await provider.ask(line, authorization=None, apns_topic=None)
        assert (answer.status, answer.reason) == (400, "MissingTopic")


@pytest.mark.parametrize("topic", ["com.example.other", f"<{TOPIC}>", f"!{TOPIC}"])
async def test_a_topic_that_is_not_in_the_certificate_is_disallowed(
    tmp_path: Path, topic: str
) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial(certificate=provider.certificate())
        answer = await provider.ask(line, authorization=None, apns_topic=topic)
        assert (answer.status, answer.reason) == (400, "TopicDisallowed")


async def test_location_pushes_cannot_use_certificates(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        topic = PushType.LOCATION.topic_of(TOPIC)
        token = await provider.here.install(await provider.here.phone("p"), push_type="location")
        ask: dict[str, Any] = {
            "path": f"/3/device/{token}",
            "apns_topic": topic,
            "apns_push_type": "location",
        }
        line = await provider.dial(certificate=provider.certificate(topics=(TOPIC, topic)))
        answer = await provider.ask(line, authorization=None, **ask)
        assert (answer.status, answer.reason) == (400, "TopicDisallowed")
        assert (await provider.ask(**ask)).status == 200, "with a token they can"


async def test_bad_certificate_is_said_in_goaway_to_one_that_is_no_providers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with desk(tmp_path) as provider:
        device = provider.here.gateway.authority.issue_device("phone")
        line = await provider.dial(certificate=device)
        await is_sent_away(provider, line, Reason.BAD_CERTIFICATE.text)
    assert "GOAWAY BadCertificate: the certificate of" in caplog.text


async def test_bad_certificate_environment_is_said_in_goaway_and_the_log_says_which(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with desk(tmp_path) as provider:
        leaf = provider.certificate(for_development=False)
        line = await provider.dial(certificate=leaf)
        await is_sent_away(provider, line, Reason.BAD_CERTIFICATE_ENVIRONMENT.text)
        assert len(goaway("BadCertificateEnvironment")) == 9 + 46, "as captured"
    assert "is not for the development environment" in caplog.text


async def test_a_revoked_certificate_is_refused_in_tls_from_the_next_connection_on(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        leaf = provider.certificate()
        line = await provider.dial(certificate=leaf)
        assert (await provider.ask(line, authorization=None)).status == 200
        provider.here.gateway.home.revocations().revoke(leaf.chain[0])
        await is_refused_in_tls(provider, leaf, "CERTIFICATE_REVOKED")
        assert (await provider.ask(line, authorization=None)).status == 200, "Apple: reconnect"
        another = await provider.dial(certificate=provider.certificate())
        assert (await provider.ask(another, authorization=None)).status == 200
        assert (await provider.ask()).status == 200, "without one, with a token"


async def test_an_expired_certificate_is_refused_in_tls(tmp_path: Path) -> None:
    """Measured: pushy#609, reown-com/push-server#308."""
    async with desk(tmp_path) as provider:
        said = ProviderCertificate.of_kind(Kind.APP, TOPIC)
        authority = provider.here.gateway.authority
        leaf = authority.issue_provider(said, lifetime=timedelta(hours=1))
        await is_refused_in_tls(provider, leaf, "CERTIFICATE_EXPIRED")


async def test_a_certificate_of_another_authority_is_refused_in_tls(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        stranger = Authority.create().issue_provider(ProviderCertificate.of_kind(Kind.APP, TOPIC))
        await is_refused_in_tls(provider, stranger, "UNKNOWN_CA")


async def test_a_servers_certificate_is_refused_in_tls(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        await is_refused_in_tls(provider, provider.here.gateway.leaf, "UNSUPPORTED_CERTIFICATE")


# -- §1: the connection ----------------------------------------------------------------------------


async def test_a_certificate_connection_begins_with_1000_streams(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial(certificate=provider.certificate())
        assert (await provider.ask(line, authorization=None)).status == 200
        said = [f.settings for f in line.frames if isinstance(f, SettingsFrame) and f.settings]
        assert [settings[MAX_STREAMS] for settings in said] == [1000]


async def test_a_path_without_a_token_is_told_so_where_a_certificate_is(tmp_path: Path) -> None:
    """§3.3, 6: without one the missing provider token is what counts."""
    async with desk(tmp_path) as provider:
        line = await provider.dial(certificate=provider.certificate())
        for path in ("/3/device/", "/3/device"):
            answer = await provider.ask(line, path=path, authorization=None)
            assert answer.reason == "MissingDeviceToken"
            answer = await provider.ask(path=path, authorization=None)
            assert answer.reason == "MissingProviderToken"


@pytest.mark.parametrize("authorization", ["bearer nonsense", "Basic QQ==", "bearer "])
async def test_authorization_is_ignored_where_a_certificate_is(
    tmp_path: Path, authorization: str
) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial(certificate=provider.certificate())
        assert (await provider.ask(line, authorization=authorization)).status == 200
        expired = provider.bearer(age=4000)
        assert (await provider.ask(line, authorization=expired)).status == 200
        answer = await provider.ask(line, apns_topic="com.example.other")
        assert answer.reason == "TopicDisallowed", "a good token adds nothing either"


@pytest.mark.parametrize("has_certificate", [True, False])
async def test_b7_a_resumed_session_is_as_good_as_the_certificate_in_it(
    tmp_path: Path, has_certificate: bool
) -> None:
    """TLS 1.2 by session id: with a certificate it is still known, without one it is none."""
    async with desk(tmp_path) as provider:
        context = ssl.create_default_context(cafile=provider.here.gateway.home.ca_file)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        if has_certificate:
            provider.certificate().configure(context)
        session: ssl.SSLSession | None = None
        for is_resumed in (False, True):
            port = provider.here.gateway.provider_ports[0]
            tcp = await trio.open_tcp_stream("127.0.0.1", port)
            tls: Any = trio.SSLStream(tcp, context, server_hostname="localhost")
            if session is not None:
                tls._ssl_object.session = session
            await tls.do_handshake()
            line = Provider(tls)
            provider.opened.append(line)
            await line.hello()
            assert tls.session_reused is is_resumed
            answer = await provider.ask(line, authorization=None)
            if has_certificate:
                assert answer.status == 200
            else:
                assert answer.reason == "MissingProviderToken"
            session = tls.session
