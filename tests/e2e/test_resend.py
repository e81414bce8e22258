"""Pushes that the console sends: real connections to the real provider port."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from apnsim import own_provider
from tests.e2e.world import TOPIC, until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.e2e.world import World

DAY = 86_400
UNKNOWN = "ab" * 32


class Console:
    """The control API of a world."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def resend(self, apns_id: str, **changes: object) -> httpx.Response:
        path = f"/api/v1/notifications/{apns_id}/resend"
        return await self._http.post(path, json=changes or None)

    async def send(self, token: str, **headers: str) -> httpx.Response:
        told = {"apns-topic": TOPIC, "apns-push-type": "alert"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = {"path": f"/3/device/{token}", "headers": told, "payload": {"aps": {"alert": "Hi"}}}
        return await self._http.post("/api/v1/notifications", json=body)

    async def rule(self, **action: object) -> None:
        answer = await self._http.post("/api/v1/rules", json={"action": action, "times": 1})
        assert answer.status_code == 201, answer.text

    async def story(self, apns_id: str) -> Any:  # noqa: ANN401
        return (await self._http.get(f"/api/v1/notifications/{apns_id}")).json()


@asynccontextmanager
async def console_of(here: World) -> AsyncIterator[Console]:
    url = here.running.console_url
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as http:
        yield Console(http)


async def test_a_push_is_resent_and_arrives_again(tmp_path: Path) -> None:
    async with world(tmp_path) as here, console_of(here) as console:
        phone = await here.phone()
        token = await here.install(phone)
        first = await here.push(token, "Hello", apns_collapse_id="x")
        again = (await console.resend(first.headers["apns-id"])).json()
        assert (again["status"], again["reason"]) == (200, "")
        assert again["apns_id"] != first.headers["apns-id"]
        assert again["apns_unique_id"]
        await console.resend(first.headers["apns-id"], payload={"aps": {"alert": "Edited"}})
        assert await here.received(phone, 3) == ["Hello", "Hello", "Edited"]
        story = await console.story(again["apns_id"])
        headers = dict(story["request"]["headers"])
        assert headers["apns-collapse-id"] == "x"
        assert headers["authorization"] == "bearer [redacted]"
        assert story["connection"] != (await console.story(first.headers["apns-id"]))["connection"]


async def test_what_was_refused_is_refused_again(tmp_path: Path) -> None:
    async with world(tmp_path) as here, console_of(here) as console:
        first = await here.push(UNKNOWN)
        again = (await console.resend(first.headers["apns-id"])).json()
        assert (again["status"], again["reason"]) == (400, "BadDeviceToken")
        assert (await console.story(again["apns_id"]))["state"] == "Rejected"


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_a_phone_is_reached_in_its_environment(tmp_path: Path, environment: str) -> None:
    async with world(tmp_path) as here, console_of(here) as console:
        phone = await here.phone(environment=environment)
        token = await here.install(phone)
        assert (await console.send(token)).json()["status"] == 200
        assert await here.received(phone, 1) == ["Hi"]


async def test_the_token_is_refreshed_when_it_is_too_old_and_not_before(tmp_path: Path) -> None:
    async with world(tmp_path) as here, console_of(here) as console:
        token = await here.install(await here.phone())
        for _ in range(3):  # a fourth token within 20 minutes would be one too many
            assert (await console.send(token)).json()["status"] == 200
        here.clock.advance(DAY)
        assert (await console.send(token)).json()["status"] == 200


async def test_a_gateway_without_a_key_at_hand_makes_one(tmp_path: Path) -> None:
    async with world(tmp_path) as here, console_of(here) as console:
        token = await here.install(await here.phone())
        [key] = here.gateway.keys.at_hand()
        assert key.key_file is not None
        key.key_file.unlink()
        assert (await console.send(token)).json()["status"] == 200


@pytest.mark.parametrize(
    ("action", "says"),
    [
        ({"type": "goaway"}, "the connection ended without an answer"),
        ({"type": "reset-stream", "code": "INTERNAL_ERROR"}, "ended without an answer"),
        ({"type": "never-answer"}, "no answer in 0.2 s; a rule may hold it back"),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
async def test_a_rule_that_strikes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, action: dict[str, Any], says: str
) -> None:
    monkeypatch.setattr(own_provider, "ANSWER_SECONDS", 0.2)
    async with world(tmp_path) as here, console_of(here) as console:
        token = await here.install(await here.phone())
        await console.rule(**action)
        answer = await console.send(token)
        assert answer.status_code == 502
        assert says in answer.json()["detail"]


async def test_what_http_2_cannot_carry_is_said(tmp_path: Path) -> None:
    async with world(tmp_path) as here, console_of(here) as console:
        answers = [
            await console.send(UNKNOWN, **{name: value})
            for name, value in [("x-note", "two\nlines"), ("ö", "x"), ("", "x"), ("te", "gzip")]
        ]
        assert [answer.status_code for answer in answers] == [422] * 4
        await until(lambda: not here.gateway.providers.statistics())
