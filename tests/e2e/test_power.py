"""A locked phone, from the provider's push to its display, over real sockets."""

from __future__ import annotations

import json
import ssl
from typing import TYPE_CHECKING

import httpx
import pytest

from gateway.records import State
from tests.e2e.command import command
from tests.e2e.gateway_process import gateway_process, token_for
from tests.e2e.test_processes import Phone
from tests.e2e.world import TOPIC, world

if TYPE_CHECKING:
    from pathlib import Path

OTHER_TOPIC = "com.example.other"


async def test_a_locked_phone_is_spared_what_can_wait_until_something_wakes_it(
    tmp_path: Path,
) -> None:
    async with (
        world(tmp_path) as here,
        httpx.AsyncClient(base_url=here.running.console_url, trust_env=False) as console,
    ):
        phone = await here.phone()
        token, other = await here.install(phone), await here.install(phone, OTHER_TOPIC)
        path = f"/api/v1/devices/{phone}"
        view = (await console.patch(path, json={"power": "locked"})).json()
        assert (view["power"], view["assertion_policy"]) == ("locked", "full")

        soon = await here.push(token, "can wait", apns_priority="5")
        await here.reached(soon.headers["apns-id"], State.STORED_POWER)
        [link] = (await console.get("/api/v1/connections")).json()["courier"]
        assert (link["is_active"], link["held"]) == (False, 1)
        once = await here.push(token, "now or never", apns_priority="5", apns_expiration="0")
        await here.reached(once.headers["apns-id"], State.DISCARDED_EXPIRED)
        assert here.topics_of(phone) == set()

        await here.pushes(other, "now", apns_priority="10", apns_topic=OTHER_TOPIC)
        assert await here.received(phone, 1, OTHER_TOPIC) == ["now"]
        assert await here.received(phone, 1) == ["+can wait"]
        await here.reached(soon.headers["apns-id"], State.DELIVERED_FROM_STORAGE)


async def test_a_phone_that_gave_up_is_brought_back_by_a_call_with_all_that_waits(
    tmp_path: Path,
) -> None:
    async with (
        world(tmp_path) as here,
        httpx.AsyncClient(base_url=here.running.console_url, trust_env=False) as console,
    ):
        phone = await here.phone()
        token, other = await here.install(phone), await here.install(phone, OTHER_TOPIC)
        path = f"/api/v1/devices/{phone}"
        forced = {"power": "locked", "assertion_policy": "restricted"}
        assert (await console.patch(path, json=forced)).json()["online"], "its link stands"
        await here.devices.patch_device(phone, network="none")
        back = (await console.patch(path, json={"network": "wifi"})).json()
        assert (back["online"], back["assertion_policy"]) == (False, "restricted")
        await here.pushes(token, "first", "second")
        await here.pushes(other, "third", apns_topic=OTHER_TOPIC)

        woken = (await console.post(f"{path}/wake", json={"reason": "cellular-call"})).json()
        assert (woken["online"], woken["power"]) == (True, "locked")
        assert await here.received(phone, 1) == ["+second"]
        assert await here.received(phone, 1, OTHER_TOPIC) == ["+third"]
        assert here.topics_of(phone) == {TOPIC, OTHER_TOPIC}


@pytest.mark.takes_seconds(90)
async def test_a_device_in_a_process_of_its_own_is_locked_by_a_command(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        phone = Phone(tmp_path, gateway)
        trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
        where = ("--socket", str(phone.socket))
        async with (
            phone.daemon("device"),
            phone.app("app", TOPIC) as app,
            httpx.AsyncClient(http2=True, verify=trust, trust_env=False) as provider,
        ):
            await app.says("\n")
            token = json.loads(app.lines[0])["token"]
            async with command(tmp_path, "locking", "power", "locked", *where) as locking:
                assert await locking.ends() == 0
            assert locking.lines == ["locked, assertion policy full, online"]
            bearer = token_for(gateway.info)
            for text, priority in (("can wait", "5"), ("now", "10")):
                answer = await provider.post(
                    f"{gateway.info['provider_url']}/3/device/{token}",
                    content=json.dumps({"aps": {"alert": text}}),
                    headers={
                        "authorization": f"bearer {bearer}",
                        "apns-topic": TOPIC,
                        "apns-priority": priority,
                    },
                )
                assert answer.status_code == 200, answer.text
            await app.says('"now"')
            pushes = [json.loads(line) for line in app.lines if "payload" in line]
            texts = [push["payload"]["aps"]["alert"] for push in pushes]
            assert texts == ["can wait", "now"]
        async with httpx.AsyncClient(trust_env=False) as console:
            path = f"{gateway.info['console_url']}/api/v1/notifications/{pushes[0]['apns_id']}"
            story = (await console.get(path)).json()
        assert [event["state"] for event in story["timeline"]] == [
            State.RECEIVED,
            State.STORED_POWER,
            State.DELIVERED_FROM_STORAGE,
        ]
