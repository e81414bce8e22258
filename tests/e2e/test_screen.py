"""From the provider to what a person sees, and back by a tap: as OpenAPI documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
from pydantic import TypeAdapter

from gateway.console.api.screens import Screen
from gateway.records import State
from tests.e2e.world import TOPIC, World, world

if TYPE_CHECKING:
    from pathlib import Path


async def _screen(here: World, phone: str, gesture: str = "", **body: Any) -> dict[str, Any]:  # noqa: ANN401
    url = here.running.console_url
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        path = f"/api/v1/devices/{phone}/screen"
        answer = (
            await client.post(f"{path}/{gesture}", json=body) if gesture else await client.get(path)
        )
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    TypeAdapter(Screen).validate_python(told, extra="forbid")
    return told


async def test_a_push_lights_the_locked_phone_and_is_opened_by_a_tap(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_device(phone, power="locked")
        aps = {
            "alert": {"title": "Anna", "loc-key": "INVITE", "loc-args": ["chess"]},
            "badge": 1,
            "sound": "default",
            "thread-id": "games",
            "colour": "red",
        }
        await here.devices.screens.set_strings(phone, TOPIC, {"INVITE": "Shall we play %@?"})
        answer = await here.push(token, aps=aps, apns_collapse_id="game-1")
        await here.reached(answer.headers["apns-id"], State.PRESENTED)
        told = await _screen(here, phone)
        [group] = told["lock_screen"]
        [shown] = group["notifications"]
        assert (told["lit"], told["front"], told["badges"]) == (True, "lock-screen", {TOPIC: 1})
        assert (shown["title"], shown["body"]) == ("Anna", "Shall we play chess?")
        assert (shown["collapse_id"], group["thread_id"]) == ("game-1", "games")
        [received] = here.devices.notifications(phone)
        assert "aps.colour means nothing" in received.detail
        told = await _screen(here, phone, "tap", apns_id=answer.headers["apns-id"])
        assert (told["front"], told["lock_screen"], told["badges"]) == (TOPIC, [], {TOPIC: 1})


async def test_a_live_activity_is_on_the_screen_of_the_api(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        await here.install(phone)
        await here.devices.activities.start(phone, TOPIC, "Delivery", {"order": 7}, {"stops": 3})
        [activity] = (await _screen(here, phone))["live_activities"]
        assert (activity["bundle_id"], activity["content_state"]) == (TOPIC, {"stops": 3})
