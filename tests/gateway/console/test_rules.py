"""Fault rules by the control API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.gateway.console.consoles import Console

RULES = "/api/v1/rules"


async def test_a_rule_is_made_listed_and_deleted(console: Console) -> None:
    body = {"match": {"topic": "com.example.app"}, "action": {"type": "answer", "status": 503}}
    async with console.client() as client:
        made = await client.post(RULES, json={**body, "times": 2, "probability": 0.5})
        assert (made.status_code, made.headers["location"]) == (201, f"{RULES}/1")
        assert made.json() == {
            "id": "1",
            **body,
            "times": 2,
            "probability": 0.5,
            "after": 0,
            "priority": 0,
            "seed": None,
            "enabled": True,
            "seen": 0,
            "hits": 0,
            "spent": False,
            "missed": "",
        }
        assert (await client.get(RULES)).json() == [made.json()]
        assert (await client.get(f"{RULES}/1")).json() == made.json()
        assert (await client.delete(f"{RULES}/1")).status_code == 204
        gone = await client.delete(f"{RULES}/1")
    assert (gone.status_code, gone.json()["detail"]) == (404, "there is no rule '1'")
    assert not console.rules.requests


async def test_all_rules_are_deleted_at_once(console: Console) -> None:
    async with console.client() as client:
        for _ in range(2):
            await client.post(RULES, json={"action": {"type": "pass"}})
        assert (await client.delete(RULES)).status_code == 204
        assert (await client.get(RULES)).json() == []


async def test_a_mistake_is_told_as_on_the_command_line(console: Console) -> None:
    async with console.client() as client:
        answer = await client.post(RULES, json={"action": {"type": "answer", "status": 99}})
        nothing = await client.get(f"{RULES}/x")
    assert answer.status_code == 422
    assert "action.answer.status: Input should be greater than or equal to 200" in answer.text
    assert nothing.status_code == 404


async def test_each_mistake_is_told_at_its_place(console: Console) -> None:
    async with console.client() as client:
        body = {"action": {"type": "answer", "status": 503}, "match": {"nht": 1}, "times": 0}
        misspelt = (await client.post(RULES, json=body)).json()
        whole = (await client.post(RULES, json={"action": {"type": "tls"}})).json()
        braces = (await client.post(RULES, json={"action": {"type": "{x}"}})).json()
    assert [each["where"] for each in misspelt["errors"]] == ["body.match.nht", "body.times"]
    assert whole["errors"] == [{"where": "body.action.tls.how", "message": "Field required"}]
    assert "{x}" in braces["errors"][0]["message"]


async def test_a_rule_rests_and_strikes_again(console: Console) -> None:
    async with console.client() as client:
        await client.post(RULES, json={"action": {"type": "answer", "status": 503}})
        resting = await client.patch(f"{RULES}/1", json={"enabled": False})
        assert (resting.json()["enabled"], console.rules.requests) == (False, ())
        awake = await client.patch(f"{RULES}/1", json={"enabled": True})
        assert (awake.json()["enabled"], len(console.rules.requests)) == (True, 1)
        assert (await client.patch(f"{RULES}/7", json={})).status_code == 404


async def test_a_rule_is_asked_earlier_once_its_priority_is_greater(console: Console) -> None:
    async with console.client() as client:
        for status in (503, 429):
            await client.post(RULES, json={"action": {"type": "answer", "status": status}})
        changed = (await client.patch(f"{RULES}/2", json={"priority": 5})).json()
        assert (changed["id"], changed["priority"]) == ("2", 5)
        assert [rule["id"] for rule in (await client.get(RULES)).json()] == ["2", "1"]


async def test_the_openapi_document_knows_every_action(console: Console) -> None:
    async with console.client() as client:
        document = (await client.get("/api/v1/openapi.json")).text
    for action in ("answer", "delay", "never-answer", "outage", "pass", "goaway", "close"):
        assert f'"const":"{action}"' in document
