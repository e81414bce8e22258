from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.console.sending import NoAnswerError, SentPush
from gateway.store.store import Registration
from protocol.identifiers import DeviceId, Topic
from protocol.notification import Environment
from tests.builders import DEVICE, NOW, PATH, TOKEN, notification, push

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

PUSHES = "/api/v1/notifications"
ANSWER = {
    "status": 200,
    "reason": "",
    "apns_id": "an-apns-id",
    "apns_unique_id": "a-unique-id",
}


async def resend(console: Console, apns_id: str, body: object = None, **query: Any) -> Any:  # noqa: ANN401
    async with console.client() as client:
        answer = await client.post(f"{PUSHES}/{apns_id}/resend", json=body, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_push_is_sent_as_it_was_given(console: Console) -> None:
    body = {
        "path": PATH,
        "headers": {"apns-topic": "com.example.app", "X-Note": "é"},
        "payload": {"aps": {"alert": "Grüße"}},
        "environment": "production",
    }
    async with console.client() as client:
        answer = await client.post(PUSHES, json=body)
    assert answer.json() == ANSWER
    [sent] = console.sent
    assert sent.path == PATH
    assert sent.headers == (("apns-topic", "com.example.app"), ("x-note", "Ã©"))
    assert sent.body == '{"aps":{"alert":"Grüße"}}'.encode()
    assert sent.environment is Environment.PRODUCTION


async def test_a_refused_push_is_an_answer_too(console: Console) -> None:
    console.push_answer = SentPush(400, "BadDeviceToken", "x", None)
    async with console.client() as client:
        answer = await client.post(PUSHES, json={"path": PATH, "raw_payload": "no JSON"})
    assert (answer.status_code, answer.json()["status"]) == (200, 400)
    assert console.sent[0].body == b"no JSON"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"path": PATH}, "expected either payload or raw_payload"),
        ({"path": PATH, "payload": {}, "raw_payload": ""}, "expected either payload or raw"),
        ({"path": "elsewhere", "payload": {}}, "body.path"),
        ({"path": "/3/device/ä b", "payload": {}}, "body.path"),
    ],
)
async def test_what_cannot_be_sent_is_refused(
    console: Console, body: dict[str, object], says: str
) -> None:
    async with console.client() as client:
        answer = await client.post(PUSHES, json=body)
    assert answer.status_code == 422
    assert says in answer.json()["detail"]
    assert console.sent == []


async def test_a_device_knows_its_environment(console: Console) -> None:
    here = Registration(TOKEN, DEVICE, Topic("com.example.app"), Environment.PRODUCTION, NOW)
    await console.parts.directory.adopt(here)
    async with console.client() as client:
        await client.post(PUSHES, json={"path": PATH, "payload": {}})
        await client.post(PUSHES, json={"path": "/3/device/" + "ff" * 32, "payload": {}})
    assert [each.environment for each in console.sent] == ["production", "development"]


async def test_the_same_goes_out_again_but_for_its_name_and_credentials(console: Console) -> None:
    request = push(authorization="bearer secret", **{"apns-id": "mine", "apns-priority": "5"})
    accepted = console.accept(1, request=request)
    assert await resend(console, accepted.apns_id) == ANSWER
    [sent] = console.sent
    names = dict(sent.headers)
    assert not {"authorization", "apns-id"} & set(names)
    assert names["apns-priority"] == "5"
    assert (sent.path, sent.body) == (request.path, request.body)


async def test_what_is_changed_replaces_what_was(console: Console) -> None:
    accepted = console.accept(1, request=push(**{"apns-priority": "5", "apns-expiration": "1"}))
    changes = {
        "headers": {"Apns-Priority": "10", "apns-expiration": None, "apns-collapse-id": "x"},
        "payload": {"aps": {"alert": "New"}},
        "environment": "production",
    }
    await resend(console, accepted.apns_id, changes)
    [sent] = console.sent
    names = dict(sent.headers)
    assert (names["apns-priority"], names["apns-collapse-id"]) == ("10", "x")
    assert "apns-expiration" not in names
    assert sent.body == b'{"aps":{"alert":"New"}}'
    assert sent.environment is Environment.PRODUCTION


async def test_a_header_can_change_and_the_payload_stay(console: Console) -> None:
    request = push(body=b"\xff no JSON")
    record = console.reject(request, "mine")
    await resend(console, "mine", {"headers": {"apns-topic": "other"}}, number=record.number)
    assert console.sent[0].body == b"\xff no JSON"


async def test_a_push_of_an_earlier_process_is_made_of_what_is_known(console: Console) -> None:
    known = notification(1)
    console.journal.adopt(known, DeviceId("phone"))
    await resend(console, known.apns_id)
    [sent] = console.sent
    assert sent.path == PATH
    assert dict(sent.headers) == {
        "apns-push-type": "alert",
        "apns-priority": "10",
        "apns-expiration": str(int(NOW + 3600)),
        "apns-topic": "com.example.app",
    }
    assert sent.body == known.payload


async def test_what_is_no_push_is_not_sent_again(console: Console) -> None:
    console.reject(push(method="GET"), "mine")
    async with console.client() as client:
        answer = await client.post(f"{PUSHES}/mine/resend")
        both = await client.post(f"{PUSHES}/mine/resend", json={"payload": {}, "raw_payload": ""})
        unknown = await client.post(f"{PUSHES}/none/resend")
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("is no push")
    assert (both.status_code, unknown.status_code) == (422, 404)


async def test_no_answer_is_a_bad_gateway(console: Console) -> None:
    console.push_answer = NoAnswerError("it hung up")
    accepted = console.accept(1)
    async with console.client() as client:
        answer = await client.post(f"{PUSHES}/{accepted.apns_id}/resend")
    assert (answer.status_code, answer.json()["detail"]) == (502, "it hung up")


async def test_a_payload_is_had_byte_for_byte_and_is_no_page(console: Console) -> None:
    console.reject(push(body=b"<script>\xff"), "mine")
    known = notification(1)
    console.journal.adopt(known, DeviceId("phone"))
    async with console.client() as client:
        answer = await client.get(f"{PUSHES}/mine/payload")
        earlier = await client.get(f"{PUSHES}/{known.apns_id}/payload")
    assert answer.content == b"<script>\xff"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"] == "attachment"
    assert earlier.content == known.payload
