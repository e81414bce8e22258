from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from protocol.identifiers import ApnsId, CollapseId, DeviceToken, Topic
from protocol.notification import Expiration, Priority, PushType
from protocol.provider import request as read
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable

ID = "eabeae54-14a8-11e5-b60b-1697f925ec7b"


def refused(part: Callable[[], object]) -> Reason:
    with pytest.raises(Rejection) as raised:
        part()
    assert raised.value.detail, "a refusal tells people why"
    return raised.value.reason


def as_received(text: str) -> str:
    """What the HTTP/2 shell makes of a header that a client wrote in UTF-8."""
    return text.encode("utf-8").decode("latin-1")


def test_of_a_repeated_header_the_first_value_counts() -> None:
    headers = (("apns-id", "first"), ("accept", "*/*"), ("apns-id", "second"))
    assert read.headers_of(headers) == {"apns-id": "first", "accept": "*/*"}


def test_a_path_names_a_token_be_it_one_or_not() -> None:
    assert read.token_in("/3/device/ABCD") == "abcd"
    assert read.token_in("/3/device/") == ""
    assert read.token_in("/4/broadcasts/apps/com.example") is None


@pytest.mark.parametrize(
    ("path", "token"),
    [
        ("/3/device/abcd", "abcd"),
        ("/3/device/", ""),
        ("/3/device", ""),
        ("/3/device/not hex", "not hex"),
        ("/3/device/abcd?x=1", "abcd?x=1"),
    ],
)
def test_the_token_is_what_follows_in_the_path(path: str, token: str) -> None:
    assert read.read_path(path) == token


@pytest.mark.parametrize(
    "path",
    ["", "/", "*", "/3", "/3/", "/3/devices/ab", "/3/deviceab", "/2/device/ab", "/3/device/ab/",
     "/3/device//", "/3/device/ab/cd", "/3/Device/ab", "3/device/ab", "/4/broadcasts/apps/x"],
)  # fmt: skip
def test_any_other_path_is_a_bad_one(path: str) -> None:
    assert refused(lambda: read.read_path(path)) is Reason.BAD_PATH


@pytest.mark.parametrize("name", sorted(read.DESCRIBING_HEADERS))
def test_a_describing_header_must_not_repeat_not_even_with_the_same_value(name: str) -> None:
    headers = ((name, "x"), ("user-agent", "y"), (name, "x"))
    assert refused(lambda: read.refuse_repeated(headers)) is Reason.DUPLICATE_HEADERS


def test_the_describing_headers_are_those_of_apples_table() -> None:
    assert {
        "authorization",
        "apns-id",
        "apns-push-type",
        "apns-expiration",
        "apns-priority",
        "apns-topic",
        "apns-collapse-id",
    } == read.DESCRIBING_HEADERS


def test_other_headers_may_repeat() -> None:
    read.refuse_repeated((("cookie", "a"), ("cookie", "b"), ("apns-id", "x")))
    read.refuse_repeated(())


@pytest.mark.parametrize("text", [ID, ID.upper(), ID[:18] + ID[18:].upper()])
def test_an_apns_id_is_taken_in_either_case(text: str) -> None:
    assert read.read_apns_id({"apns-id": text}) == ApnsId(text)


def test_an_apns_id_may_be_absent() -> None:
    assert read.read_apns_id({}) is None


@pytest.mark.parametrize("text", ["", "1", ID.replace("-", ""), ID + "0"])
def test_another_apns_id_is_a_bad_message_id(text: str) -> None:
    assert refused(lambda: read.read_apns_id({"apns-id": text})) is Reason.BAD_MESSAGE_ID


@pytest.mark.parametrize("size", [1, 16, 32, 54, 100])
def test_a_token_of_any_length_is_well_formed(size: int) -> None:
    assert read.read_device_token("AB" * size) == DeviceToken(b"\xab" * size)


@pytest.mark.parametrize("text", ["a", "aaa", "xyz", "ab?", "ab" * 101])
def test_a_malformed_token_is_a_bad_device_token(text: str) -> None:
    assert refused(lambda: read.read_device_token(text)) is Reason.BAD_DEVICE_TOKEN


def test_an_expiration_is_read_and_may_be_absent() -> None:
    assert read.read_expiration({}) == Expiration(None)
    assert read.read_expiration({"apns-expiration": "0"}) == Expiration(0)
    assert read.read_expiration({"apns-expiration": "1790000000"}) == Expiration(1790000000)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", str(2**63), "9" * 5000])
def test_another_expiration_is_a_bad_one(text: str) -> None:
    headers = {"apns-expiration": text}
    assert refused(lambda: read.read_expiration(headers)) is Reason.BAD_EXPIRATION_DATE


@pytest.mark.parametrize("priority", Priority)
def test_a_priority_is_10_5_or_1(priority: Priority) -> None:
    assert read.read_priority({"apns-priority": str(int(priority))}) is priority


def test_a_priority_may_be_absent() -> None:
    assert read.read_priority({}) is None


@pytest.mark.parametrize("text", ["", "0", "7", "05", "010", "10.0", "high", "+5", " 5"])
def test_another_priority_is_a_bad_one(text: str) -> None:
    assert refused(lambda: read.read_priority({"apns-priority": text})) is Reason.BAD_PRIORITY


@pytest.mark.parametrize("push_type", PushType)
def test_every_push_type_of_apples_table_is_known(push_type: PushType) -> None:
    assert read.read_push_type({"apns-push-type": push_type.value}) is push_type


def test_a_push_type_may_be_absent() -> None:
    assert read.read_push_type({}) is None


@pytest.mark.parametrize("text", ["", "Alert", "toast", "silent", "alert ", "live-activity"])
def test_another_push_type_is_invalid(text: str) -> None:
    headers = {"apns-push-type": text}
    assert refused(lambda: read.read_push_type(headers)) is Reason.INVALID_PUSH_TYPE


@pytest.mark.parametrize("text", ["news", "x" * 64, "é" * 32, "новости", "🙂" * 16])
def test_a_collapse_id_is_read_as_the_text_that_the_client_wrote(text: str) -> None:
    headers = {"apns-collapse-id": as_received(text)}
    assert read.read_collapse_id(headers) == CollapseId(text)


def test_a_collapse_id_that_is_not_utf_8_keeps_its_bytes() -> None:
    # Node writes header values in Latin-1: 64 bytes are 64 bytes.
    found = read.read_collapse_id({"apns-collapse-id": "é" * 64})
    assert found is not None
    assert found.encode("utf-8", "surrogateescape") == b"\xe9" * 64


@pytest.mark.parametrize("headers", [{}, {"apns-collapse-id": ""}])
def test_an_absent_or_empty_collapse_id_collapses_nothing(headers: dict[str, str]) -> None:
    assert read.read_collapse_id(headers) is None


@pytest.mark.parametrize("text", ["x" * 65, "é" * 33, "🙂" * 17])
def test_a_collapse_id_over_64_bytes_is_a_bad_one(text: str) -> None:
    headers = {"apns-collapse-id": as_received(text)}
    assert refused(lambda: read.read_collapse_id(headers)) is Reason.BAD_COLLAPSE_ID


def test_a_topic_is_read() -> None:
    assert read.read_topic({"apns-topic": "com.example.app"}) == Topic("com.example.app")


@pytest.mark.parametrize("headers", [{}, {"apns-topic": ""}])
def test_an_absent_or_empty_topic_is_missing(headers: dict[str, str]) -> None:
    assert read.read_topic(headers) is None


@pytest.mark.parametrize(
    "text",
    ["com example", " ", "com..app", ".com.app", "com.app.", "com.é", "x" * 256, "!!!", "!", "<>",
     "com/app", "com.app!", "com.a\tb", "*"],
)  # fmt: skip
def test_a_malformed_topic_is_a_bad_one(text: str) -> None:
    assert refused(lambda: read.read_topic({"apns-topic": text})) is Reason.BAD_TOPIC


@pytest.mark.parametrize("text", ["<com.example.app>", "!com.example.app", "$com.example.app"])
def test_a_topic_with_a_mark_stuck_to_it_is_one_that_nobody_owns(text: str) -> None:
    # Measured: node-apn#479 (angle brackets), alloy/lowdown#23 (the DER length before the topic).
    assert refused(lambda: read.read_topic({"apns-topic": text})) is Reason.TOPIC_DISALLOWED


@pytest.mark.parametrize("push_type", [each for each in PushType if each.topic_suffix])
def test_a_missing_push_type_is_told_by_the_topic(push_type: PushType) -> None:
    assert read.infer_push_type(Topic(push_type.topic_of("com.example.app"))) is push_type


def test_a_plain_topic_without_push_type_is_an_alert() -> None:
    assert read.infer_push_type(Topic("com.example.app")) is PushType.ALERT


@pytest.mark.parametrize("push_type", PushType)
def test_the_topic_of_a_push_type_is_accepted(push_type: PushType) -> None:
    read.refuse_wrong_suffix(Topic(push_type.topic_of("com.example.app")), push_type)


@pytest.mark.parametrize("push_type", [each for each in PushType if each.topic_suffix])
@pytest.mark.parametrize("topic", ["com.example.app", "com.example.app.other", "suffix alone"])
def test_a_topic_without_its_push_types_suffix_is_disallowed(
    push_type: PushType, topic: str
) -> None:
    wrong = Topic(push_type.topic_suffix if topic == "suffix alone" else topic)
    assert refused(lambda: read.refuse_wrong_suffix(wrong, push_type)) is Reason.TOPIC_DISALLOWED


@pytest.mark.parametrize(
    ("push_type", "topic"),
    [
        (PushType.VOIP, "com.example.app.voip-ptt"),
        (PushType.PUSH_TO_TALK, "com.example.app.voip"),
    ],
)
def test_voip_and_push_to_talk_are_not_mistaken_for_each_other(
    push_type: PushType, topic: str
) -> None:
    reason = refused(lambda: read.refuse_wrong_suffix(Topic(topic), push_type))
    assert reason is Reason.TOPIC_DISALLOWED


@pytest.mark.parametrize("push_type", PushType)
def test_a_payload_of_exactly_the_limit_fits_and_one_byte_more_does_not(
    push_type: PushType,
) -> None:
    limit = 5120 if push_type is PushType.VOIP else 4096
    fits = b'{"a":"%s"}' % (b"x" * (limit - 8))
    assert len(fits) == limit
    assert read.read_payload(fits, push_type) == fits
    assert refused(lambda: read.read_payload(fits + b" ", push_type)) is Reason.PAYLOAD_TOO_LARGE


@pytest.mark.parametrize("body", [b"", b"[]", b"text", b'{"a":', b"\xff", b"null"])
def test_a_body_that_is_no_json_dictionary_is_no_payload(body: bytes) -> None:
    assert refused(lambda: read.read_payload(body, PushType.ALERT)) is Reason.PAYLOAD_EMPTY


def test_too_large_comes_before_not_json() -> None:
    assert refused(lambda: read.read_payload(b"x" * 4097, PushType.ALERT)) is (
        Reason.PAYLOAD_TOO_LARGE
    )
