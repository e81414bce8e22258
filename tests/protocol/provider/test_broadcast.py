from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from protocol.broadcast import StoragePolicy
from protocol.identifiers import ApnsId
from protocol.provider import broadcast as read
from protocol.provider.broadcast import ManagementCall
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "eabeae54-14A8-11e5-b60b-1697F925ec7b"


def refused(part: Callable[[], object]) -> Reason:
    with pytest.raises(Rejection) as raised:
        part()
    assert raised.value.detail, "a refusal tells people why"
    return raised.value.reason


def test_what_follows_in_the_path_of_a_broadcast_is_its_app() -> None:
    assert read.read_broadcast_path("/4/broadcasts/apps/com.example.app") == "com.example.app"


@pytest.mark.parametrize(
    "path",
    ["", "/", "/4/broadcasts/apps", "/4/broadcasts/apps/", "/4/broadcasts/apps/a/b",
     "/3/broadcasts/apps/a", "/4/broadcasts/app/a", "4/broadcasts/apps/a"],
)  # fmt: skip
def test_any_other_path_of_a_broadcast_is_a_bad_one(path: str) -> None:
    assert refused(lambda: read.read_broadcast_path(path)) is Reason.BAD_PATH


@pytest.mark.parametrize("resource", ["channels", "all-channels"])
def test_a_management_path_names_app_and_resource(resource: str) -> None:
    assert read.read_management_path(f"/1/apps/a.b/{resource}") == ("a.b", resource)


@pytest.mark.parametrize(
    "path",
    ["", "/", "/1/apps", "/1/apps/", "/1/apps/a", "/1/apps/a/", "/1/apps/a/channel",
     "/1/apps//channels", "/1/apps/a/channels/", "/1/apps/a/channels/x", "/2/apps/a/channels",
     "a/channels", "/1/apps/a/Channels", "/1/apps/a/channels?x=1"],
)  # fmt: skip
def test_any_other_management_path_is_a_bad_one(path: str) -> None:
    assert refused(lambda: read.read_management_path(path)) is Reason.BAD_PATH


@pytest.mark.parametrize("call", ManagementCall)
def test_method_and_resource_are_the_call(call: ManagementCall) -> None:
    assert read.read_management_call(call.method, call.resource) is call


@pytest.mark.parametrize(
    ("method", "resource"),
    [("POST", "all-channels"), ("DELETE", "all-channels"), ("PUT", "channels"), ("", "channels")],
)
def test_any_other_method_is_not_allowed(method: str, resource: str) -> None:
    part = lambda: read.read_management_call(method, resource)  # noqa: E731
    assert refused(part) is Reason.METHOD_NOT_ALLOWED


@pytest.mark.parametrize(
    "text", ["a.b.push-type.liveactivity", ".push-type.liveactivity", "a b", "", "x" * 256, "<a.b>"]
)
def test_a_bundle_id_in_another_form_is_disallowed(text: str) -> None:
    assert refused(lambda: read.read_bundle_id(text)) is Reason.TOPIC_DISALLOWED


def test_a_bundle_id_is_read_as_it_is() -> None:
    assert read.read_bundle_id("com.example.App-1") == "com.example.App-1"


def test_a_request_id_is_kept_as_sent_and_an_apns_id_stands_in_for_it() -> None:
    assert read.read_request_id({"apns-request-id": ID}) == ApnsId(ID)
    assert read.read_request_id({"apns-id": ID}) == ApnsId(ID)
    assert read.read_request_id({"apns-request-id": ID, "apns-id": "other"}) == ApnsId(ID)
    assert read.read_request_id({}) is None


def test_a_request_id_in_another_form_is_a_bad_message_id() -> None:
    for headers in ({"apns-request-id": "x"}, {"apns-id": ID[1:]}):
        assert refused(lambda: read.read_request_id(headers)) is Reason.BAD_MESSAGE_ID  # noqa: B023


def test_a_channel_id_is_base64_and_required() -> None:
    assert read.read_channel_id({"apns-channel-id": "dHN0LXNyY2gtY2hubA=="}) == (
        "dHN0LXNyY2gtY2hubA=="
    )
    assert refused(lambda: read.read_channel_id({})) is Reason.MISSING_CHANNEL_ID
    empty = {"apns-channel-id": ""}
    assert refused(lambda: read.read_channel_id(empty)) is Reason.MISSING_CHANNEL_ID
    bad = {"apns-channel-id": "%"}
    assert refused(lambda: read.read_channel_id(bad)) is Reason.BAD_CHANNEL_ID


@pytest.mark.parametrize("text", ["LiveActivity", "liveactivity", "Liveactivity", "LIVEACTIVITY"])
def test_the_push_type_is_live_activity_in_any_letter_case(text: str) -> None:
    read.read_live_activity(text)


@pytest.mark.parametrize("value", [None, ""])
def test_a_push_type_is_required(value: object) -> None:
    assert refused(lambda: read.read_live_activity(value)) is Reason.MISSING_PUSH_TYPE


@pytest.mark.parametrize("value", ["alert", "live-activity", 1, True, [], {}])
def test_any_other_push_type_is_refused(value: object) -> None:
    assert refused(lambda: read.read_live_activity(value)) is Reason.INVALID_PUSH_TYPE


def test_a_body_is_a_json_dictionary_of_at_most_5120_bytes() -> None:
    largest = b'{"a":"%s"}' % (b"x" * 5112)
    assert len(largest) == 5120
    assert read.read_body(largest) == {"a": "x" * 5112}
    assert refused(lambda: read.read_body(b"")) is Reason.PAYLOAD_EMPTY
    assert refused(lambda: read.read_body(largest + b" ")) is Reason.PAYLOAD_TOO_LARGE
    for body in (b"{", b"[]", b"\xff", b'{"a":NaN}'):
        assert refused(lambda: read.read_body(body)) is Reason.BAD_REQUEST_PAYLOAD  # noqa: B023


@pytest.mark.parametrize(
    ("value", "policy"),
    [
        (b"0", StoragePolicy.NO_MESSAGE_STORED),
        (b'"0"', StoragePolicy.NO_MESSAGE_STORED),
        (b"1", StoragePolicy.MOST_RECENT_MESSAGE_STORED),
        (b'"1"', StoragePolicy.MOST_RECENT_MESSAGE_STORED),
    ],
)
def test_a_new_channel_says_its_policy_as_number_or_text(
    value: bytes, policy: StoragePolicy
) -> None:
    body = b'{"message-storage-policy":%s,"push-type":"LiveActivity"}' % value
    assert read.read_new_channel(body) is policy


@pytest.mark.parametrize("value", [b"2", b"-1", b"true", b"1.0", b"null", b"[]", b"{}", b'"one"'])
def test_any_other_policy_is_what_a_client_has_seen_refused(value: bytes) -> None:
    body = b'{"message-storage-policy":%s,"push-type":"LiveActivity"}' % value
    part = lambda: read.read_new_channel(body)  # noqa: E731
    assert refused(part) is Reason.MISSING_CHANNEL_QUEUE_SIZE


def test_of_several_faults_in_a_new_channel_the_unknown_attribute_is_told_first() -> None:
    orders: list[tuple[Any, Reason]] = [
        (b'{"x":1,"push-type":"alert"}', Reason.BAD_REQUEST_PARAMS),
        (b'{"push-type":"alert"}', Reason.INVALID_PUSH_TYPE),
        (b"{}", Reason.MISSING_PUSH_TYPE),
        (b'{"push-type":"liveactivity"}', Reason.MISSING_CHANNEL_QUEUE_SIZE),
    ]
    for body, reason in orders:
        assert refused(lambda: read.read_new_channel(body)) is reason  # noqa: B023


@pytest.mark.parametrize("policy", StoragePolicy)
def test_a_channel_is_told_as_it_is_made(policy: StoragePolicy) -> None:
    told = read.channel_json(policy)
    assert told == {"message-storage-policy": policy.value, "push-type": "LiveActivity"}
