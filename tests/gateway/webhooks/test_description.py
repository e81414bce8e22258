"""What users write of a webhook, and what they are told of mistakes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.records import State
from gateway.webhooks.allowed import TargetError
from gateway.webhooks.description import DEFAULT_EVENTS, DescriptionError, read_description
from gateway.webhooks.signature import Secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NAMES = ["url", "events", "bundle_id", "secret", "other"]


def test_a_url_alone_is_told_what_was_delivered_and_presented() -> None:
    description = read_description("http://localhost:8080/x?y=z")
    assert description.url == "http://localhost:8080/x?y=z"
    assert description.events == DEFAULT_EVENTS
    assert (description.tenant, description.secret) == (None, None)
    assert str(description.target) == "http://localhost:8080"


def test_json_says_the_rest() -> None:
    description = read_description(
        f'{{"url":"http://[::1]/","events":["Rejected"],"bundle_id":"com.x","secret":"{SECRET}"}}'
    )
    assert description.events == {State.REJECTED}
    assert description.tenant is not None
    assert description.tenant.bundle_id == "com.x"
    assert "MfKQ" not in repr(description)
    assert "MfKQ" not in repr(description.secret)


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (7, "expected a URL"),
        ('{"url":' + "[" * 100_000, "not JSON"),
        ("{", "not JSON"),
        ({}, "url: expected"),
        ({"url": 7}, "url: expected"),
        ({"url": "http://x", "event": []}, "event: unknown; known: url, events, bundle_id, secret"),
        ({"url": "http://x", "events": []}, "events: expected a list of states"),
        (
            {"url": "http://x", "events": ["Shown"]},
            "events: 'Shown' is no state; expected Received",
        ),
        ({"url": "http://x", "events": [[]]}, "is no state"),
        ({"url": "http://x", "bundle_id": "a b"}, "bundle_id: "),
        ({"url": "http://x", "bundle_id": 1}, "bundle_id: expected a text"),
        ({"url": "http://x", "secret": "s3cret"}, "secret: expected whsec_"),
    ],
)
def test_a_mistake_says_where_and_what_was_expected(told: object, why: str) -> None:
    with pytest.raises((DescriptionError, TargetError), match=why) as refused:
        read_description(told)
    assert "s3cret" not in str(refused.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
        ),
        max_leaves=5,
    )
)
def test_nothing_breaks_the_reading(told: object) -> None:
    with suppress(DescriptionError, TargetError):
        read_description(told)


def test_the_signature_is_that_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    signed = Secret.parse(SECRET).sign(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_secret_may_be_without_its_prefix() -> None:
    raw = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = Secret.parse(SECRET.removeprefix("whsec_")).sign("msg_1", 7, b"{}")
    digest = hmac.digest(raw, b"msg_1.7.{}", hashlib.sha256)
    assert signed == "v1," + base64.b64encode(digest).decode()


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_AAAA", "not base64!", "é" * 40, "A" * 1000])
def test_a_secret_that_is_none_is_not_repeated(text: str) -> None:
    with pytest.raises(ValueError, match="expected whsec_ and 24 to 64 bytes in base64"):
        Secret.parse(text)
