"""The journal as a file: what is in it, how it is named, and that the loop goes on meanwhile."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import trio

from gateway.console.rendering import VALUES_AT_ONCE
from gateway.records import State
from protocol.identifiers import Topic
from protocol.provider.http import HttpRequest, HttpResponse
from tests.builders import APNS_ID, NOW, PATH, notification, push
from tests.gateway.console.har_archive import Archive

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

EXPORT = "/api/v1/export"


async def archive(client: httpx.AsyncClient, **query: str | int) -> list[dict[str, Any]]:
    """The entries of the archive, which is a valid one."""
    answer = await client.get(EXPORT, params={"format": "har", **query})
    assert answer.status_code == 200, answer.text
    Archive.model_validate_json(answer.text, strict=True)
    entries: list[dict[str, Any]] = answer.json()["log"]["entries"]
    return entries


async def lines(client: httpx.AsyncClient, **query: str | int) -> list[dict[str, Any]]:
    answer = await client.get(EXPORT, params={"format": "jsonl", **query})
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


async def test_an_entry_has_the_request_the_answer_and_what_became_of_the_push(
    console: Console,
) -> None:
    accepted = console.accept(1, State.DELIVERED, State.PRESENTED)
    [record] = console.journal.records()
    record.response = HttpResponse(200, (("apns-id", APNS_ID),))
    record.answer_seconds = 0.0125
    async with console.client() as client:
        [entry] = await archive(client)
    assert entry["startedDateTime"] == "2026-09-21T14:13:20.000Z"
    assert (entry["connection"], entry["time"]) == ("provider-1", 12.5)
    assert entry["request"]["url"] == f"https://127.0.0.1:2197{PATH}"
    assert {"name": "authorization", "value": "bearer [redacted]"} in entry["request"]["headers"]
    assert entry["request"]["postData"]["text"] == '{"aps":{"alert":"Hello"}}'
    assert entry["response"]["status"] == 200
    assert entry["response"]["headers"] == [{"name": "apns-id", "value": APNS_ID}]
    story = entry["_apnsim"]
    assert (story["apns_unique_id"], story["state"]) == (accepted.unique_id, "Presented")
    assert [each["state"] for each in story["timeline"]] == [
        "Received by APNs",
        "Delivered to Device",
        "Presented",
    ]


async def test_a_refusal_is_in_the_archive_with_its_very_body(console: Console) -> None:
    console.reject().response = HttpResponse(
        410, (("apns-id", APNS_ID),), b'{"reason":"Unregistered","timestamp":1790000000000}'
    )
    async with console.client() as client:
        [entry] = await archive(client)
    assert entry["response"]["statusText"] == "Gone"
    assert json.loads(entry["response"]["content"]["text"])["timestamp"] == 1790000000000
    assert entry["_apnsim"]["detail"] == "no device has this token"


async def test_what_was_not_answered_has_status_0(console: Console) -> None:
    console.journal.begin(push(), "provider-3")
    async with console.client() as client:
        [entry] = await archive(client)
    assert (entry["response"]["status"], entry["response"]["bodySize"]) == (0, -1)


async def test_no_bytes_of_a_provider_make_the_archive_invalid(console: Console) -> None:
    hostile = HttpRequest("PO\xffST", "/3/\xe9?a=b&c=", (("x-\xff", "\x01\xfe"),), b"\xff{\xed\xa0")
    console.journal.begin(hostile, "provider-1").received_at = 1e18
    async with console.client() as client:
        [entry] = await archive(client)
        [line] = await lines(client)
    assert entry["request"]["queryString"] == [
        {"name": "a", "value": "b"},
        {"name": "c", "value": ""},
    ]
    assert (
        entry["request"]["postData"]["text"] == line["request"]["raw_payload"] == "\\xff{\\xed\\xa0"
    )


async def test_a_push_of_an_earlier_process_is_a_line_and_no_entry(console: Console) -> None:
    console.journal.adopt(notification(1), None)
    console.accept(2)
    async with console.client() as client:
        assert len(await archive(client)) == 1
        assert [line["request"] is None for line in await lines(client)] == [True, False]


async def test_a_line_is_the_story_of_a_push(console: Console) -> None:
    accepted = console.accept(1, State.DELIVERED)
    async with console.client() as client:
        [line] = await lines(client)
        story = (await client.get(f"/api/v1/notifications/{accepted.unique_id}")).json()
    assert line == story


async def test_the_filters_are_those_of_the_lists_and_refusals_belong_to_all(
    console: Console,
) -> None:
    console.accept(1)
    console.accept(2, State.DELIVERED, topic=Topic("com.example.other"))
    console.reject()
    async with console.client() as client:
        assert [line["number"] for line in await lines(client)] == [1, 2, 3]
        assert [line["number"] for line in await lines(client, limit=1)] == [3]
        assert [line["number"] for line in await lines(client, topic="com.example.other")] == [2]
        assert [line["number"] for line in await lines(client, state=State.DELIVERED)] == [2]
        assert [line["number"] for line in await lines(client, since=int(NOW) + 1)] == []
        assert await archive(client, since=int(NOW) + 1) == []
        wrong = await client.get(EXPORT, params={"format": "har", "topik": "x"})
        unknown = await client.get(EXPORT, params={"format": "xml"})
    assert (wrong.status_code, unknown.status_code) == (422, 422)


async def test_the_name_of_the_file_is_ours_whatever_was_asked(console: Console) -> None:
    async with console.client() as client:
        query = {"format": "jsonl", "topic": '../"\r\nx: y'}
        answer = await client.get(EXPORT, params=query)
    named = answer.headers["content-disposition"]
    assert re.fullmatch(r'attachment; filename="apnsim-20260921T141320Z\.jsonl"', named)
    assert answer.headers["content-type"] == "application/x-ndjson"


async def test_the_gateway_goes_on_while_a_large_journal_is_exported(console: Console) -> None:
    for number in range(1, 10 * VALUES_AT_ONCE):
        console.accept(number)
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await trio.lowlevel.checkpoint()

    async with console.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(count_turns)
        assert len(await archive(client)) == 10 * VALUES_AT_ONCE - 1
        nursery.cancel_scope.cancel()
    assert turns > 10


async def test_who_leaves_in_the_middle_leaves_nothing_behind(console: Console) -> None:
    for number in range(1, 3000):
        console.accept(number)
    async with console.served() as url:
        stream = await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))
        await stream.send_all(b"GET /api/v1/export?format=har HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert (await stream.receive_some(15)) == b"HTTP/1.1 200 \r\n"[:15]
        await stream.aclose()
        async with httpx.AsyncClient(base_url=url, timeout=10) as client:
            assert len(await lines(client)) == 2999
