"""Tenants of one gateway: what a reset of one takes, and that nothing of another is touched."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from time import process_time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId, DeviceId
from protocol.notification import Environment
from protocol.tenant import Tenant
from tests.e2e.world import TOPIC, World, until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

OTHER = "com.example.other"
TENANTS = 8
ROUNDS = 3


@pytest.fixture(params=["memory", "sqlite"])
async def here(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path, store=request.param) as made:
        yield made


@asynccontextmanager
async def api(here: World) -> AsyncIterator[httpx.AsyncClient]:
    url = f"{here.running.console_url}/api/v1/"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=10) as client:
        yield client


async def reset(here: World, bundle_id: str) -> None:
    async with api(here) as client:
        answer = await client.post("reset", params={"bundle_id": bundle_id})
    assert answer.status_code == 204, answer.text


async def told(here: World, what: str, **query: Any) -> Any:  # noqa: ANN401
    async with api(here) as client:
        answer = await client.get(what, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_reset_of_one_app_leaves_the_other_on_the_same_phone(here: World) -> None:
    phone = await here.phone("Anna's phone")
    mine, others = await here.install(phone), await here.install(phone, OTHER)
    await here.switch(phone, online=False)
    await here.push(mine)
    await here.push(others, "kept", apns_topic=OTHER)
    async with api(here) as client:
        for bundle_id in (TOPIC, OTHER):
            rule = {"match": {"bundle_id": bundle_id}, "action": {"type": "delay", "seconds": 0}}
            await client.post("rules", json=rule)
    await reset(here, TOPIC)
    assert [each["topic"] for each in await told(here, "notifications")] == [OTHER]
    assert [each["match"] for each in await told(here, "rules")] == [{"bundle_id": OTHER}]
    [device] = await told(here, "devices")
    assert [app["bundle_id"] for app in device["apps"]] == [OTHER]
    answer = await here.push(mine)
    assert (answer.status_code, answer.json()) == (400, {"reason": "BadDeviceToken"})
    await here.switch(phone, online=True)
    assert await here.received(phone, 1, OTHER) == ["+kept"]
    assert here.topics_of(phone) == {OTHER}


async def test_an_app_that_comes_again_is_a_new_one(here: World) -> None:
    phone = await here.phone("Anna's phone")
    before = await here.install(phone)
    await here.pushes(before, "before")
    await here.received(phone, 1)
    await reset(here, TOPIC)
    assert here.devices.notifications(phone) == ()
    after = await here.install(phone)
    assert after != before
    await here.pushes(after, "after")
    assert await here.received(phone, 1) == ["after"]
    [only] = await told(here, "notifications", bundle_id=TOPIC)
    assert only["token"] == after


@pytest.mark.parametrize(
    ("name", "apps", "is_left"),
    [
        (None, [TOPIC], False),
        (None, [TOPIC, OTHER], True),
        ("Anna's phone", [TOPIC], True),
        (None, [], True),
    ],
)
async def test_a_device_that_was_there_for_the_app_alone_goes_with_it(
    here: World, name: str | None, apps: list[str], *, is_left: bool
) -> None:
    phone = (await here.devices.create_device(name)).id
    for bundle_id in apps:
        await here.install(phone, bundle_id)
    await reset(here, TOPIC)
    assert [each["id"] for each in await told(here, "devices")] == [phone] * is_left


async def test_an_app_may_be_reset_by_several_at_once(here: World) -> None:
    for _ in range(3):
        await here.install(await here.phone(), TOPIC)
    async with trio.open_nursery() as nursery:
        for _ in range(4):
            nursery.start_soon(reset, here, TOPIC)
    assert not here.gateway.directory.registrations()


async def test_a_request_without_a_topic_is_reset_with_the_app_of_its_token(here: World) -> None:
    phone = await here.phone()
    mine, others = await here.install(phone), await here.install(phone, OTHER)
    for token in (mine, others):
        assert (await here.push(token, apns_topic=None)).status_code == 400
    assert len(await told(here, "requests", bundle_id=TOPIC)) == 1
    await reset(here, TOPIC)
    [left] = await told(here, "requests")
    assert left["path"].endswith(others)


async def test_channels_and_what_waits_on_them_are_reset_with_their_app(here: World) -> None:
    create = partial(here.gateway.channels.create, Environment.DEVELOPMENT)
    mine = await create(BundleId(TOPIC), StoragePolicy.NO_MESSAGE_STORED)
    others = await create(BundleId(OTHER), StoragePolicy.NO_MESSAGE_STORED)
    phone = await here.phone()
    for bundle_id, channel in ((TOPIC, mine), (OTHER, others)):
        await here.install(phone, bundle_id)
        await here.devices.subscribe(phone, bundle_id, channel.channel_id)
    await reset(here, TOPIC)
    [left] = await told(here, "channels")
    assert (left["bundle_id"], left["subscribers"]) == (OTHER, 1)


async def test_a_push_that_waits_for_the_phones_power_is_not_held_any_more(here: World) -> None:
    phone = await here.phone("Anna's phone")
    mine, others = await here.install(phone), await here.install(phone, OTHER)
    await here.devices.patch_device(phone, power="locked")
    for token, topic in ((mine, TOPIC), (others, OTHER)):
        await here.push(token, apns_topic=topic, apns_priority="5")
    await until(lambda: held(here) == 2)
    await reset(here, TOPIC)
    assert held(here) == 1


async def test_an_app_that_comes_again_has_spent_nothing_of_its_budgets(tmp_path: Path) -> None:
    limits = {"background_pushes_per_hour": 1, "live_activity_budget": 1}
    async with world(tmp_path, **limits) as here:
        phone = await here.phone("Anna's phone")
        for _ in range(2):
            token = await here.install(phone, TOPIC, "background")
            start = here.devices.activities.start
            activity = await start(phone, TOPIC, "Match", {}, {"score": "0-0"})
            assert activity.token is not None
            aps = {"event": "update", "timestamp": int(here.clock.now()), "content-state": {}}
            topic = f"{TOPIC}.push-type.liveactivity"
            await here.push(
                activity.token, aps=aps, apns_topic=topic, apns_push_type="liveactivity"
            )
            quiet = {"apns_push_type": "background", "apns_priority": "5"}
            await here.push(token, aps={"content-available": 1}, **quiet)
            await until(lambda: len(here.devices.notifications(phone)) == 2)
            seen = {each.push_type: each for each in here.devices.notifications(phone)}
            assert seen["background"].presentation == "woken"
            assert "throttled" not in seen["liveactivity"].detail
            await reset(here, TOPIC)
            assert here.devices.notifications(phone) == ()


def held(here: World) -> int:
    return sum(each.held for each in here.gateway.couriers.statistics())


async def test_a_device_of_another_process_is_asked_to_ask_anew(here: World) -> None:
    """Here: one that the host of virtual devices does not know of."""
    phone = await here.phone("Anna's phone")
    before = await here.install(phone)
    stranger = here.devices._devices.pop(phone)
    await here.gateway.state.forget(Tenant.parse(TOPIC), set())
    here.devices._devices[phone] = stranger
    await until(lambda: token_on(here, phone) != before)
    await here.pushes(token_on(here, phone), "after")
    assert await here.received(phone, 1) == ["after"]


def token_on(here: World, phone: str) -> str:
    [app] = here.devices.get_device(phone).apps
    return app.tokens.get("alert", "")


# -- side by side ----------------------------------------------------------------------------------


class Suite:
    """A suite that shares the gateway: its app, its devices, its rule, its own count of pushes."""

    def __init__(self, here: World, number: int, client: httpx.AsyncClient) -> None:
        self.here = here
        self.app = f"com.example.t{number}"
        self.number = number
        self.client = client

    async def lives(self, shared: str) -> None:
        """Several rounds of a test that counts everything it can list."""
        for number in range(ROUNDS):
            await self._round(shared, f"{self.app} {number}")
            await reset(self.here, self.app)
            assert await self._listed("notifications") == []
            assert await self._listed("requests") == []
            assert await self._listed("devices") == []
            assert await self._listed("rules") == []

    async def _round(self, shared: str, text: str) -> None:
        own = (await self.here.devices.create_device()).id
        tokens = [await self.here.install(each, self.app) for each in (own, shared)]
        match = {"bundle_id": self.app, "nth": [2]}
        action = {"type": "answer", "status": 500 + self.number}
        made = await self.client.post("rules", json={"match": match, "action": action})
        assert made.status_code == 201
        wait = partial(self._listed, "notifications", state="Delivered to Device")
        found: list[Any] = []

        async def waits() -> None:
            found.extend(await wait(wait=10, count=3))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(waits)
            answers = [await self._push(each, text) for each in (*tokens, *tokens)]
        assert answers == [200, 500 + self.number, 200, 200]
        assert {each["topic"] for each in found} == {self.app}
        assert len(await self._listed("requests")) == 4
        assert {each["id"] for each in await self._listed("devices")} == {own, shared}
        assert len(await self._listed("rules")) == 1
        assert await self.here.received(own, 2, self.app) == [text] * 2
        assert len(await self._listed(f"devices/{shared}/notifications")) == 1
        assert await self.here.received(shared, 1, self.app) == [text]

    async def _push(self, token: str, text: str) -> int:
        answer = await self.here.push(token, text, apns_topic=self.app, connection=self.number)
        return answer.status_code

    async def _listed(self, what: str, **query: Any) -> list[Any]:  # noqa: ANN401
        answer = await self.client.get(what, params={"bundle_id": self.app, **query})
        assert answer.status_code == 200, answer.text
        found: list[Any] = answer.json()
        return found


async def test_eight_tenants_side_by_side_notice_nothing_of_one_another(here: World) -> None:
    shared = await here.phone("everybody's phone")
    await here.install(shared, "com.example.bystander")
    async with api(here) as client, trio.open_nursery() as nursery:
        for number in range(TENANTS):
            nursery.start_soon(Suite(here, number, client).lives, shared)
    assert await told(here, "requests") == []
    assert await told(here, "rules") == []
    [device] = await told(here, "devices")
    assert [app["bundle_id"] for app in device["apps"]] == ["com.example.bystander"]
    assert await here.gateway.store.pending() == 0
    [left] = here.gateway.directory.registrations()
    assert (left.device, left.topic) == (DeviceId(shared), "com.example.bystander")


@pytest.mark.takes_seconds(120)
async def test_a_reset_after_the_usual_test_takes_milliseconds(here: World) -> None:
    """Of this process's work, since other processes may have the machine: best of three."""
    spent = []
    for _ in range(3):
        tokens = [await here.install(await here.phone()) for _ in range(5)]
        async with trio.open_nursery() as nursery:
            for number in range(300):
                nursery.start_soon(here.push, tokens[number % 5])
        before = process_time()
        await reset_all(here)
        spent.append(process_time() - before)
        assert await told(here, "devices") == []
    assert min(spent) < 0.1, spent  # a third of that when this was written


async def reset_all(here: World) -> None:
    async with api(here) as client:
        assert (await client.post("reset")).status_code == 204
