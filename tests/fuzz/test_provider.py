"""Whatever a provider sends, it gets a notification or one of Apple's reasons, and never a bug."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hypothesis import example, given
from hypothesis import strategies as st

from gateway.validation import Draft, Grounds, ValidationRules, notification_of, validate
from protocol.identifiers import (
    ApnsId,
    BundleId,
    CollapseId,
    DeviceId,
    DeviceToken,
    InvalidIdentifierError,
    KeyId,
    TeamId,
    Topic,
    UniqueId,
)
from protocol.notification import Environment, Expiration, PushType
from protocol.payload import InvalidPayloadError, aps_of, parse_payload
from protocol.provider.http import HttpRequest
from protocol.provider.rejection import Reason, Rejection
from protocol.provider.request import DESCRIBING_HEADERS
from protocol.provider.response import rejected
from tests.builders import APNS_ID, NOW, PATH, PAYLOAD, TOKEN, TOPIC, counting_bytes, registration

if TYPE_CHECKING:
    from gateway.store.store import Registration

# What the HTTP/2 shell makes of bytes: any of them but NUL, CR and LF.
latin_1 = st.text(st.characters(max_codepoint=255, exclude_characters="\0\r\n"), max_size=100)
numbers = st.integers(-(2**70), 2**70).map(str)
padded = st.integers(0, 5200).map(lambda size: b" " * size + b"{}")
adopted_paths = st.binary(min_size=1, max_size=100).map(lambda raw: f"/3/device/{raw.hex()}")
USUAL: dict[str, st.SearchStrategy[str]] = {
    "method": st.just("POST"),
    "path": st.just(PATH) | adopted_paths,
    "authorization": st.just("bearer token"),
    "apns-id": st.sampled_from([APNS_ID, APNS_ID.upper()]),
    "apns-priority": st.sampled_from(["5", "1"]),
    "apns-expiration": st.sampled_from(["0", "1", str(int(NOW) + 60), str(2**63 - 1)]),
    "apns-collapse-id": latin_1.filter(lambda text: len(text) <= 64),
}
NOT_HEADERS = ("method", "path", "body")


@st.composite
def requests(draw: st.DrawFn) -> HttpRequest:
    """A valid request, then up to two parts of it replaced by anything, and one added at times."""
    push_type = draw(st.sampled_from(PushType))
    parts = {name: draw(usual) for name, usual in USUAL.items()}
    parts |= {"apns-push-type": push_type.value, "apns-topic": push_type.topic_of(TOPIC)}
    body = draw(st.just(PAYLOAD) | padded)
    for name in draw(st.lists(st.sampled_from([*sorted(parts), "body"]), max_size=2)):
        if name == "body":
            body = draw(st.binary(max_size=60))
        else:
            parts[name] = draw(latin_1 | numbers)
    for name in draw(st.lists(st.sampled_from(sorted(DESCRIBING_HEADERS)), max_size=2)):
        parts.pop(name, None)
    headers = [(name, value) for name, value in parts.items() if name not in NOT_HEADERS]
    headers += draw(
        st.just([])
        | st.lists(st.tuples(st.sampled_from(sorted(DESCRIBING_HEADERS | {"host"})), latin_1))
    )
    return HttpRequest(parts["method"], parts["path"], tuple(headers), body)


class Anyone:
    default_topic = None

    def may_send_to(self, topic: Topic) -> bool:
        return topic != "com.example.forbidden"


@dataclass
class OneToken:
    topic: str

    def registration_of(self, token: DeviceToken) -> Registration | None:
        return registration(topic=Topic(self.topic)) if token == TOKEN else None

    def is_too_fast(self, token: DeviceToken, now: float) -> bool:
        return now != NOW or len(token) == 99


def identify(authorization: str | None, _now: float) -> Anyone:
    if not authorization:
        raise Rejection(Reason.MISSING_PROVIDER_TOKEN)
    return Anyone()


@given(requests(), st.booleans(), st.booleans())
@example(HttpRequest("POST", PATH, (("authorization", "bearer t"),), b""), False, False)
def test_any_request_becomes_a_notification_or_is_refused(
    request: HttpRequest, adopts: bool, is_production: bool
) -> None:
    environment = Environment.PRODUCTION if is_production else Environment.DEVELOPMENT
    rules = ValidationRules(environment, adopts_unknown_tokens=adopts)
    try:
        tokens = OneToken(dict(request.headers).get("apns-topic", ""))
        draft = validate(Draft(request, NOW, Grounds(rules, tokens, identify)))
    except Rejection as rejection:
        json.loads(rejected(rejection, APNS_ID).body)
        return
    made = notification_of(draft, counting_bytes())
    headers = dict(reversed(request.headers))
    assert str(made.token) == request.path.rpartition("/")[2].lower()
    assert (made.topic, made.payload) == (headers["apns-topic"], request.body)
    assert len(made.payload) <= made.push_type.max_payload_bytes
    assert made.topic.endswith(made.push_type.topic_suffix)
    assert made.apns_id == headers.get("apns-id", made.apns_id)
    assert made.expires_at <= NOW + 30 * 86_400
    assert (draft.registration.token, draft.registration.topic) == (made.token, made.topic)
    if made.collapse_id is not None:
        sent = headers["apns-collapse-id"].encode("latin-1")
        assert made.collapse_id.encode("utf-8", "surrogateescape") == sent
        assert len(sent) <= 64


# -- payloads --------------------------------------------------------------------------------------

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
# JSON as it is written, with the parts that trip readers up.
fragments = st.sampled_from(
    ["{", "}", "[", "]", ":", ",", '"a"', '"\\ud800"', '"\\udc00"', '"\\\\ud800"', "1e999",
     "-1e999", "NaN", "-Infinity", "9" * 4301, "true", "null", " ", '"', "\\", "\u0001", "é"]
)  # fmt: skip


def read(body: bytes) -> None:
    try:
        payload = parse_payload(body)
    except InvalidPayloadError:
        return
    assert isinstance(payload, dict)
    assert isinstance(aps_of(payload), dict)
    # What was accepted can be written again: the console and the devices do.
    assert parse_payload(json.dumps(payload).encode()) == payload
    json.dumps(payload, ensure_ascii=False, allow_nan=False).encode("utf-8")


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
@example(b'{"a":' * 5000)
@example(b'{"a":' + b"[" * 500 + b"]" * 500 + b"}")
@example(b'{"a":1,"a":[2]}')
def test_any_bytes_are_a_payload_or_refused(body: bytes) -> None:
    read(body)


@given(st.lists(fragments, max_size=12))
@example(['{"a":', '"\\ud83d', '\\ude42"', "}"])
def test_any_pieces_of_json_are_a_payload_or_refused(pieces: list[str]) -> None:
    read("".join(pieces).encode())


@given(json_values, st.booleans())
def test_any_json_value_is_a_payload_or_refused(value: object, ascii_only: bool) -> None:
    read(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))
    read(json.dumps({"aps": value}, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass"))


# -- identifiers -----------------------------------------------------------------------------------

kinds = st.sampled_from(
    [ApnsId, BundleId, CollapseId, DeviceId, DeviceToken, KeyId, TeamId, Topic, UniqueId]
)


@given(kinds, st.text(max_size=300) | st.text("0123456789abcdefABCDEF-.", max_size=220))
def test_any_text_is_an_identifier_of_a_kind_or_not(
    kind: type[Topic | DeviceToken], text: str
) -> None:
    try:
        found = kind.parse(text)
    except InvalidIdentifierError:
        return
    assert type(found) is kind
    assert str(found) == (text.lower() if kind is DeviceToken else text)
    assert kind.parse(str(found)) == found


@given(st.binary(min_size=1, max_size=100))
def test_any_token_survives_its_hexadecimal_form(raw: bytes) -> None:
    token = DeviceToken(raw)
    assert DeviceToken.parse(str(token)) == token
    assert DeviceToken.parse(str(token).upper()) == token


@given(st.binary(min_size=16, max_size=16))
def test_any_random_bytes_make_ids_that_parse(raw: bytes) -> None:
    assert ApnsId.parse(ApnsId.from_random(raw)).replace("-", "") == raw.hex().upper()
    assert UniqueId.parse(UniqueId.from_random(raw)).replace("-", "") == raw.hex()


@given(st.text(max_size=30) | st.text("0123456789", max_size=25))
def test_any_text_is_an_expiration_or_not(text: str) -> None:
    try:
        expiration = Expiration.parse(text)
    except ValueError:
        assert not (text.isascii() and text.isdigit()) or int(text) >= 2**63 or len(text) > 19
        return
    assert expiration.at == int(text)
    assert expiration.deadline(NOW) <= NOW + 30 * 86_400
    assert (expiration.deadline(NOW) > NOW) == (int(text) > NOW)
