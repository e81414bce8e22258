from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from starlette.requests import Request
from trio.testing import wait_all_tasks_blocked

from gateway.console.api.common import Search
from gateway.console.rendering import VALUES_AT_ONCE, json_list
from gateway.console.views import push_view
from gateway.records import State
from protocol.identifiers import DeviceId, Topic
from tests.builders import APNS_ID, NOW, PATH, TOKEN, notification, push

if TYPE_CHECKING:
    import httpx
    from starlette.types import Message
    from trio.testing import MockClock

    from tests.gateway.console.consoles import Console

PUSHES = "/api/v1/notifications"


async def numbers(client: httpx.AsyncClient, **query: str | float | list[str]) -> list[int]:
    answer = await client.get(PUSHES, params=query)
    assert answer.status_code == 200, answer.text
    return [each["number"] for each in answer.json()]


async def test_a_push_is_told_with_its_timeline(console: Console) -> None:
    push_sent = console.accept(1, State.STORED_OFFLINE)
    async with console.client() as client:
        [told] = (await client.get(PUSHES)).json()
    assert told == {
        "number": 1,
        "apns_id": push_sent.apns_id,
        "apns_unique_id": push_sent.unique_id,
        "device": "phone",
        "token": str(TOKEN),
        "topic": "com.example.app",
        "push_type": "alert",
        "priority": 10,
        "collapse_id": None,
        "received_at": NOW,
        "expires_at": NOW + 3600,
        "status": 200,
        "reason": "",
        "detail": "",
        "state": "Stored - Device Offline",
        "payload": {"aps": {"alert": "Hello"}},
        "raw_payload": None,
        "timeline": [
            {"state": "Received by APNs", "at": NOW, "detail": ""},
            {"state": "Stored - Device Offline", "at": NOW, "detail": ""},
        ],
        "channel_id": None,
        "audience": None,
        "connection": "provider-1",
        "trace_id": None,
    }


async def test_each_filter_leaves_the_others_out(console: Console) -> None:
    console.accept(1, State.STORED_OFFLINE)
    console.machine_time += 10
    console.accept(2, State.DELIVERED, topic=Topic("other.app"), device=DeviceId("tablet"))
    async with console.client() as client:
        assert await numbers(client) == [1, 2]
        assert await numbers(client, topic="other.app") == [2]
        assert await numbers(client, device="phone") == [1]
        assert await numbers(client, token=str(TOKEN).upper()) == [1, 2]
        assert await numbers(client, token="00") == []
        assert await numbers(client, apns_id=notification(2).apns_id.lower()) == [2]
        assert await numbers(client, state="Delivered to Device") == [2]
        both = ["Delivered to Device", "Stored - Device Offline"]
        assert await numbers(client, state=both) == [1, 2]
        assert await numbers(client, since=NOW + 10) == [2]
        assert await numbers(client, limit=1) == [2]
        assert await numbers(client, before=2) == [1]
        assert await numbers(client, topic="other.app", device="phone") == []


async def test_a_push_is_found_by_what_is_in_it(console: Console) -> None:
    console.accept(
        1, payload=b'{"aps":{"alert":"Gr\\u00fc\\u00dfe","badge":3},"match":{"ids":[7,8]}}'
    )
    console.accept(2, payload=b'{"aps":{"alert":{"title":"Goal 2-0"},"badge":"3"},"live":true}')
    async with console.client() as client:
        assert await numbers(client, text="gr\u00fcsse") == [1]
        assert await numbers(client, text="GOAL") == [2]
        assert await numbers(client, text="badge") == [1, 2]
        assert await numbers(client, text="Corner") == []
        assert await numbers(client, payload="aps.alert.title=Goal*") == [2]
        assert await numbers(client, payload="aps.badge=3") == [1, 2]
        assert await numbers(client, payload="match.ids.1=8") == [1]
        assert await numbers(client, payload="live=true") == [2]
        assert await numbers(client, payload=["aps.badge=*", "live=*"]) == [2]
        assert await numbers(client, payload="aps.alert.subtitle=*") == []


async def test_a_body_that_is_no_json_is_found_by_its_text(console: Console) -> None:
    console.reject(push(body=b"<xml>Hello</xml>"))
    async with console.client() as client:
        assert await numbers(client, state="Rejected", text="<XML>") == [1]
        assert await numbers(client, state="Rejected", payload="aps=*") == []


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"token": "xyz"}, "a device token is an even number of hexadecimal digits"),
        ({"state": "Lost"}, "query.state.0: Input should be 'Received by APNs'"),
        ({"since": "nan"}, "query.since: Input should be a finite number"),
        ({"limit": 0}, "query.limit: Input should be greater than or equal to 1"),
        ({"wait": -1}, "query.wait: Input should be greater than or equal to 0"),
        ({"topik": "x"}, "query.topik: unknown parameter; known: limit, before, wait, count, "),
    ],
)
async def test_a_filter_that_means_nothing_is_an_error(
    console: Console, query: dict[str, str | int], says: str
) -> None:
    async with console.client() as client:
        answer = await client.get(PUSHES, params=query)
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(says)


async def test_a_presented_push_still_counts_as_delivered(console: Console) -> None:
    console.accept(1, State.DELIVERED, State.PRESENTED)
    console.accept(2, State.STORED_OFFLINE, State.DELIVERED_FROM_STORAGE)
    async with console.client() as client:
        assert await numbers(client, state="Delivered to Device") == [1]
        assert await numbers(client, state="Presented") == [1]
        assert await numbers(client, state="Stored - Device Offline") == []
        assert await numbers(client, state="Received by APNs") == []


async def test_refused_requests_are_listed_when_they_are_asked_for(console: Console) -> None:
    console.reject(push(path=f"/3/device/{str(TOKEN).upper()}"))
    console.reject(push(path="/4/other", apns_topic=None))
    console.journal.begin(push(), "provider-1")  # not answered yet
    async with console.client() as client:
        assert await numbers(client) == []
        assert await numbers(client, state="Rejected") == [1, 2]
        assert await numbers(client, state="Rejected", topic="com.example.app") == [1]
        assert await numbers(client, state="Rejected", token=str(TOKEN)) == [1]


async def test_a_push_accepted_before_this_process_has_no_request(console: Console) -> None:
    console.journal.adopt(notification(7), DeviceId("phone"))
    async with console.client() as client:
        told = (await client.get(f"{PUSHES}/{notification(7).apns_id}")).json()
    assert told["request"] is None
    assert told["timeline"][0]["detail"] == "before this gateway started"


async def test_waiting_answers_as_soon_as_enough_match(
    console: Console, autojump_clock: MockClock
) -> None:
    found: list[int] = []

    async def wait(client: httpx.AsyncClient) -> None:
        found.extend(await numbers(client, state="Delivered to Device", wait=60, count=2))

    async with console.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(wait, client)
        await trio.sleep(1)
        console.accept(1, State.DELIVERED)
        await trio.sleep(1)
        assert found == []
        console.accept(2, State.DELIVERED, State.PRESENTED)
        await trio.sleep(0.1)
        assert found == [1, 2]
    assert autojump_clock.current_time() < 3


async def test_waiting_answers_with_what_there_is_when_the_time_is_up(
    console: Console, autojump_clock: MockClock
) -> None:
    console.accept(1)
    async with console.client() as client:
        assert await numbers(client, wait=5, count=2) == [1]
    assert autojump_clock.current_time() >= 5


async def test_waiting_ends_with_the_gateway(console: Console, autojump_clock: MockClock) -> None:
    async with console.client() as client, trio.open_nursery() as nursery:
        nursery.start_soon(lambda: numbers(client, wait=60))
        await wait_all_tasks_blocked()
        console.parts.closing.set()
    assert autojump_clock.current_time() < 1


async def test_a_story_has_the_request_as_received_and_the_answer(console: Console) -> None:
    console.accept(1, request=push(authorization="bearer abc.def.ghi"))
    record = console.journal.find(lambda _: True)[0]
    async with console.client() as client:
        told = (await client.get(f"{PUSHES}/{record.apns_id.lower()}")).json()
    request = told["request"]
    assert (request["method"], request["path"]) == ("POST", PATH)
    assert ["authorization", "bearer [redacted]"] in request["headers"]
    assert ["apns-topic", "com.example.app"] in request["headers"]
    assert request["payload"] == {"aps": {"alert": "Hello"}}
    assert told["answer"] == {
        "status": 200,
        "reason": "",
        "detail": "",
        "apns_id": record.apns_id,
        "apns_unique_id": notification(1).unique_id,
    }
    assert [each["state"] for each in told["timeline"]] == ["Received by APNs"]
    assert "abc.def.ghi" not in str(told)


async def test_of_a_repeated_apns_id_the_newest_is_told_and_the_others_reachable(
    console: Console,
) -> None:
    apns_id = notification(1).apns_id
    for number in (1, 2, 3):
        console.accept(number, apns_id=apns_id)
    async with console.client() as client:
        newest = (await client.get(f"{PUSHES}/{apns_id}")).json()
        oldest = (await client.get(f"{PUSHES}/{apns_id}", params={"number": 1})).json()
        by_unique_id = (await client.get(f"{PUSHES}/{notification(2).unique_id}")).json()
    assert newest["number"] == 3
    assert [each["number"] for each in newest["others"]] == [2, 1]
    assert newest["others"][1] == {
        "number": 1,
        "received_at": NOW,
        "status": 200,
        "state": "Received by APNs",
    }
    assert (oldest["number"], by_unique_id["number"]) == (1, 2)


async def test_a_refused_request_has_a_story_too(console: Console) -> None:
    console.reject(push(body=b"\xff"), apns_id=APNS_ID)
    async with console.client() as client:
        told = (await client.get(f"{PUSHES}/{APNS_ID}")).json()
    assert told["answer"]["reason"] == "BadDeviceToken"
    assert told["request"]["raw_payload"] == "\\xff"
    assert told["topic"] is None


async def test_an_unknown_apns_id_is_not_found(console: Console) -> None:
    console.accept(1)
    async with console.client() as client:
        unknown = await client.get(f"{PUSHES}/{APNS_ID}")
        other = await client.get(f"{PUSHES}/{notification(1).apns_id}", params={"number": 9})
    assert unknown.json()["detail"] == f"the journal has no push with the apns-id {APNS_ID!r}"
    assert other.json()["detail"].endswith("and the number 9")
    assert (unknown.status_code, other.status_code) == (404, 404)


async def test_any_payload_can_be_told(console: Console) -> None:
    for number, payload in enumerate((rb'{"a":"\udfff"}', b'{"a":1e999}', b'{"a":' + b"[" * 900)):
        console.accept(number, payload=payload)
    async with console.client() as client:
        told = (await client.get(PUSHES)).json()
    assert [each["payload"] for each in told] == [{"a": "\udfff"}, {"a": "1e999"}, None]
    assert told[2]["raw_payload"].startswith('{"a":[[[')


async def test_a_long_list_lets_the_gateway_work_in_between(console: Console) -> None:
    for number in range(5 * VALUES_AT_ONCE):
        console.accept(number)
    turns = 0

    async def work() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(work)
        await json_list(push_view(record) for record in console.journal.records())
        nursery.cancel_scope.cancel()
    assert turns >= 2


async def test_requests_are_told_with_their_answers(console: Console) -> None:
    console.accept(1)
    console.machine_time += 10
    console.reject(apns_id=APNS_ID)
    console.journal.begin(push(), "provider-2")
    console.journal.adopt(notification(9), DeviceId("phone"))
    async with console.client() as client:

        async def found(**query: str | float) -> list[int]:
            answer = await client.get("/api/v1/requests", params=query)
            return [each["number"] for each in answer.json()]

        assert await found() == [1, 2, 3]
        assert await found(status=400) == [2]
        assert await found(reason="BadDeviceToken") == [2]
        assert await found(since=NOW + 5) == [2, 3]
        assert await found(limit=1) == [3]
        assert await found(status=400, wait=60) == [2]
        told = (await client.get("/api/v1/requests")).json()
    assert told[1]["detail"] == "no device has this token"
    assert told[2]["status"] is None


async def test_what_became_a_push_and_what_did_not_are_told_apart(console: Console) -> None:
    console.accept(1)
    console.reject()

    async def found(client: httpx.AsyncClient, *, push: bool) -> list[int]:
        answer = await client.get("/api/v1/requests", params={"push": push})
        return [each["number"] for each in answer.json()]

    async with console.client() as client:
        assert await found(client, push=True) == [1]
        assert await found(client, push=False) == [2]


async def test_nothing_is_looked_up_for_a_client_that_left_while_it_waited(
    console: Console,
) -> None:
    async def leaves() -> Message:
        return {"type": "http.disconnect"}

    console.accept(1, State.STORED_OFFLINE)
    waiting = Search(console.parts, Request({"type": "http"}, leaves), 100, None, 60.0, 2)
    assert await waiting.find(lambda _: True) == []
    console.parts.closing.set()
    assert len(await waiting.find(lambda _: True)) == 1
