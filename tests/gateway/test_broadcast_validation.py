"""Broadcast requests: of every two faults the earlier one gives the reason.

A fault is what it changes in a valid request; two faults that change different things are put
together, and the check that stands earlier must give the reason.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from gateway.broadcast_validation import (
    BroadcastDraft,
    BroadcastGrounds,
    broadcast_of,
    validate_broadcast,
    validate_management,
)
from protocol.broadcast import StoragePolicy
from protocol.identifiers import ApnsId
from protocol.notification import Environment, Priority
from protocol.provider.broadcast import ManagementCall
from protocol.provider.http import HttpRequest
from protocol.provider.rejection import Reason, Rejection
from tests.builders import APNS_ID, BUNDLE_ID, CHANNEL, NOW, PAYLOAD, channel, counting_bytes

if TYPE_CHECKING:
    from protocol.broadcast import Channel
    from protocol.identifiers import BundleId, ChannelId, Topic

NONE, RECENT = StoragePolicy
NEW = b'{"message-storage-policy":1,"push-type":"LiveActivity"}'


@dataclass
class Sender:
    covers: bool = True

    def may_send_to(self, topic: Topic) -> bool:
        assert topic == BUNDLE_ID
        return self.covers


@dataclass
class Known:
    """A directory with one channel, or none."""

    policy: StoragePolicy = RECENT
    is_there: bool = True
    is_enabled: bool = True
    is_fast: bool = False

    def is_enabled_for(self, _bundle_id: BundleId) -> bool:
        return self.is_enabled

    def find(
        self, environment: Environment, bundle_id: BundleId, channel_id: ChannelId
    ) -> Channel | None:
        assert (environment, bundle_id) == (Environment.DEVELOPMENT, BUNDLE_ID)
        is_it = self.is_there and channel_id == CHANNEL
        return channel(policy=self.policy) if is_it else None

    def is_too_fast(self, _channel: Channel, now: float) -> bool:
        assert now == NOW
        return self.is_fast


@dataclass
class Situation:
    """A valid request in a valid world, until faults change either."""

    method: str
    path: str
    headers: dict[str, str | None]
    body: bytes = b""
    known: dict[str, Any] = field(default_factory=dict)
    sender: Sender | None = field(default_factory=Sender)

    def draft(self) -> BroadcastDraft:
        sent = tuple((name, value) for name, value in self.headers.items() if value is not None)
        grounds = BroadcastGrounds(Environment.DEVELOPMENT, Known(**self.known), self._identify)
        return BroadcastDraft(HttpRequest(self.method, self.path, sent, self.body), NOW, grounds)

    def _identify(self, _authorization: str | None, now: float) -> Sender:
        assert now == NOW
        if self.sender is None:
            raise Rejection(Reason.MISSING_PROVIDER_TOKEN, "no token")
        return self.sender


def publishing() -> Situation:
    headers: dict[str, str | None] = {
        "apns-request-id": APNS_ID,
        "apns-channel-id": CHANNEL,
        "apns-push-type": "Liveactivity",
        "apns-expiration": str(int(NOW) + 60),
        "apns-priority": "5",
    }
    return Situation("POST", f"/4/broadcasts/apps/{BUNDLE_ID}", headers, PAYLOAD)


def managing(call: ManagementCall) -> Situation:
    headers: dict[str, str | None] = {"apns-request-id": APNS_ID, "apns-channel-id": CHANNEL}
    body = NEW if call is ManagementCall.CREATE else b""
    return Situation(call.method, f"/1/apps/{BUNDLE_ID}/{call.resource}", headers, body)


Fault = tuple[Reason, dict[str, Any]]

# In the order of the checks.
OF_APP: list[Fault] = [
    (Reason.TOPIC_MISMATCH, {"sender": Sender(covers=False)}),
    (Reason.FEATURE_NOT_ENABLED, {"known": {"is_enabled": False}}),
    (Reason.BAD_MESSAGE_ID, {"headers": {"apns-request-id": "x"}}),
]
PUBLISHING: list[Fault] = [
    (Reason.METHOD_NOT_ALLOWED, {"method": "GET"}),
    (Reason.BAD_PATH, {"path": "/4/broadcasts/"}),
    (Reason.MISSING_PROVIDER_TOKEN, {"sender": None}),
    (Reason.TOPIC_DISALLOWED, {"path": f"/4/broadcasts/apps/{BUNDLE_ID}.push-type.liveactivity"}),
    *OF_APP,
    (Reason.MISSING_CHANNEL_ID, {"headers": {"apns-channel-id": None}}),
    (Reason.BAD_CHANNEL_ID, {"headers": {"apns-channel-id": "x"}}),
    (Reason.MISSING_PUSH_TYPE, {"headers": {"apns-push-type": None}}),
    (Reason.INVALID_PUSH_TYPE, {"headers": {"apns-push-type": "alert"}}),
    (Reason.BAD_EXPIRATION_DATE, {"headers": {"apns-expiration": "x"}}),
    (Reason.BAD_PRIORITY, {"headers": {"apns-priority": "7"}}),
    (Reason.CHANNEL_NOT_REGISTERED, {"known": {"is_there": False}}),
    (Reason.BAD_EXPIRATION_DATE, {"known": {"policy": NONE}}),
    (Reason.PAYLOAD_EMPTY, {"body": b""}),
    (Reason.PAYLOAD_TOO_LARGE, {"body": b"x" * 5121}),
    (Reason.BAD_REQUEST_PAYLOAD, {"body": b"x"}),
    (Reason.TOO_MANY_REQUESTS, {"known": {"is_fast": True}}),
]
MANAGING: list[Fault] = [
    (Reason.METHOD_NOT_ALLOWED, {"method": "PUT"}),
    (Reason.MISSING_PROVIDER_TOKEN, {"sender": None}),
    (Reason.BAD_PATH, {"path": "/1/apps/"}),
    (Reason.TOPIC_DISALLOWED, {"path": "/1/apps/a b/channels"}),
    *OF_APP,
]
OF_ONE_CHANNEL: list[Fault] = [
    *MANAGING,
    (Reason.MISSING_CHANNEL_ID, {"headers": {"apns-channel-id": None}}),
    (Reason.BAD_CHANNEL_ID, {"headers": {"apns-channel-id": "x"}}),
    (Reason.CHANNEL_NOT_REGISTERED, {"known": {"is_there": False}}),
]


def with_faults(situation: Situation, *faults: dict[str, Any]) -> Situation:
    for fault in faults:
        for name, value in fault.items():
            if isinstance(value, dict):
                getattr(situation, name).update(value)
            else:
                setattr(situation, name, value)
    return situation


def are_apart(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether both can be there at once."""
    return all(
        isinstance(value, dict) and value.keys().isdisjoint(other[name])
        for name, value in one.items()
        if name in other
    )


def pairs(faults: list[Fault]) -> list[Any]:
    return [
        pytest.param(first, second, id=f"{first[0].text} before {second[0].text}")
        for first, second in itertools.combinations(faults, 2)
        if are_apart(first[1], second[1])
    ]


def reason_of(validate: Any, situation: Situation) -> Reason:  # noqa: ANN401 - either of two
    with pytest.raises(Rejection) as raised:
        validate(situation.draft())
    assert raised.value.detail, "a refusal tells people why"
    return raised.value.reason


@pytest.mark.parametrize(("reason", "fault"), PUBLISHING)
def test_each_fault_in_a_message_has_its_reason(reason: Reason, fault: dict[str, Any]) -> None:
    assert reason_of(validate_broadcast, with_faults(publishing(), fault)) is reason


@pytest.mark.parametrize(("first", "second"), pairs(PUBLISHING))
def test_of_two_faults_in_a_message_the_earlier_check_decides(first: Fault, second: Fault) -> None:
    situation = with_faults(publishing(), first[1], second[1])
    assert reason_of(validate_broadcast, situation) is first[0]


@pytest.mark.parametrize("call", [ManagementCall.READ, ManagementCall.DELETE])
@pytest.mark.parametrize(("first", "second"), pairs(OF_ONE_CHANNEL))
def test_of_two_faults_about_a_channel_the_earlier_check_decides(
    call: ManagementCall, first: Fault, second: Fault
) -> None:
    situation = with_faults(managing(call), first[1], second[1])
    assert reason_of(validate_management, situation) is first[0]


@pytest.mark.parametrize("call", ManagementCall)
@pytest.mark.parametrize(("reason", "fault"), MANAGING)
def test_each_fault_in_management_has_its_reason(
    call: ManagementCall, reason: Reason, fault: dict[str, Any]
) -> None:
    assert reason_of(validate_management, with_faults(managing(call), fault)) is reason


@pytest.mark.parametrize("call", ManagementCall)
def test_a_valid_request_is_the_call_that_it_says(call: ManagementCall) -> None:
    draft = managing(call).draft()
    assert validate_management(draft) is call
    assert (draft.bundle_id, draft.request_id) == (BUNDLE_ID, ApnsId(APNS_ID))


def test_a_new_channel_is_checked_for_the_app_first() -> None:
    situation = with_faults(managing(ManagementCall.CREATE), {"body": b"{}"}, OF_APP[0][1])
    assert reason_of(validate_management, situation) is Reason.TOPIC_MISMATCH
    situation = with_faults(managing(ManagementCall.CREATE), {"body": b"{}"})
    assert reason_of(validate_management, situation) is Reason.MISSING_PUSH_TYPE


def test_a_valid_message_becomes_a_broadcast() -> None:
    draft = validate_broadcast(publishing().draft())
    made = broadcast_of(draft, ApnsId(APNS_ID), 7, counting_bytes())
    assert (made.apns_id, made.channel_id, made.checkpoint) == (APNS_ID, CHANNEL, 7)
    assert (made.priority, made.received_at, made.expires_at) == (
        Priority.POWER_AWARE,
        NOW,
        NOW + 60,
    )
    assert (made.bundle_id, made.payload) == (BUNDLE_ID, PAYLOAD)


def test_what_apples_table_requires_and_its_example_omits_may_be_absent() -> None:
    absent = {"headers": {"apns-expiration": None, "apns-priority": None, "apns-request-id": None}}
    for policy, waits in ((RECENT, 8 * 3600), (NONE, 0)):
        draft = with_faults(publishing(), absent, {"known": {"policy": policy}}).draft()
        validate_broadcast(draft)
        made = broadcast_of(draft, ApnsId(APNS_ID), 1, counting_bytes())
        assert (made.priority, made.expires_at) == (Priority.IMMEDIATE, NOW + waits)


def test_zero_is_an_expiration_for_every_channel() -> None:
    for policy in StoragePolicy:
        zero = {"headers": {"apns-expiration": "0"}, "known": {"policy": policy}}
        assert validate_broadcast(with_faults(publishing(), zero).draft()).expiration.at == 0
