"""Every reason from its real condition, and of every two faults the earlier one.

A fault is what it changes in a valid situation; two faults that change different things are put
together, and the check that stands earlier in ``CHECKS`` must give the reason.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gateway.validation import (
    CHECKS,
    Draft,
    Grounds,
    ValidationRules,
    notification_of,
    validate,
)
from protocol.identifiers import (
    ApnsId,
    CollapseId,
    DeviceToken,
    HashedTopic,
    Topic,
    UniqueId,
)
from protocol.notification import Environment, Notification, Priority, PushType
from protocol.provider.http import HttpRequest
from protocol.provider.rejection import Reason, Rejection
from tests.builders import (
    APNS_ID,
    BUNDLE_ID,
    NOW,
    PATH,
    PAYLOAD,
    TOKEN,
    TOPIC,
    counting_bytes,
    push,
    registration,
)

if TYPE_CHECKING:
    from gateway.store.store import Registration

DEVELOPMENT = ValidationRules(Environment.DEVELOPMENT)


@dataclass
class Provider:
    """A sender whose key covers some topics (None: all); a certificate may have a default."""

    topics: frozenset[str] | None = None
    default_topic: Topic | None = None

    def may_send_to(self, topic: Topic) -> bool:
        return self.topics is None or topic in self.topics


@dataclass
class KnownToken:
    """A directory that knows one registration, or none."""

    known: Registration | None
    too_fast: bool = False

    def registration_of(self, token: DeviceToken) -> Registration | None:
        return self.known if self.known is not None and self.known.token == token else None

    def is_too_fast(self, token: DeviceToken, now: float) -> bool:
        assert (token, now) == (TOKEN, NOW)
        return self.too_fast


def draft_of(
    request: HttpRequest,
    known: Registration | None = None,
    *,
    rules: ValidationRules = DEVELOPMENT,
    provider: Provider | None = None,
    too_fast: bool = False,
) -> Draft:
    """The request on grounds where the phone's token is known unless told otherwise."""

    def identify(authorization: str | None, now: float) -> Provider:
        assert now == NOW
        if authorization is None:
            raise Rejection(Reason.MISSING_PROVIDER_TOKEN, "no token")
        return provider or Provider()

    tokens = KnownToken(known or registration(), too_fast)
    return Draft(request, NOW, Grounds(rules, tokens, identify))


def accept(
    request: HttpRequest, known: Registration | None = None, rules: ValidationRules = DEVELOPMENT
) -> Notification:
    draft = validate(draft_of(request, known, rules=rules))
    return notification_of(draft, counting_bytes())


def refuse(
    request: HttpRequest, known: Registration | None = None, rules: ValidationRules = DEVELOPMENT
) -> Rejection:
    return refusal(draft_of(request, known, rules=rules))


def refusal(draft: Draft) -> Rejection:
    with pytest.raises(Rejection) as raised:
        validate(draft)
    return raised.value


# -- one fault -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fault:
    """Something wrong: the check that finds it, the answer, and what is changed to have it."""

    check: str
    reason: Reason
    changes: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.check}: {self.changes}"[:70]


FAULTS = [
    Fault("method", Reason.METHOD_NOT_ALLOWED, {"method": "GET"}),
    Fault("path", Reason.BAD_PATH, {"path": f"/3/devices/{TOKEN}"}),
    Fault("provider", Reason.MISSING_PROVIDER_TOKEN, {"authorization": None}),
    Fault("repeated_headers", Reason.DUPLICATE_HEADERS, {"repeated": "apns-collapse-id"}),
    Fault("apns_id", Reason.BAD_MESSAGE_ID, {"apns_id": "1"}),
    Fault("token_is_there", Reason.MISSING_DEVICE_TOKEN, {"path": "/3/device/"}),
    Fault("expiration", Reason.BAD_EXPIRATION_DATE, {"apns_expiration": "soon"}),
    Fault("priority", Reason.BAD_PRIORITY, {"apns_priority": "7"}),
    Fault("push_type", Reason.INVALID_PUSH_TYPE, {"apns_push_type": "toast"}),
    Fault(
        "priority_of_background",
        Reason.BAD_PRIORITY,
        {"apns_push_type": "background", "apns_priority": "10"},
    ),
    Fault("collapse_id", Reason.BAD_COLLAPSE_ID, {"apns_collapse_id": "x" * 65}),
    Fault("topic", Reason.MISSING_TOPIC, {"apns_topic": None}),
    Fault("topic", Reason.BAD_TOPIC, {"apns_topic": "com..example"}),
    Fault("topic_is_allowed", Reason.TOPIC_DISALLOWED, {"topics": frozenset({"com.other"})}),
    Fault("topic_is_allowed", Reason.TOPIC_DISALLOWED, {"apns_push_type": "voip"}),
    Fault("token_is_known", Reason.BAD_DEVICE_TOKEN, {"path": "/3/device/xyz"}),
    Fault("token_is_known", Reason.BAD_DEVICE_TOKEN, {"path": "/3/device/abcd"}),
    Fault("token_is_known", Reason.BAD_DEVICE_TOKEN, {"environment": Environment.PRODUCTION}),
    Fault("payload", Reason.PAYLOAD_EMPTY, {"body": b""}),
    Fault("payload", Reason.PAYLOAD_EMPTY, {"body": b"[]"}),
    Fault("payload", Reason.PAYLOAD_TOO_LARGE, {"body": b'{"a":"%s"}' % (b"x" * 4089)}),
    Fault("token_is_registered", Reason.UNREGISTERED, {"unregistered_at": NOW - 1}),
    Fault(
        "token_is_registered",
        Reason.EXPIRED_TOKEN,
        {"unregistered_at": NOW - 1, "is_expired": True},
    ),
    Fault("token_is_for_topic", Reason.DEVICE_TOKEN_NOT_FOR_TOPIC, {"topic": Topic("com.other")}),
    Fault("pace", Reason.TOO_MANY_REQUESTS, {"too_fast": True}),
]
IN_REGISTRATION = {"environment", "unregistered_at", "is_expired", "topic"}


def judge(changes: dict[str, Any]) -> Rejection:
    changes = dict(changes)
    known = registration(**{k: changes.pop(k) for k in IN_REGISTRATION & changes.keys()})
    provider = Provider(changes.pop("topics", None))
    too_fast = changes.pop("too_fast", False)
    repeated = changes.pop("repeated", None)
    request = push(**changes)
    if repeated is not None:
        headers = (*request.headers, (repeated, "twice"), (repeated, "twice"))
        request = HttpRequest(request.method, request.path, headers, request.body)
    return refusal(draft_of(request, known, provider=provider, too_fast=too_fast))


ORDER = {check.__name__: place for place, check in enumerate(CHECKS)}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_one_fault_earns_its_reason(fault: Fault) -> None:
    rejection = judge(fault.changes)
    assert rejection.reason is fault.reason
    assert rejection.detail
    is_410 = fault.reason.status == 410
    assert rejection.unregistered_at == (NOW - 1 if is_410 else None)


def test_every_check_has_a_fault() -> None:
    assert {fault.check for fault in FAULTS} == set(ORDER)


# -- two faults ------------------------------------------------------------------------------------


PAIRS = [
    (first, second)
    for first, second in itertools.permutations(FAULTS, 2)
    if ORDER[first.check] < ORDER[second.check] and not first.changes.keys() & second.changes.keys()
]
# A bad path has no place for a token, and a background push has a push type and a priority.
IMPOSSIBLE = {
    ("path", "token_is_there"),
    ("priority", "priority_of_background"),
    ("push_type", "priority_of_background"),
}


@pytest.mark.parametrize(("first", "second"), PAIRS, ids=str)
def test_of_two_faults_the_earlier_check_gives_the_reason(first: Fault, second: Fault) -> None:
    assert judge(first.changes | second.changes).reason is first.reason


def test_every_pair_of_checks_is_covered() -> None:
    names = [check.__name__ for check in CHECKS]
    covered = {(first.check, second.check) for first, second in PAIRS}
    assert covered | IMPOSSIBLE == set(itertools.combinations(names, 2))


def test_the_order_is_the_measured_one_and_then_ours() -> None:
    assert [check.__name__ for check in CHECKS] == [
        "method",
        "path",
        "provider",
        "repeated_headers",
        "apns_id",
        "token_is_there",
        "expiration",
        "priority",
        "push_type",
        "priority_of_background",
        "collapse_id",
        "topic",
        "topic_is_allowed",
        "token_is_known",
        "payload",
        "token_is_registered",
        "token_is_for_topic",
        "pace",
    ]


# -- what is accepted ------------------------------------------------------------------------------


def test_a_valid_request_becomes_the_notification_it_describes() -> None:
    request = push(apns_collapse_id="news", apns_priority="5", apns_expiration="1790000060")
    assert accept(request) == Notification(
        unique_id=UniqueId("00000000-0000-0000-0000-000000000001"),
        apns_id=ApnsId(APNS_ID),
        token=TOKEN,
        topic=TOPIC,
        push_type=PushType.ALERT,
        priority=Priority.POWER_AWARE,
        received_at=NOW,
        expires_at=NOW + 60,
        collapse_id=CollapseId("news"),
        payload=PAYLOAD,
    )


def test_a_request_with_a_token_and_a_topic_alone_is_an_alert_for_30_days() -> None:
    made = accept(push(apns_id=None, apns_push_type=None, apns_priority=None, apns_expiration=None))
    assert made.push_type is PushType.ALERT
    assert made.priority is Priority.IMMEDIATE
    assert made.expires_at == NOW + 30 * 86_400
    assert made.collapse_id is None
    assert str(made.apns_id) == "00000000-0000-0000-0000-000000000002"
    assert str(made.unique_id) == "00000000-0000-0000-0000-000000000001"


def test_an_apns_id_of_the_gateway_is_upper_case() -> None:
    draft = validate(draft_of(push(apns_id=None)))
    assert notification_of(draft, lambda size: b"\xab" * size).apns_id == (
        "ABABABAB-ABAB-ABAB-ABAB-ABABABABABAB"
    )


@pytest.mark.parametrize("push_type", PushType)
def test_every_push_type_is_accepted_with_its_own_topic(push_type: PushType) -> None:
    topic = Topic(push_type.topic_of(BUNDLE_ID))
    request = push(apns_push_type=push_type.value, apns_topic=topic, apns_priority="5")
    made = accept(request, registration(topic=topic))
    assert (made.push_type, made.topic) == (push_type, topic)


@pytest.mark.parametrize("push_type", [each for each in PushType if each.topic_suffix])
def test_a_push_type_with_the_topic_of_an_alert_is_disallowed(push_type: PushType) -> None:
    rejection = refuse(push(apns_push_type=push_type.value, apns_priority="5"))
    assert rejection.reason is Reason.TOPIC_DISALLOWED
    assert push_type.topic_suffix in rejection.detail


def test_a_push_that_names_no_topic_has_that_of_a_certificate_with_one() -> None:
    request = push(apns_topic=None)
    draft = validate(draft_of(request, provider=Provider(frozenset({TOPIC}), TOPIC)))
    assert notification_of(draft, counting_bytes()).topic == TOPIC


def test_the_topic_that_a_push_names_counts_even_with_a_certificate_of_one() -> None:
    request = push(apns_topic="com.example.other")
    rejection = refusal(draft_of(request, provider=Provider(frozenset({TOPIC}), TOPIC)))
    assert rejection.reason is Reason.TOPIC_DISALLOWED


def test_an_alert_to_a_voip_topic_is_judged_by_the_token() -> None:
    rejection = refuse(push(apns_topic=f"{BUNDLE_ID}.voip"))
    assert rejection.reason is Reason.DEVICE_TOKEN_NOT_FOR_TOPIC


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize("push_type", PushType)
def test_the_size_limit_is_that_of_the_push_type_named_or_not(
    push_type: PushType, named: bool
) -> None:
    topic = Topic(push_type.topic_of(BUNDLE_ID))
    limit = 5120 if push_type is PushType.VOIP else 4096
    sent_type = push_type.value if named else None

    def request(body: bytes) -> HttpRequest:
        return push(body=body, apns_topic=topic, apns_priority="5", apns_push_type=sent_type)

    fits = b'{"a":"%s"}' % (b"x" * (limit - 8))
    assert accept(request(fits), registration(topic=topic)).payload == fits
    rejection = refuse(request(fits + b" "), registration(topic=topic))
    assert rejection.reason is Reason.PAYLOAD_TOO_LARGE


@pytest.mark.parametrize("size", [1, 31, 33, 54, 100])
def test_a_token_of_another_length_is_looked_up_like_any_other(size: int) -> None:
    token = DeviceToken(b"\xab" * size)
    request = push(path=f"/3/device/{token}")
    draft = draft_of(request, registration(token=token))
    for check in CHECKS[:-1]:  # the pace of this test's directory is for the usual token only
        check(draft)
    assert draft.token == token


def test_a_token_in_capitals_is_the_same_token() -> None:
    assert accept(push(path=f"/3/device/{str(TOKEN).upper()}")).token == TOKEN


# -- what Apple leaves open ------------------------------------------------------------------------


def test_a_background_push_without_a_priority_has_5() -> None:
    made = accept(push(apns_push_type="background", apns_priority=None))
    assert made.priority is Priority.POWER_AWARE


@pytest.mark.parametrize("priority", ["5", "1"])
def test_a_background_push_may_have_5_or_1(priority: str) -> None:
    made = accept(push(apns_push_type="background", apns_priority=priority))
    assert made.priority == int(priority)


def test_a_background_push_of_priority_10_passes_where_the_setting_allows_it() -> None:
    rules = ValidationRules(Environment.DEVELOPMENT, refuses_immediate_background=False)
    made = accept(push(apns_push_type="background"), rules=rules)
    assert made.priority is Priority.IMMEDIATE


def test_an_uninstall_is_told_late_when_the_setting_says_so() -> None:
    rules = ValidationRules(Environment.DEVELOPMENT, unregistered_delay_seconds=60)
    assert accept(push(), registration(unregistered_at=NOW - 59.9), rules=rules).token == TOKEN
    rejection = refuse(push(), registration(unregistered_at=NOW - 60), rules=rules)
    assert rejection.reason is Reason.UNREGISTERED
    assert rejection.unregistered_at == NOW - 60
    # It was uninstalled before somebody put the clock back.
    rejection = refuse(push(), registration(unregistered_at=NOW + 7200), rules=rules)
    assert rejection.unregistered_at == NOW + 7200


def test_a_token_of_the_other_environment_is_a_bad_one_and_the_detail_says_why() -> None:
    rules = ValidationRules(Environment.PRODUCTION)
    rejection = refuse(push(), rules=rules)
    assert rejection.reason is Reason.BAD_DEVICE_TOKEN
    assert rejection.detail == "a development token, pushed to production"


# -- adoption --------------------------------------------------------------------------------------

ADOPTING = ValidationRules(Environment.PRODUCTION, adopts_unknown_tokens=True)


def adopted(token: DeviceToken) -> Registration:
    draft = draft_of(push(path=f"/3/device/{token}"), rules=ADOPTING)
    for check in CHECKS[:-1]:
        check(draft)
    assert draft.is_adopted
    return draft.registration


def test_an_unknown_token_is_proposed_as_a_new_devices_for_the_topic_it_is_used_with() -> None:
    token = DeviceToken(b"\xab" * 32)
    made = adopted(token)
    assert (made.token, made.topic, made.environment) == (token, TOPIC, Environment.PRODUCTION)
    assert (made.registered_at, made.unregistered_at) == (NOW, None)
    assert made.device.startswith("adopted-abababab-")
    assert made.device == type(made.device).parse(made.device), "a device id like any other"
    assert adopted(token) == made, "the same proposal each time"


def test_tokens_that_begin_alike_are_adopted_as_different_devices() -> None:
    # Tests count their made-up tokens at the end: 00…01, 00…02.
    first, second = DeviceToken(bytes(31) + b"\1"), DeviceToken(bytes(31) + b"\2")
    assert adopted(first).device != adopted(second).device


def test_a_known_token_is_not_adopted() -> None:
    rules = ValidationRules(Environment.DEVELOPMENT, adopts_unknown_tokens=True)
    draft = validate(draft_of(push(), rules=rules))
    assert not draft.is_adopted
    assert draft.registration == registration()


def test_a_malformed_token_is_not_adopted() -> None:
    assert refuse(push(path="/3/device/xyz"), rules=ADOPTING).reason is Reason.BAD_DEVICE_TOKEN


def test_a_token_known_in_the_other_environment_is_not_adopted() -> None:
    assert refuse(push(path=PATH), rules=ADOPTING).reason is Reason.BAD_DEVICE_TOKEN


def test_the_token_of_a_device_that_knows_its_topic_by_hash_is_for_that_topic() -> None:
    by_hash = registration(topic=HashedTopic.of(TOPIC))
    assert accept(push(), by_hash).topic == TOPIC
    rejection = refusal(draft_of(push(apns_topic="com.example.other"), by_hash))
    assert rejection.reason is Reason.DEVICE_TOKEN_NOT_FOR_TOPIC
