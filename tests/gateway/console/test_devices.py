from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.builders import NOW
from tests.gateway.console.consoles import LinkFacts, Received

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

DEVICES = "/api/v1/devices"


CLEAR = {
    "latency_seconds": 0.0,
    "jitter_seconds": 0.0,
    "bytes_per_second": None,
    "nat_idle_seconds": None,
    "nat_answer": "silence",
}


async def test_a_device_without_a_body_gets_the_usual(console: Console) -> None:
    async with console.client() as client:
        answer = await client.post(DEVICES)
        listed = (await client.get(DEVICES)).json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"{DEVICES}/d1"
    assert answer.json() == {
        "id": "d1",
        "name": "iPhone 1",
        "environment": "development",
        "online": True,
        "network": "wifi",
        "conditions": CLEAR,
        "power": "awake",
        "assertion_policy": "full",
        "apps": [],
        "links": [dataclasses.asdict(LinkFacts())],
    }
    assert listed == [answer.json()]


async def test_a_device_is_made_switched_and_thrown_away(console: Console) -> None:
    wanted = {"name": "Anna", "environment": "production", "online": False}
    async with console.client() as client:
        made = (await client.post(DEVICES, json=wanted)).json()
        path = f"{DEVICES}/{made['id']}"
        changes = {"online": True, "network": "half-open", "power": "locked"}
        changed = (await client.patch(path, json=changes)).json()
        assert (await client.get(path)).json() == changed
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(path)).status_code == 404
    assert made | changes == changed
    assert (made["name"], made["environment"], made["online"]) == ("Anna", "production", False)


async def test_a_device_is_forced_to_rest_and_woken(console: Console) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        path = f"{DEVICES}/d1"
        forced = {"power": "locked", "assertion_policy": "restricted"}
        changed = (await client.patch(path, json=forced)).json()
        woken = (await client.post(f"{path}/wake", json={"reason": "user"})).json()
        unknown = await client.post(f"{path}/wake", json={"reason": "alarm"})
        absent = await client.post(f"{DEVICES}/d2/wake", json={"reason": "timer"})
    assert changed.items() >= forced.items()
    assert (woken["power"], woken["assertion_policy"]) == ("awake", "full")
    assert (unknown.status_code, absent.status_code) == (422, 404)


async def test_the_conditions_of_a_network_change_one_by_one(console: Console) -> None:
    async with console.client() as client:
        path = f"{DEVICES}/{(await client.post(DEVICES)).json()['id']}"

        async def change(**conditions: object) -> dict[str, object]:
            answer = await client.patch(path, json={"conditions": conditions})
            return dict(answer.json()["conditions"])

        assert await change(latency_seconds=0.2, nat_idle_seconds=60) == CLEAR | {
            "latency_seconds": 0.2,
            "nat_idle_seconds": 60,
        }
        assert await change(nat_idle_seconds=None, latency_seconds=None, nat_answer="reset") == (
            CLEAR | {"latency_seconds": 0.2, "nat_answer": "reset"}
        )
        for wrong in ({"latency_seconds": -1}, {"bytes_per_second": 0}, {"nat_answer": "no"}):
            refused = await client.patch(path, json={"conditions": wrong})
            assert refused.status_code == 422


async def test_something_happens_to_a_link(console: Console) -> None:
    async with console.client() as client:
        path = f"{DEVICES}/{(await client.post(DEVICES)).json()['id']}/network"
        (link,) = (await client.post(path, json={"event": "hand-over"})).json()["links"]
        assert (await client.post(path, json={"event": "flood"})).status_code == 422
        unknown = await client.post(f"{DEVICES}/x/network", json={"event": "reset"})
    assert link["interface"] == "hand-over"
    assert unknown.status_code == 404


async def test_an_app_is_installed_changed_and_uninstalled(console: Console) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        apps = f"{DEVICES}/d1/apps"
        answer = await client.post(
            apps, json={"bundle_id": "com.example.app", "push_types": ["alert", "voip"]}
        )
        app, path = answer.json(), f"{apps}/com.example.app"
        changes = {"state": "terminated", "notifications_enabled": False}
        changed = (await client.patch(path, json=changes)).json()
        restored = (await client.post(f"{DEVICES}/d1/restore")).json()
        assert (await client.delete(path)).status_code == 204
        assert (await client.get(f"{DEVICES}/d1")).json()["apps"] == []
    assert answer.status_code == 201
    assert (app["state"], app["notifications_enabled"]) == ("background", True)
    assert sorted(app["tokens"]) == ["alert", "voip"]
    assert changed == app | changes
    assert set(restored["apps"][0]["tokens"].values()).isdisjoint(app["tokens"].values())


async def test_the_switches_of_an_app_are_changed_and_null_takes_its_extension_away(
    console: Console,
) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        app = (await client.post(f"{DEVICES}/d1/apps", json={"bundle_id": "a.b"})).json()
        path = f"{DEVICES}/d1/apps/a.b"
        changes = {
            "state": "force-quit",
            "permission": "provisional",
            "reports_calls": False,
            "extension_seconds": 2.5,
        }
        changed = (await client.patch(path, json=changes)).json()
        untouched = (await client.patch(path, json={"state": "background"})).json()
        without = (await client.patch(path, json={"extension_seconds": None})).json()
        lived = (await client.get(f"{path}/events")).json()
        refused = [
            (await client.patch(path, json=body)).status_code
            for body in (
                {"permission": "maybe"},
                {"extension_seconds": -1},
                {"extension_seconds": True},
                {"state": "asleep"},
            )
        ]
    assert (app["permission"], app["reports_calls"], app["extension_seconds"]) == (
        "granted",
        True,
        None,
    )
    assert changed == app | changes
    assert lived == [{"at": NOW, "what": "background", "detail": "as it is"}]
    assert untouched["extension_seconds"] == 2.5
    assert without["extension_seconds"] is None
    assert refused == [422, 422, 422, 422]


async def test_a_device_is_restored_on_another_one_and_its_system_installed_anew(
    console: Console,
) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        app = (await client.post(f"{DEVICES}/d1/apps", json={"bundle_id": "a.b"})).json()
        other = (await client.post(f"{DEVICES}/d1/restore", json={"to": "new"})).json()
        untouched = (await client.get(f"{DEVICES}/d1")).json()
        refreshed = (await client.post(f"{DEVICES}/d1/refresh")).json()
        refused = await client.post(f"{DEVICES}/d1/restore", json={"to": "no id"})
    assert (other["id"], untouched["apps"]) == ("new", [app])
    tokens = [each["apps"][0]["tokens"]["alert"] for each in (untouched, other, refreshed)]
    assert len(set(tokens)) == 3
    assert refused.status_code == 422


async def test_an_app_listens_to_channels_and_no_more(console: Console) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        await client.post(f"{DEVICES}/d1/apps", json={"bundle_id": "a.b"})
        path = f"{DEVICES}/d1/apps/a.b/channels"
        answers = [await client.post(path, json={"channel_id": each}) for each in ("AA==", "a+/b=")]
        unknown = await client.post(path, json={"channel_id": "nothing"})
        nobody = await client.post(f"{DEVICES}/d1/apps/c.d/channels", json={"channel_id": "AA=="})
        gone = await client.delete(path, params={"channel_id": "a+/b="})
        left = (await client.get(f"{DEVICES}/d1")).json()["apps"][0]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].json()["channels"] == ["AA==", "a+/b="]
    assert (unknown.status_code, unknown.json()["detail"]) == (422, "a.b has no channel nothing")
    assert (nobody.status_code, gone.status_code) == (404, 204)
    assert left["channels"] == ["AA=="]


async def test_an_app_gets_alerts_unless_it_says_otherwise(console: Console) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        app = (await client.post(f"{DEVICES}/d1/apps", json={"bundle_id": "a.b"})).json()
    assert list(app["tokens"]) == ["alert"]


async def test_what_a_device_received_is_told_whatever_it_was(console: Console) -> None:
    console.host.received = [
        Received({"aps": {}}),
        Received("\ufffd", from_storage=True, presentation="not-shown", detail="no dictionary"),
        Received({"aps": float("nan")}),
    ]
    async with console.client() as client:
        await client.post(DEVICES)
        told = (await client.get(f"{DEVICES}/d1/notifications")).json()
    assert told[0] == {
        "apns_id": "AB",
        "topic": "com.example.app",
        "push_type": "alert",
        "priority": 10,
        "collapse_id": None,
        "payload": {"aps": {}},
        "raw_payload": None,
        "received_at": NOW,
        "from_storage": False,
        "presentation": "shown",
        "detail": "alert",
        "channel_id": None,
        "handler": "",
        "app_state_before": "background",
        "app_state_after": "background",
    }
    assert (told[1]["payload"], told[1]["raw_payload"]) == (None, "\ufffd")
    assert told[2]["raw_payload"] == '{"aps": NaN}'


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {}),
        ("DELETE", "", None),
        ("POST", "/restore", None),
        ("POST", "/restore", {"to": "another"}),
        ("POST", "/refresh", None),
        ("GET", "/notifications", None),
        ("POST", "/apps", {"bundle_id": "a.b"}),
        ("PATCH", "/apps/a.b", {}),
        ("DELETE", "/apps/a.b", None),
    ],
)
async def test_an_unknown_device_is_not_found(
    console: Console, method: str, path: str, body: dict[str, Any] | None
) -> None:
    async with console.client() as client:
        answer = await client.request(method, f"{DEVICES}/nobody{path}", json=body)
    assert answer.status_code == 404
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no device 'nobody'",
    }


async def test_an_app_that_is_not_installed_is_not_found(console: Console) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        answer = await client.delete(f"{DEVICES}/d1/apps/a.b")
    assert (answer.status_code, answer.json()["detail"]) == (404, "no app 'a.b'")


async def test_what_the_host_refuses_is_the_callers_mistake(console: Console) -> None:
    async with console.client() as client:
        await client.post(DEVICES)
        answer = await client.post(f"{DEVICES}/d1/apps", json={"bundle_id": "a b"})
    assert answer.status_code == 422
    assert answer.json()["detail"] == "a bundle id is without spaces, not 'a b'"


async def test_what_the_gateway_did_not_confirm_is_not(console: Console) -> None:
    console.host.fails = True
    async with console.client() as client:
        await client.post(DEVICES)
        answer = await client.post(f"{DEVICES}/d1/apps", json={"bundle_id": "a.b"})
    assert answer.status_code == 503
    assert answer.json()["detail"] == "the gateway has not confirmed the tokens"


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"onlin": True}, "body.onlin"),
        ({"online": "maybe"}, "body.online"),
        ({"environment": "moon"}, "body.environment"),
        ({"name": "\ud800"}, "body.name"),
        ([], "body"),
    ],
)
async def test_a_body_that_means_nothing_is_an_error_that_names_the_field(
    console: Console, body: object, where: str
) -> None:
    async with console.client() as client:
        answer = await client.post(DEVICES, content=json.dumps(body))
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (422, 422)
    assert problem["errors"][0]["where"] == where
    assert problem["detail"].startswith(f"{where}: ")
    assert console.host.facts == {}


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000])
async def test_a_body_that_is_no_json_is_the_callers_mistake(console: Console, body: bytes) -> None:
    async with console.client() as client:
        answer = await client.post(DEVICES, content=body)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
