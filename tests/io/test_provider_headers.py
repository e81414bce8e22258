"""The headers and body of a device push, row by row: reference/apns-provider-api.md §2.1, §2.3.

Over TLS to a whole gateway. Each test begins with the name of its header. Provider tokens have
their own table (test_provider_keys.py), the values of ``apns-push-type`` too (test_push_types.py).
"""

# ruff: noqa: ANN401 - settings and headers are passed on by name

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from certs.provider_certificate import Kind
from gateway.choices import UnknownTokens
from gateway.records import State
from protocol.notification import MAX_STORAGE_SECONDS
from tests.e2e.world import TOPIC, until
from tests.io.provider_desk import APNS_ID, BODY, desk

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.host.views import ReceivedView
    from gateway.records import Record
    from tests.io.provider_desk import Desk
    from tests.io.streams import Answered, Provider

OK = (200, "")
DAY = 24 * 3600


def said(answer: Answered) -> tuple[int, str]:
    return answer.status, "" if answer.status == 200 else answer.reason


async def received(provider: Desk, count: int) -> list[ReceivedView]:
    """What the app has got, once there is so much."""
    devices = provider.here.devices
    [phone] = devices.list_devices()
    await until(lambda: len(devices.notifications(phone.id)) == count)
    return list(devices.notifications(phone.id))


async def judged(provider: Desk, **request: Any) -> Record:
    """The gateway's own record of a push that it takes."""
    assert said(await provider.ask(**request)) == OK
    [record] = provider.here.gateway.journal.find(lambda _: True, limit=1)
    return record


async def go_away(provider: Desk) -> None:
    [phone] = provider.here.devices.list_devices()
    await provider.here.switch(phone.id, online=False)


# -- :method and :path -----------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "post"])
async def test_method_is_post_or_it_is_not_allowed(tmp_path: Path, method: str) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        answer = await provider.ask(line, method=method)
        assert said(answer) == (405, "MethodNotAllowed")
        assert said(await provider.ask(line, method="POST")) == OK


@pytest.mark.parametrize(
    ("form", "verdict"),
    [
        ("/3/device/{token}", OK),
        ("/3/device/{TOKEN}", OK),
        ("/", (404, "BadPath")),
        ("/3", (404, "BadPath")),
        ("/2/device/{token}", (404, "BadPath")),
        ("/3/devices/{token}", (404, "BadPath")),
        ("/3/DEVICE/{token}", (404, "BadPath")),
        ("/3/device//{token}", (404, "BadPath")),
        ("/3/device/{token}/", (404, "BadPath")),
        ("/3/device/{token}/more", (404, "BadPath")),
        ("/3/device/", (400, "MissingDeviceToken")),
        ("/3/device", (400, "MissingDeviceToken")),
        ("/3/device/xyz", (400, "BadDeviceToken")),
        ("/3/device/abc", (400, "BadDeviceToken")),
        ("/3/device/%61%62", (400, "BadDeviceToken")),
        ("/3/device/{token}?sandbox", (400, "BadDeviceToken")),
        ("/3/device/" + "ab" * 32, (400, "BadDeviceToken")),
        ("/3/device/" + "ab" * 101, (400, "BadDeviceToken")),
    ],
)
async def test_path_is_3_device_and_a_token_in_hexadecimal(
    tmp_path: Path, form: str, verdict: tuple[int, str]
) -> None:
    async with desk(tmp_path) as provider:
        path = form.format(token=provider.token, TOKEN=provider.token.upper())
        assert said(await provider.ask(path=path)) == verdict


async def test_path_takes_a_token_of_1_to_100_bytes(tmp_path: Path) -> None:
    """Apple: "of variable length"; 54 bytes have been seen (rpush#462)."""
    async with desk(tmp_path, unknown_tokens=UnknownTokens.ADOPT) as provider:
        line = await provider.dial()
        for size in (1, 31, 32, 54, 100):
            answer = await provider.ask(line, path="/3/device/" + "ab" * size)
            assert said(answer) == OK, size
        answer = await provider.ask(line, path="/3/device/" + "ab" * 101)
        assert said(answer) == (400, "BadDeviceToken")


# -- authorization ---------------------------------------------------------------------------------


async def test_authorization_is_needed_without_a_certificate_and_ignored_with_one(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask()) == OK
        answer = await provider.ask(authorization=None)
        assert said(answer) == (403, "MissingProviderToken")
        line = await provider.dial(certificate=provider.certificate())
        for authorization in (None, "bearer nonsense", provider.bearer(age=4000)):
            assert said(await provider.ask(line, authorization=authorization)) == OK


# -- apns-id ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("apns_id", [APNS_ID, APNS_ID.lower(), APNS_ID.upper()])
async def test_apns_id_is_echoed_byte_for_byte_in_either_case(tmp_path: Path, apns_id: str) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        accepted = await provider.ask(line, apns_id=apns_id)
        refused = await provider.ask(line, apns_id=apns_id, apns_topic=None)
        assert (accepted.status, accepted.headers["apns-id"]) == (200, apns_id)
        assert (refused.status, refused.headers["apns-id"]) == (400, apns_id)
        [push] = await received(provider, 1)
        assert push.apns_id == apns_id, "and the device hears it"


@pytest.mark.parametrize(
    "apns_id",
    [
        "1",
        APNS_ID.replace("-", ""),
        APNS_ID.replace("-", "_"),
        APNS_ID[:-1],
        APNS_ID + "0",
        APNS_ID.replace("E", "G", 1),
        f"{{{APNS_ID}}}",
        f"urn:uuid:{APNS_ID}",
    ],
)
async def test_apns_id_that_is_no_canonical_uuid_is_a_bad_message_id(
    tmp_path: Path, apns_id: str
) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(apns_id=apns_id)
        assert said(answer) == (400, "BadMessageId")
        assert answer.headers["apns-id"] == apns_id


async def test_apns_id_left_out_is_made_by_the_server_and_each_is_another(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        answers = [await provider.ask(line, apns_id=None) for _ in range(3)]
        made = [answer.headers["apns-id"] for answer in answers]
        assert len(set(made)) == 3
        for apns_id in made:
            assert re.fullmatch("[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", apns_id)
        assert [push.apns_id for push in await received(provider, 3)] == made


# -- apns-push-type --------------------------------------------------------------------------------


@pytest.mark.parametrize("push_type", ["", "toast", "Alert", "ALERT", "live-activity", "10"])
async def test_apns_push_type_of_another_value_is_invalid(tmp_path: Path, push_type: str) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(apns_push_type=push_type)
        assert said(answer) == (400, "InvalidPushType")


async def test_apns_push_type_left_out_is_accepted_and_is_an_alert(tmp_path: Path) -> None:
    """Measured in 2021 with tokens of iOS."""
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(apns_push_type=None)) == OK
        [push] = await received(provider, 1)
        assert push.push_type == "alert"


# -- apns-expiration -------------------------------------------------------------------------------


async def test_apns_expiration_is_unix_seconds_until_when_it_is_stored(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        await go_away(provider)
        at = int(provider.here.clock.now()) + 3600
        record = await judged(provider, apns_expiration=str(at))
        assert record.notification is not None
        assert (record.state, record.notification.expires_at) == (State.STORED_OFFLINE, at)


async def test_apns_expiration_0_is_one_attempt_and_never_stored(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(apns_expiration="0")) == OK
        await received(provider, 1)
        await go_away(provider)
        record = await judged(provider, apns_expiration="0")
        assert record.state is State.DISCARDED_EXPIRED


async def test_apns_expiration_left_out_is_stored_for_30_days(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        await go_away(provider)
        provider.here.clock.freeze()
        now = provider.here.clock.now()
        record = await judged(provider)
        assert record.notification is not None
        assert record.state is State.STORED_OFFLINE
        assert record.notification.expires_at == now + 30 * DAY
        assert MAX_STORAGE_SECONDS == 30 * DAY


async def test_apns_expiration_in_the_past_expires_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        await go_away(provider)
        record = await judged(provider, apns_expiration="1600000000")
        assert record.state is State.DISCARDED_EXPIRED


@pytest.mark.parametrize("expiration", ["", "soon", "1.5", "-1", "+1", "1e9", "0x10", str(2**63)])
async def test_apns_expiration_that_is_no_whole_number_is_a_bad_one(
    tmp_path: Path, expiration: str
) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(apns_expiration=expiration)
        assert said(answer) == (400, "BadExpirationDate")


# -- apns-priority ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("priority", "told"), [("10", 10), ("5", 5), ("1", 1), pytest.param(None, 10, id="left out")]
)
async def test_apns_priority_is_10_5_or_1_and_10_when_left_out(
    tmp_path: Path, priority: str | None, told: int
) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(apns_priority=priority)) == OK
        [push] = await received(provider, 1)
        assert push.priority == told


@pytest.mark.parametrize("priority", ["", "0", "2", "11", "05", "-5", "5.0", "high"])
async def test_apns_priority_of_another_value_is_a_bad_one(tmp_path: Path, priority: str) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(apns_priority=priority)
        assert said(answer) == (400, "BadPriority")


# -- apns-topic ------------------------------------------------------------------------------------


async def test_apns_topic_is_needed_with_a_token_and_with_a_certificate_of_several(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(apns_topic=TOPIC)) == OK
        missing = (400, "MissingTopic")
        assert said(await provider.ask(apns_topic=None)) == missing
        assert said(await provider.ask(apns_topic="")) == missing
        for kind, verdict in ((Kind.UNIVERSAL, missing), (Kind.APP, OK)):
            line = await provider.dial(certificate=provider.certificate(kind))
            assert said(await provider.ask(line, authorization=None, apns_topic=None)) == verdict


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        pytest.param("com example app", "BadTopic", id="malformed: a space"),
        pytest.param("com..app", "BadTopic", id="malformed: an empty part"),
        pytest.param("com.exämple.app", "BadTopic", id="malformed: a letter that is not ASCII"),
        pytest.param("a" * 256, "BadTopic", id="malformed: 256 characters"),
        pytest.param(f"<{TOPIC}>", "TopicDisallowed", id="not permitted: in angle brackets"),
        pytest.param("com.example.other", "DeviceTokenNotForTopic", id="of another app"),
        pytest.param(TOPIC.upper(), "DeviceTokenNotForTopic", id="in capitals"),
    ],
)
async def test_apns_topic_is_a_bundle_id_and_the_tokens_own(
    tmp_path: Path, topic: str, reason: str
) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(apns_topic=topic)) == (400, reason)


async def test_apns_topic_that_the_key_does_not_permit_is_disallowed(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        narrow = provider.new_key(topics=frozenset({"com.example.other"}))
        answer = await provider.ask(authorization=provider.bearer(narrow))
        assert said(answer) == (400, "TopicDisallowed")


# -- apns-collapse-id ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text", ["x", "x" * 64, "ä" * 32, "🍎" * 16], ids=["1", "64", "32 of 2", "16 of 4"]
)
async def test_apns_collapse_id_of_64_bytes_reaches_the_device(tmp_path: Path, text: str) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(apns_collapse_id=text)) == OK
        [push] = await received(provider, 1)
        assert push.collapse_id == text


@pytest.mark.parametrize(
    "text", ["x" * 65, "ä" * 32 + "x", "🍎" * 17], ids=["65", "32 of 2, and 1", "17 of 4"]
)
async def test_apns_collapse_id_over_64_bytes_is_a_bad_one(tmp_path: Path, text: str) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(apns_collapse_id=text)
        assert said(answer) == (400, "BadCollapseId")


# -- repeated, and others --------------------------------------------------------------------------

DESCRIBING: dict[str, str] = {
    "apns-id": APNS_ID,
    "apns-push-type": "alert",
    "apns-expiration": "0",
    "apns-priority": "10",
    "apns-topic": TOPIC,
    "apns-collapse-id": "news",
}


@pytest.mark.parametrize("name", [*DESCRIBING, "authorization"])
async def test_repeated_header(tmp_path: Path, name: str) -> None:
    """The same value twice is twice too."""
    async with desk(tmp_path) as provider:
        sent = DESCRIBING | {"authorization": provider.bearer()}
        usual: dict[str, Any] = {each.replace("-", "_"): value for each, value in sent.items()}
        line = await provider.dial()
        answer = await provider.ask(line, more=((name, sent[name]),), **usual)
        assert said(answer) == (400, "DuplicateHeaders")
        assert said(await provider.ask(line, **usual)) == OK


async def test_other_headers_are_ignored_and_may_repeat(tmp_path: Path) -> None:
    """Measured: curl's 200s of 2021. apns-channel-id and apns-request-id are for broadcasts."""
    async with desk(tmp_path) as provider:
        more = (
            ("content-type", "application/x-www-form-urlencoded"),
            ("user-agent", "curl/7.64.1"),
            ("accept", "*/*"),
            ("accept", "text/html"),
            ("cookie", "a=1"),
            ("cookie", "b=2"),
            ("apns-channel-id", "no base64"),
            ("apns-request-id", "no uuid"),
        )
        answer = await provider.ask(more=more)
        assert said(answer) == OK
        assert list(answer.headers) == [":status", "apns-id", "apns-unique-id"]


# -- §2.3: the body --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        pytest.param(BODY, OK, id="a dictionary"),
        pytest.param('{"aps":{"alert":"Grüße 🍎"}}'.encode(), OK, id="in UTF-8"),
        pytest.param(b' \n{ "aps" : { } }\r\n', OK, id="with white space"),
        pytest.param(b"{}", OK, id="an empty dictionary"),
        pytest.param('{"aps":"Grüße"}'.encode("latin-1"), (400, "PayloadEmpty"), id="in Latin-1"),
        pytest.param('{"aps":{}}'.encode("utf-16"), (400, "PayloadEmpty"), id="in UTF-16"),
        pytest.param(b"\x1f\x8b\x08\x00", (400, "PayloadEmpty"), id="compressed"),
        pytest.param(b'{"aps":', (400, "PayloadEmpty"), id="half a dictionary"),
        pytest.param(b"[]", (400, "PayloadEmpty"), id="no dictionary"),
        pytest.param(b" ", (400, "PayloadEmpty"), id="white space alone"),
    ],
)
async def test_body_is_a_json_dictionary_in_utf_8_uncompressed(
    tmp_path: Path, body: bytes, verdict: tuple[int, str]
) -> None:
    async with desk(tmp_path) as provider:
        assert said(await provider.ask(body=body)) == verdict


async def test_body_of_no_bytes_is_an_empty_payload_with_or_without_a_data_frame(
    tmp_path: Path,
) -> None:
    """node-apn sends an empty DATA frame for a payload of ``{}``."""
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        assert said(await provider.ask(line, body=None)) == (400, "PayloadEmpty")
        answer = await line.answer(await send_empty_data(provider, line))
        assert said(answer) == (400, "PayloadEmpty")


async def send_empty_data(provider: Desk, line: Provider) -> int:
    number: int = line.core.get_next_available_stream_id()
    headers = [
        (":method", "POST"),
        (":scheme", "https"),
        (":path", f"/3/device/{provider.token}"),
        ("authorization", provider.bearer()),
        ("apns-topic", TOPIC),
    ]
    line.core.send_headers(number, headers, end_stream=False)
    line.core.send_data(number, b"", end_stream=True)
    await line.flush()
    return number
