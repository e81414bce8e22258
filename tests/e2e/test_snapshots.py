"""The whole state of a gateway and its phones, taken here and loaded there."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from gateway.faults.reading import read_rule
from gateway.records import Forgotten, State
from gateway.store.memory import MemoryStore
from gateway.store.store import StoreUnavailableError
from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId
from protocol.notification import Environment
from tests.e2e.world import TOPIC, World, until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.store.store import Contents

OTHER = "com.example.other"
# What a gateway cannot be told: its own time while nobody has told it another, and its own key,
# without which nobody could sign here.
DIFFERS = {"clock", "keys"}


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path / "here", store="sqlite") as made:
        yield made


@pytest.fixture(params=["memory", "sqlite"])
async def there(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path / "there", store=request.param) as made:
        yield made


@asynccontextmanager
async def api(here: World) -> AsyncIterator[httpx.AsyncClient]:
    url = f"{here.running.console_url}/api/v1/"
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client:
        yield client


async def take(here: World, **query: Any) -> dict[str, Any]:  # noqa: ANN401
    async with api(here) as client:
        answer = await client.get("snapshot", params=query)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def load(here: World, told: Any) -> httpx.Response:  # noqa: ANN401
    async with api(here) as client:
        return await client.put("snapshot", json=told)


async def loaded(here: World, told: Any) -> None:  # noqa: ANN401
    answer = await load(here, told)
    assert answer.status_code == 204, answer.text


def but(told: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in names}


async def live(here: World) -> str:
    """Something of everything that a snapshot holds; the phone, offline in the end."""
    phone = await here.phone("Anna's phone")
    mine, others = await here.install(phone), await here.install(phone, OTHER)
    await here.install(phone, TOPIC, "voip")
    await here.pushes(mine, "seen", "seen too", apns_collapse_id="news")
    await here.pushes(others, "badge", apns_topic=OTHER)
    await here.push(mine, aps={"alert": "x", "badge": 3, "sound": "default"})
    await here.received(phone, 3)
    await here.devices.activities.register_type(phone, TOPIC, "Delivery")
    await here.devices.activities.start(phone, TOPIC, "Delivery", {"to": "Anna"}, {"at": 1.5})
    create = here.gateway.channels.create
    policy = StoragePolicy.MOST_RECENT_MESSAGE_STORED
    channel = await create(Environment.DEVELOPMENT, BundleId(TOPIC), policy)
    await here.devices.subscribe(phone, TOPIC, channel.channel_id)
    await here.devices.patch_app(phone, OTHER, permission="denied", state="force-quit")
    book = here.gateway.faults.book
    book.add(read_rule("answer status=503 times=3 match.topic=com.example.app"))
    dice = book.add(read_rule("answer status=500 probability=0.5 match.topic=nothing.*"))
    assert (await here.push(mine)).status_code == 503
    await here.push(mine, apns_topic="nothing.here")
    assert dice.seen
    await here.devices.patch_device(phone, power="locked", network="cellular")
    await here.switch(phone, online=False)
    assert (await here.push("00" * 32)).status_code == 503
    assert (
        await here.push(others, "waits", apns_topic=OTHER, payload={"\u00e9": "\u00fc"})
    ).is_success
    uninstalled = await here.phone("gone")
    await here.install(uninstalled)
    await here.devices.delete_device(uninstalled)
    return phone


async def test_what_is_taken_here_is_there_to_the_last_byte(here: World, there: World) -> None:
    await live(here)
    told = await take(here)
    await there.install(await there.phone("what was there before"))
    await loaded(there, told)
    again = await take(there)
    for name in told.keys() - DIFFERS:
        assert again[name] == told[name], name
    [key, *own] = again["keys"]
    assert (key, len(own)) == (told["keys"][0], 1)


async def test_phones_find_themselves_again_and_get_what_waits(here: World, there: World) -> None:
    phone = await live(here)
    tokens = {app.bundle_id: app.tokens for app in here.devices.get_device(phone).apps}
    await loaded(there, await take(here))
    await there.devices.patch_app(phone, OTHER, permission="granted")
    await there.switch(phone, online=True)
    await until(lambda: len(there.devices.notifications(phone)) == 5)
    newest = there.devices.notifications(phone)[-1]
    assert (newest.from_storage, newest.payload) == (True, {"\u00e9": "\u00fc"})
    assert {app.bundle_id: app.tokens for app in there.devices.get_device(phone).apps} == tokens
    there.gateway.faults.book.clear()
    await there.pushes(tokens[TOPIC]["alert"], "there")
    assert (await there.received(phone, 4))[-1] == "there"
    [record] = there.gateway.journal.find(lambda _: True, limit=1)
    assert record.number == (await take(here))["next_record"]


async def test_a_phone_that_was_online_is_online_when_the_call_answers(
    here: World, there: World
) -> None:
    phone = await here.phone()
    await here.install(phone)
    await loaded(there, await take(here))
    assert there.devices.get_device(phone).online
    assert there.connected == {phone}


async def test_a_gateway_can_be_put_back_to_where_it_was(here: World) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    await here.switch(phone, online=False)
    await here.pushes(token, "first")
    told = await take(here)
    for text in ("second", "third"):
        await here.switch(phone, online=True)
        await here.pushes(token, text)
        await here.received(phone, 2)
        await loaded(here, told)
        assert await take(here) | {"clock": 0} == told | {"clock": 0}
    await here.switch(phone, online=True)
    assert await here.received(phone, 1) == ["+first"]


async def test_a_rule_goes_on_where_it_was(here: World, there: World) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    here.gateway.faults.book.add(read_rule("answer status=500 probability=0.5"))
    before = [(await here.push(token)).status_code for _ in range(10)]
    told = await take(here)
    here_on = [(await here.push(token)).status_code for _ in range(20)]
    await loaded(there, told)
    assert [(await there.push(token)).status_code for _ in range(20)] == here_on
    assert before != here_on[:10], "or dice begun anew would not be noticed"


async def test_an_apps_budgets_are_as_spent_there_as_here(tmp_path: Path) -> None:
    limits = {"background_pushes_per_hour": 1, "live_activity_budget": 1}
    async with (
        world(tmp_path / "here", **limits) as here,
        world(tmp_path / "there", **limits) as there,
    ):
        here.clock.freeze()
        phone = await here.phone()
        token = await here.install(phone, TOPIC, "background")
        activity = await started(here, phone)
        for score in ("1-0", "2-0"):
            await follow(here, activity, score)
            await here.push(token, aps={"content-available": 1}, **QUIET)
        await until(lambda: background_pushes(here, phone) == ["woken"])
        told = await take(here)
        await loaded(there, told)
        assert await take(there) | {"keys": 0} == told | {"keys": 0}
        await there.passes(60)
        assert background_pushes(there, phone) == ["woken"], "the second one waits there, too"
        await follow(there, activity, "3-0")
        [seen] = await there.devices.activities.of(phone, TOPIC)
        assert seen.content_state == {"score": "1-0"}
        await there.passes(3600)
        assert background_pushes(there, phone) == ["woken", "woken"]
        await follow(there, activity, "4-0")
        [seen] = await there.devices.activities.of(phone, TOPIC)
        assert seen.content_state == {"score": "4-0"}


QUIET = {"apns_push_type": "background", "apns_priority": "5"}


def background_pushes(here: World, phone: str) -> list[str]:
    """What became of them."""
    seen = here.devices.notifications(phone)
    return [each.presentation for each in seen if each.push_type == "background"]


async def started(here: World, phone: str) -> str:
    """The token of a Live Activity."""
    await here.devices.activities.register_type(phone, TOPIC, "Match")
    activity = await here.devices.activities.start(phone, TOPIC, "Match", {}, {"score": "0-0"})
    assert activity.token is not None
    return activity.token


async def follow(here: World, activity: str, score: str) -> None:
    """Push a score to it."""
    aps = {"event": "update", "timestamp": int(here.clock.now()), "content-state": {"score": score}}
    topic = f"{TOPIC}.push-type.liveactivity"
    pushed = await here.push(activity, aps=aps, apns_topic=topic, apns_push_type="liveactivity")
    await here.reached(pushed.headers["apns-id"], State.DELIVERED)


async def test_time_that_was_told_is_the_same_there(here: World, there: World) -> None:
    here.clock.freeze()
    here.clock.advance(3600)
    told = await take(here)
    there.clock.advance(86_400)  # later than it was there
    await loaded(there, told)
    assert (await take(there))["clock"] == told["clock"]
    here.clock.reset()
    await loaded(there, await take(here))
    assert not there.clock.is_told


async def test_secrets_are_there_only_when_asked_for(here: World, there: World) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    await here.pushes(token, "x")
    told = await take(here)
    text = json.dumps(told)
    assert told["secrets"] is False
    assert "PRIVATE KEY" not in text
    assert here._bearer not in text
    told = await take(here, secrets=True)
    assert told["secrets"] is True
    assert "PRIVATE KEY" in told["keys"][0]["private_key"]
    assert here._bearer in json.dumps(told)
    await loaded(there, told)
    assert (await take(there, secrets=True))["keys"] == told["keys"]
    [key] = there.gateway.keys.at_hand()
    assert key.key_file is not None
    assert key.key_file.stat().st_mode & 0o777 == 0o600


MISTAKES: list[tuple[list[Any], Any, str]] = [
    (["version"], 2, "version: 2 is newer than 1, which this apnsim knows"),
    (["format"], "x", 'not a snapshot: expected {"format": "apnsim-snapshot"'),
    (["devices", 0, "apps", 0, "state"], "asleep", "devices[0].apps[0]: 'asleep' is not a valid"),
    (["records", 0, "received_at"], -1.0, "records[0].received_at: Input should be greater than"),
    (["records", 0, "timeline", 0, "at"], 1e12, "records[0].timeline[0].at: Input should be less"),
    (["devices", 0, "switches", "power"], 7, "devices[0].switches.power: Input should be"),
    (["tokens", 1, "token"], "xyz", "tokens[1].token: a device token is"),
    (["waiting", 0, "seq"], 0, "waiting[0].seq: Input should be greater than or equal to 1"),
    (["waiting", 0, "notification", "payload"], 1, "waiting[0].notification.payload: expected a"),
    (["rules", 0, "rule"], {"action": {"type": "x"}}, "rules[0].rule: action"),
    (["rules", 0, "hits"], 9, "rules[0]: it cannot have struck 9 times"),
    (["clock", "rate"], 0, "clock.rate: Input should be greater than"),
    (["keys", 0, "public_key"], "x", "keys[0]:"),
    (["records", 0, "timeline", 0, "state"], "Lost", "records[0].timeline[0].state: Input"),
    (["devices"], None, "devices: Input should be a valid list"),
    (["more"], 1, "more: Extra inputs are not permitted"),
]


async def test_a_bad_snapshot_says_where_and_changes_nothing(here: World, there: World) -> None:
    phone = await live(here)
    told = await take(here)
    token = await there.install(await there.phone("there"))
    before = await take(there)
    for path, value, expected in MISTAKES:
        bad = json.loads(json.dumps(told))
        place = bad
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value
        answer = await load(there, bad)
        assert answer.status_code == 422, (path, answer.text)
        assert expected in answer.json()["detail"], path
    twice = json.loads(json.dumps(told))
    twice["devices"] *= 2
    assert "[1] is there twice: device_id" in (await load(there, twice)).json()["detail"]
    async with api(there) as client:
        for raw in (b"", b"{", b"[" * 100_000, b'{"format": NaN}', b"\xff"):
            answer = await client.put("snapshot", content=raw)
            assert answer.status_code == 422, raw[:10]
    assert but(await take(there), "clock") == but(before, "clock")
    assert phone not in {each.id for each in there.devices.list_devices()}
    await there.pushes(token, "as before")


class FullStore(MemoryStore):
    """Has no room for another state."""

    async def refill(self, contents: Contents) -> None:  # noqa: ARG002
        raise StoreUnavailableError("the disk is full")


async def test_a_store_without_room_leaves_all_as_it_was(
    here: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await live(here)
    told = await take(here)
    async with world(tmp_path / "full", store="sqlite") as there:
        phone = await there.phone("there")
        token = await there.install(phone)
        monkeypatch.setattr(there.gateway.store, "refill", FullStore().refill)
        before = await take(there)
        answer = await load(there, told)
        assert (answer.status_code, answer.json()["detail"]) == (503, "the disk is full")
        await until(lambda: phone in there.connected)
        assert but(await take(there), "clock") == but(before, "clock")
        await there.pushes(token, "as before")
        assert await there.received(phone, 1) == ["as before"]
        assert not (tmp_path / "full" / "devices" / ".staged").exists()


async def test_phones_survive_a_restart_of_the_gateway_that_they_were_loaded_into(
    here: World, tmp_path: Path
) -> None:
    phone = await live(here)
    told = await take(here)
    async with world(tmp_path / "there", store="sqlite") as there:
        await loaded(there, told)
    async with world(tmp_path / "there", store="sqlite") as there:
        again = await take(there)
        assert again["tokens"] == told["tokens"]
        assert again["waiting"] == told["waiting"]
        [mine] = again["devices"]
        [before] = told["devices"]
        kept = ("apps", "inbox", "activities", "acknowledged", "screen", "switches")
        assert {name: mine[name] for name in kept} == {name: before[name] for name in kept}
        assert there.devices.get_device(phone).name == "Anna's phone"


async def test_viewers_have_to_look_anew(here: World) -> None:
    told = await take(here)
    with here.gateway.journal.view() as happenings:
        await loaded(here, told)
        told = [each.happening async for each in happenings]  # until it ends
    assert told == [Forgotten(None)]
