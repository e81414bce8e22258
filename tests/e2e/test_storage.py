"""Phones that are away: what waits, what takes its place, what is too late."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.records import State
from tests.e2e.world import until, world

if TYPE_CHECKING:
    from pathlib import Path

OTHER_TOPIC = "com.example.other"


@pytest.mark.parametrize("store", ["memory", "sqlite"])
async def test_the_newest_of_each_app_waits_for_an_absent_phone(tmp_path: Path, store: str) -> None:
    async with world(tmp_path, store=store) as here:
        phone = await here.phone()
        token, other = await here.install(phone), await here.install(phone, OTHER_TOPIC)
        await here.switch(phone, online=False)
        replaced = await here.push(token, "old")
        await here.pushes(other, "other", apns_topic=OTHER_TOPIC)
        await here.pushes(token, "new")
        await here.reached(replaced.headers["apns-id"], State.REPLACED)
        await here.switch(phone, online=True)
        assert await here.received(phone, 1) == ["+new"]
        assert await here.received(phone, 1, OTHER_TOPIC) == ["+other"]
        # What comes to a phone that is there follows, and is not from storage.
        await here.pushes(token, "now")
        assert await here.received(phone, 2) == ["+new", "now"]


async def test_expiration_0_is_tried_once_and_never_waits(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.pushes(token, "there", apns_expiration="0")
        assert await here.received(phone, 1) == ["there"]
        await here.switch(phone, online=False)
        lost = await here.push(token, "away", apns_expiration="0")
        assert lost.status_code == 200
        await here.reached(lost.headers["apns-id"], State.DISCARDED_EXPIRED)
        await here.switch(phone, online=True)
        await here.pushes(token, "back")
        assert await here.received(phone, 2) == ["there", "back"]


async def test_a_date_in_the_past_has_expired_at_once(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.switch(phone, online=False)
        late = await here.push(token, "late", apns_expiration=str(int(here.clock.now()) - 1))
        assert late.status_code == 200
        await here.reached(late.headers["apns-id"], State.DISCARDED_EXPIRED)
        await here.switch(phone, online=True)
        await here.pushes(token, "in time")
        assert await here.received(phone, 1) == ["in time"]


async def test_what_expires_while_the_phone_is_away_never_arrives(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token, other = await here.install(phone), await here.install(phone, OTHER_TOPIC)
        await here.switch(phone, online=False)
        in_an_hour, in_a_day = (str(int(here.clock.now()) + each) for each in (3600, 86_400))
        expiring = await here.push(token, "an hour", apns_expiration=in_an_hour)
        await here.pushes(other, "a day", apns_topic=OTHER_TOPIC, apns_expiration=in_a_day)
        here.clock.advance(3601)
        await here.switch(phone, online=True)
        assert await here.received(phone, 1, OTHER_TOPIC) == ["+a day"]
        assert here.topics_of(phone) == {OTHER_TOPIC}
        await here.reached(expiring.headers["apns-id"], State.DISCARDED_EXPIRED)


async def test_without_an_expiration_it_waits_for_30_days_and_no_longer(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.switch(phone, online=False)
        await here.pushes(token, "patient")
        await here.passes(30 * 86_400 - 60)
        assert await here.gateway.store.pending() == 1
        await here.passes(120)
        assert await here.gateway.store.pending() == 0


async def test_the_store_and_the_devices_outlive_an_orderly_restart(tmp_path: Path) -> None:
    async with world(tmp_path, store="sqlite") as here:
        phone = await here.phone("Anna's phone")
        token = await here.install(phone)
        await here.switch(phone, online=False)
        await here.pushes(token, "kept")
    async with world(tmp_path, store="sqlite") as here:
        [device] = here.devices.list_devices()
        assert (device.id, device.name, device.online) == (phone, "Anna's phone", False)
        assert device.apps[0].tokens == {"alert": token}
        await here.switch(phone, online=True)
        assert await here.received(phone, 1) == ["+kept"]
        await here.pushes(token, "after")
        assert await here.received(phone, 2) == ["+kept", "after"]
        await until(lambda: not here.gateway.couriers.statistics()[0].in_flight)
        assert await here.gateway.store.pending() == 0
