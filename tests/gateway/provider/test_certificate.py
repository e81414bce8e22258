"""Who pushes by certificate (reference/apns-provider-api.md §5)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from certs.authority import Authority
from certs.provider_certificate import Kind, ProviderCertificate
from gateway.provider.certificate import CertificateIdentity, identity_in
from protocol.identifiers import Topic
from protocol.notification import Environment, PushType
from protocol.provider.rejection import Reason, Rejection
from tests.builders import BUNDLE_ID, TOPIC

AUTHORITY = Authority.create()
UNIVERSAL = ProviderCertificate.of_kind(Kind.UNIVERSAL, BUNDLE_ID)


def shown(said: ProviderCertificate, environment: Environment) -> CertificateIdentity:
    [certificate] = AUTHORITY.issue_provider(said).chain
    return identity_in(certificate.public_bytes(Encoding.DER), environment)


def refused(der: bytes, environment: Environment = Environment.DEVELOPMENT) -> Rejection:
    with pytest.raises(Rejection) as raised:
        identity_in(der, environment)
    return raised.value


@pytest.mark.parametrize("environment", Environment)
def test_a_universal_certificate_is_for_its_app_calls_and_complication_anywhere(
    environment: Environment,
) -> None:
    identity = shown(replace(UNIVERSAL, team_id="TEAM123456"), environment)
    assert identity.team_id == "TEAM123456"
    assert identity.topics == {TOPIC, f"{TOPIC}.voip", f"{TOPIC}.complication"}
    assert identity.default_topic is None
    for push_type in PushType:
        may = identity.may_send_to(Topic(push_type.topic_of(BUNDLE_ID)))
        suffixes = ("", ".voip", ".complication")
        assert may == (push_type.topic_suffix in suffixes), push_type
    assert not identity.may_send_to(Topic("com.example.other"))


@pytest.mark.parametrize("kind", [Kind.APP, Kind.VOIP, Kind.MDM])
def test_a_certificate_of_one_topic_makes_it_the_default(kind: Kind) -> None:
    said = ProviderCertificate.of_kind(kind, BUNDLE_ID)
    identity = shown(said, Environment.DEVELOPMENT)
    assert [identity.default_topic] == list(said.all_topics)
    assert isinstance(identity.default_topic, Topic)


def test_no_certificate_may_send_location_pushes_even_if_it_lists_the_topic() -> None:
    location = PushType.LOCATION.topic_of(BUNDLE_ID)
    identity = shown(replace(UNIVERSAL, topics=(location,)), Environment.DEVELOPMENT)
    assert location in identity.topics
    assert not identity.may_send_to(Topic(location))


@pytest.mark.parametrize("other", Environment)
def test_a_certificate_of_the_other_environment_is_bad_by_that_name(other: Environment) -> None:
    is_production = other is Environment.PRODUCTION
    said = replace(UNIVERSAL, for_development=not is_production, for_production=is_production)
    assert shown(said, other).topics
    [certificate] = AUTHORITY.issue_provider(said).chain
    [wrong] = set(Environment) - {other}
    rejection = refused(certificate.public_bytes(Encoding.DER), wrong)
    assert rejection.reason is Reason.BAD_CERTIFICATE_ENVIRONMENT
    assert f"not for the {wrong} environment" in rejection.detail


def test_a_certificate_that_is_no_providers_is_bad() -> None:
    [device] = AUTHORITY.issue_device("phone").chain
    rejection = refused(device.public_bytes(Encoding.DER))
    assert rejection.reason is Reason.BAD_CERTIFICATE
    assert "is not a provider's" in rejection.detail


def test_a_certificate_with_a_topic_that_is_none_is_bad() -> None:
    [certificate] = AUTHORITY.issue_provider(replace(UNIVERSAL, topics=("com..example",))).chain
    rejection = refused(certificate.public_bytes(Encoding.DER))
    assert rejection.reason is Reason.BAD_CERTIFICATE
    assert "com..example" in rejection.detail
