"""The linter and the gateway refuse the same, for the same reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.broadcast_validation import BroadcastDraft, BroadcastGrounds, validate_broadcast
from gateway.validation import Draft, Grounds, ValidationRules, validate
from protocol.identifiers import DeviceToken, Topic
from protocol.lint.finding import Level
from protocol.lint.judgement import lint
from protocol.lint.push import Push
from protocol.notification import Environment, PushType
from protocol.provider.http import HttpRequest
from protocol.provider.rejection import Rejection
from tests.builders import APNS_ID, BUNDLE_ID, CHANNEL, NOW, PATH, channel, registration
from tests.protocol.lint.cases import CASES

if TYPE_CHECKING:
    from gateway.store.store import Registration
    from protocol.broadcast import Channel


@dataclass
class Everything:
    """A gateway that knows every token for its topic and every channel, and lets anyone push."""

    topic: Topic
    default_topic: Topic | None = None

    def may_send_to(self, _topic: Topic) -> bool:
        return True

    def registration_of(self, token: DeviceToken) -> Registration:
        return registration(token=token, topic=self.topic)

    def is_enabled_for(self, _bundle_id: object) -> bool:
        return True

    def find(self, _environment: object, _bundle_id: object, _channel_id: object) -> Channel:
        return channel()

    def is_too_fast(self, _what: object, _now: float) -> bool:
        return False


def refusal(push: Push) -> tuple[str, int] | None:
    """What the gateway answers."""
    topic = Topic(push.headers.get("apns-topic") or push.default_topic or "")
    here = Everything(topic, push.default_topic)
    try:
        if push.request.path.startswith("/4/"):
            grounds = BroadcastGrounds(Environment.DEVELOPMENT, here, lambda *_: here)
            validate_broadcast(BroadcastDraft(push.request, push.now, grounds))
        else:
            rules = ValidationRules(Environment.DEVELOPMENT)
            validate(Draft(push.request, push.now, Grounds(rules, here, lambda *_: here)))
    except Rejection as rejection:
        return rejection.reason.text, rejection.reason.status
    return None


def first_error(push: Push) -> tuple[str | None, int | None] | None:
    """What the linter says that it answers."""
    errors = (each for each in lint(push).findings if each.level is Level.ERROR)
    return next(((each.reason, each.status) for each in errors), None)


texts = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=70)
numbers = st.integers(-(2**66), 2**66).map(str)
HEADERS: dict[str, st.SearchStrategy[str]] = {
    "apns-id": st.sampled_from([APNS_ID, APNS_ID.upper(), "", "7"]) | texts,
    "apns-request-id": st.sampled_from([APNS_ID, "7"]) | texts,
    "apns-channel-id": st.sampled_from([str(CHANNEL), "", "?"]) | texts,
    "apns-expiration": st.sampled_from(["0", "1", "1.5", "", "²"]) | numbers,
    "apns-priority": st.sampled_from(["10", "5", "1", "05", ""]) | texts,
    "apns-push-type": st.sampled_from([*PushType, "Alert", "LiveActivity", ""]) | texts,
    "apns-topic": st.sampled_from(
        [*(kind.topic_of(BUNDLE_ID) for kind in PushType), "", ".voip", "<com.example>", "a..b"]
    )
    | texts,
    "apns-collapse-id": texts | st.integers(60, 66).map(lambda size: "x" * size),
    "authorization": st.just("bearer token"),
    "user-agent": texts,
}
paths = st.sampled_from(
    [
        PATH, "/3/device/", "/3/device", "/3/device/xyz", "/3/device/" + "ab" * 101,
        "/3/devices/ab", "/3/device/a/b", "/", "", f"/4/broadcasts/apps/{BUNDLE_ID}",
        "/4/broadcasts/apps/", f"/4/broadcasts/apps/{BUNDLE_ID}.push-type.liveactivity",
        "/4/broadcasts/apps/a/b",
    ]
)  # fmt: skip
bodies = st.sampled_from(
    [
        b'{"aps":{"alert":"x"}}', b"{}", b"", b"[]", b"\xff", b"{", b'{"x":NaN}', b'{"x":1e999}',
        b'\xef\xbb\xbf{"aps":{}}', b'{"x":"\\ud800"}', b"[" * 600 + b"]" * 600, b"\x1f\x8bx",
    ]
) | st.integers(4080, 5130).map(lambda size: b" " * (size - 2) + b"{}")  # fmt: skip


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    """A valid push, of which any part may be anything."""
    kind = draw(st.sampled_from(PushType))
    usual = {"apns-topic": kind.topic_of(BUNDLE_ID), "apns-push-type": kind.value}
    usual |= {"apns-channel-id": str(CHANNEL), "apns-priority": "5"}
    for name in draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=3)):
        usual[name] = draw(HEADERS[name])
    for name in draw(st.lists(st.sampled_from(sorted(usual)), max_size=1)):
        del usual[name]
    extra = draw(st.lists(st.sampled_from(sorted(usual.items())), max_size=1)) if usual else []
    may_repeat = draw(st.booleans())
    return HttpRequest(
        draw(st.sampled_from(["POST"] * 5 + ["GET"])),
        draw(st.just(PATH) | paths),
        (*usual.items(), *(extra if may_repeat else [])),
        draw(st.just(b"{}") | bodies),
    )


@given(
    request=requests(),
    default_topic=st.sampled_from([None, Topic(BUNDLE_ID), Topic(f"{BUNDLE_ID}.voip")]),
)
@example(HttpRequest("POST", PATH, (("apns-topic", ""),), b"{}"), None)
@example(
    HttpRequest("POST", PATH, (("apns-topic", "com.example.voip"),), b" " * 5118 + b"{}"), None
)
def test_the_first_error_is_what_the_gateway_answers_and_without_one_it_accepts(
    request: HttpRequest, default_topic: Topic | None
) -> None:
    push = Push(request, NOW, default_topic=default_topic)
    assert first_error(push) == refusal(push)


@pytest.mark.parametrize("rule", [name for name, pushes in CASES.items() if pushes[0].is_whole])
def test_of_every_case_of_the_linter_the_gateway_thinks_the_same(rule: str) -> None:
    for push in CASES[rule]:
        assert first_error(push) == refusal(push)


def test_a_request_about_channels_is_no_push() -> None:
    request = HttpRequest("GET", f"/1/apps/{BUNDLE_ID}/channels", (), b"")
    assert lint(Push(request, NOW)).findings == ()


def payload_alone(body: bytes, **headers: str) -> Any:  # noqa: ANN401
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return first_error(Push(HttpRequest("POST", "", named, body), NOW, is_whole=False))


def test_of_a_payload_alone_nothing_is_missing_and_what_is_known_counts() -> None:
    assert payload_alone(b"{}") is None
    assert payload_alone(b"") == ("PayloadEmpty", 400)
    assert payload_alone(b"{}", apns_priority="7") == ("BadPriority", 400)
    large = b" " * 5118 + b"{}"
    assert payload_alone(large) == ("PayloadTooLarge", 413)
    assert payload_alone(large, apns_topic="com.example.app.voip") is None
