"""A locked phone, from the provider's push to its display, over real sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from gateway.journal import State
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
