"""The life of a device token: uninstalled, reinstalled, restored, thrown away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records import State
from tests.e2e.world import TOPIC, World, world

if TYPE_CHECKING:
    from pathlib import Path


async def _hears_that_it_is_gone(here: World, token: str, since: float) -> None:
    answer = await here.push(token)
    assert answer.status_code == 410
    gone = answer.json()
    assert gone.keys() == {"reason", "timestamp"}
    assert gone["reason"] == "Unregistered"
    # Apple: "The time, in milliseconds since Epoch". Clients parse it as an integer.
    assert isinstance(gone["timestamp"], int)
    assert int(since * 1000) <= gone["timestamp"] <= here.clock.now() * 1000


async def test_an_uninstalled_app_is_unregistered_and_a_new_install_has_another_token(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        since = here.clock.now()
        await here.devices.uninstall_app(phone, TOPIC)
        await _hears_that_it_is_gone(here, token, since)
        fresh = await here.install(phone)
        assert fresh != token
        await _hears_that_it_is_gone(here, token, since)
        await here.pushes(fresh, "welcome back")
        assert await here.received(phone, 1) == ["welcome back"]


async def test_an_uninstall_while_away_is_told_later_and_what_waited_is_discarded(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.switch(phone, online=False)
        await here.devices.uninstall_app(phone, TOPIC)
        # Apple's servers cannot know yet either.
        waiting = await here.push(token, "too late")
        assert waiting.status_code == 200
        since = here.clock.now()
        await here.switch(phone, online=True)
        await here.reached(waiting.headers["apns-id"], State.DISCARDED_UNREGISTERED_FROM_STORAGE)
        await _hears_that_it_is_gone(here, token, since)
        assert here.devices.notifications(phone) == ()


async def test_a_restore_from_backup_changes_every_token(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        apps = [TOPIC, "com.example.other"]
        old = [await here.install(phone, app) for app in apps]
        since = here.clock.now()
        view = await here.devices.restore(phone)
        new = [app.tokens["alert"] for app in view.apps]
        assert [app.bundle_id for app in view.apps] == apps
        assert set(old).isdisjoint(new)
        await _hears_that_it_is_gone(here, old[0], since)
        await here.pushes(new[0], "restored")
        assert await here.received(phone, 1) == ["restored"]


async def test_providers_hear_of_an_uninstall_after_the_delay_that_is_set(tmp_path: Path) -> None:
    async with world(tmp_path, unregistered_delay_seconds=60.0) as here:
        phone = await here.phone()
        token = await here.install(phone)
        since = here.clock.now()
        await here.devices.uninstall_app(phone, TOPIC)
        early = await here.push(token)
        assert early.status_code == 200
        await here.reached(early.headers["apns-id"], State.DISCARDED_UNREGISTERED)
        here.clock.advance(61)
        await _hears_that_it_is_gone(here, token, since)


async def test_a_device_thrown_away_takes_its_tokens_with_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        since = here.clock.now()
        await here.devices.delete_device(phone)
        await _hears_that_it_is_gone(here, token, since)
        assert here.devices.list_devices() == ()
