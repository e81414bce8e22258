from __future__ import annotations

import pytest

from protocol.identifiers import HashedTopic, InvalidIdentifierError, Topic
from protocol.notification import PushType
from protocol.tenant import Tenant, bundles_of

APP = "com.example.app"


@pytest.mark.parametrize("push_type", PushType)
def test_every_topic_of_an_app_is_its_own(push_type: PushType) -> None:
    topic = push_type.topic_of(APP)
    tenant = Tenant.parse(APP)
    assert tenant.has(topic)
    assert tenant.has(HashedTopic.of(Topic(topic)))
    assert APP in bundles_of(topic)


@pytest.mark.parametrize(
    "topic", ["com.example.apps", "com.example", "com.example.app.other", "", None, "voip"]
)
def test_no_other_topic_is(topic: str | None) -> None:
    assert not Tenant.parse(APP).has(topic)


def test_what_looks_like_a_suffix_may_be_the_end_of_a_bundle_id() -> None:
    assert bundles_of("com.example.voip") == ("com.example.voip", "com.example")
    assert Tenant.parse("com.example.voip").has("com.example.voip")


def test_a_tenant_is_named_by_a_bundle_id() -> None:
    assert repr(Tenant.parse(APP)) == f"Tenant({APP})"
    with pytest.raises(InvalidIdentifierError, match="a bundle id is"):
        Tenant.parse("com.example/app")
