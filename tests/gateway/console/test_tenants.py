"""Everything that is listed can be listed for one app."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.console.live import EventStream
from gateway.faults.reading import read_rule
from gateway.routing.tenancy import Tenancy
from protocol.identifiers import DeviceId, DeviceToken, Topic
from protocol.notification import Environment
from protocol.tenant import Tenant
from tests.builders import DEVICE, TOKEN, broadcast, push
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    import httpx

APP = "com.example.app"
OTHER = Topic("com.example.other")
OTHERS_PHONE = DeviceId("other-phone")


@pytest.fixture
async def token(console: Console) -> DeviceToken:
    """Of the app on the phone; another one has another app."""
    directory = console.parts.directory
    await directory.mint(OTHERS_PHONE, OTHER, Environment.DEVELOPMENT)
    return await directory.mint(DEVICE, Topic(f"{APP}.voip"), Environment.DEVELOPMENT)


async def listed(client: httpx.AsyncClient, what: str, app: str = APP, **query: str) -> Any:  # noqa: ANN401
    answer = await client.get(f"/api/v1/{what}", params={"bundle_id": app, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def numbers(client: httpx.AsyncClient, what: str, app: str = APP, **query: str) -> list[int]:
    return [each["number"] for each in await listed(client, what, app, **query)]


async def test_pushes_and_requests_of_an_app(console: Console) -> None:
    console.accept(1)
    console.accept(2, request=push(apns_topic=OTHER), topic=OTHER)
    console.accept(3, request=push(apns_topic=f"{APP}.voip"), topic=Topic(f"{APP}.voip"))
    console.reject(push(apns_topic=f"{APP}.complication"))
    console.reject(push(apns_topic=OTHER))
    async with console.client() as client:
        assert await numbers(client, "notifications") == [1, 3]
        assert await numbers(client, "notifications", topic=f"{APP}.voip") == [3]
        assert await numbers(client, "notifications", topic=OTHER) == []
        assert await numbers(client, "notifications", state="Rejected") == [4]
        assert await numbers(client, "requests") == [1, 3, 4]
        assert await numbers(client, "requests", OTHER) == [2, 5]


async def test_broadcasts_and_channels_are_of_the_app_in_their_path(console: Console) -> None:
    published = console.journal.begin(push(path=f"/4/broadcasts/apps/{APP}", apns_topic=None), "")
    console.journal.received(published, broadcast(), None)
    for path in (f"/4/broadcasts/apps/{APP}", f"/1/apps/{APP}/channels", "/1/apps/x/channels"):
        console.reject(push(path=path, apns_topic=None))
    async with console.client() as client:
        assert await numbers(client, "notifications") == [1]
        assert await numbers(client, "requests") == [1, 2, 3]


async def test_without_a_topic_the_token_tells_whose_request_it_is(
    console: Console, token: DeviceToken
) -> None:
    console.reject(push(path=f"/3/device/{token}", apns_topic=None))
    for path in (f"/3/device/{TOKEN}", "/3/device/x", "/", f"/3/device/{token}/x"):
        console.reject(push(path=path, apns_topic=None))
    async with console.client() as client:
        assert await numbers(client, "requests") == [1]


async def test_devices_that_have_an_app(console: Console) -> None:
    phone = await console.host.create_device(None, None, online=True)
    await console.host.create_device(None, None, online=True)
    await console.host.install_app(phone.id, APP, ["alert"])
    async with console.client() as client:
        assert [each["id"] for each in await listed(client, "devices")] == [phone.id]
        assert await listed(client, "devices", OTHER) == []


async def test_rules_that_can_strike_one_app_only(console: Console) -> None:
    for match in (
        {},
        {"bundle_id": APP},
        {"topic": [APP, f"{APP}.voip"]},
        {"topic": [APP, OTHER]},
        {"bundle_id": "com.example.*"},
        {"topic": f"{APP}*"},
        {"push_type": "alert"},
    ):
        console.rules.add(read_rule({"match": match, "action": {"type": "pass"}}))
    async with console.client() as client:
        assert [each["id"] for each in await listed(client, "rules")] == ["2", "3"]
        gone = await client.delete("/api/v1/rules", params={"bundle_id": APP})
        assert gone.status_code == 204
    assert [entry.number for entry in console.rules] == [1, 4, 5, 6, 7]
    assert len(console.rules.requests) == 5


async def test_webhooks_that_are_told_of_one_app_only(console: Console) -> None:
    url = "http://localhost:8080/"
    async with console.client() as client:
        for bundle_id in (APP, None, OTHER):
            await client.post("/api/v1/webhooks", json={"url": url, "bundle_id": bundle_id})
        assert [each["id"] for each in await listed(client, "webhooks")] == ["1"]
        gone = await client.delete("/api/v1/webhooks", params={"bundle_id": APP})
        assert gone.status_code == 204
    assert [hook.number for hook in console.webhooks] == [2, 3]


async def test_connections_are_asked_for_by_tenant(console: Console, token: DeviceToken) -> None:
    asked: list[Tenancy | None] = []

    def connections(tenancy: Tenancy | None) -> dict[str, list[object]]:
        asked.append(tenancy)
        return {"provider": [], "courier": []}

    console.parts = dataclasses.replace(console.parts, connections=connections)
    async with console.client() as client:
        await listed(client, "connections")
        await client.get("/api/v1/connections")
    tenancy, everyone = asked
    assert everyone is None
    assert tenancy is not None
    assert (tenancy.has_device(DEVICE), tenancy.has_device(OTHERS_PHONE)) == (True, False)
    await console.parts.directory.unregister(token)
    assert not tenancy.has_device(DEVICE), "the app is gone"


async def test_events_of_an_app(console: Console, token: DeviceToken) -> None:
    stream, told = _stream(console), list[bytes]()

    async def send(message: Any) -> None:  # noqa: ANN401
        told.append(message.get("body", b""))
        if b"voip" in told[-1]:
            console.parts.closing.set()

    async def receive() -> Any:  # noqa: ANN401
        await trio.sleep_forever()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stream, {}, receive, send)
            await wait_all_tasks_blocked()
            console.accept(1, topic=OTHER)
            console.reject(push(apns_topic=OTHER))
            console.journal.link(OTHERS_PHONE, is_connected=True)
            console.journal.link(DEVICE, is_connected=True)
            console.reject()
            console.accept(2, topic=Topic(f"{APP}.voip"), token=token)
    names = [line for each in told for line in each.splitlines() if line.startswith(b"event")]
    assert names == [b"event: link", b"event: rejected", b"event: push"]


def _stream(console: Console) -> EventStream:
    wanted = Tenancy(Tenant.parse(APP), console.parts.directory).has
    return EventStream(console.journal, console.parts.closing, wanted)


async def test_what_others_do_does_not_drop_the_viewer_of_an_app() -> None:
    console = Console(viewer_capacity=1)
    tenancy = Tenancy(Tenant.parse(APP), console.parts.directory)
    with console.journal.view(tenancy.has) as happenings:
        for number in range(5):
            console.accept(number, topic=OTHER)
        mine = console.reject()
        assert happenings.receive_nowait().happening is mine


@pytest.mark.parametrize(
    "what", ["notifications", "requests", "devices", "rules", "connections", "webhooks"]
)
async def test_an_app_is_named_by_its_bundle_id(console: Console, what: str) -> None:
    async with console.client() as client:
        answer = await client.get(f"/api/v1/{what}", params={"bundle_id": "com/example"})
    assert answer.status_code == 422
    assert "a bundle id is letters" in answer.json()["detail"]
