"""What becomes of a token: what the app sees, what the provider gets: docs/tokens.md."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from devicesim.runtime.handlers import LAUNCHED, REGISTERED, UNREGISTER
from gateway.records import State
from tests.e2e.world import DEVELOPMENT, PRODUCTION, TOPIC, World, until, world
from tests.test_architecture import ROOT

if TYPE_CHECKING:
    from pathlib import Path

VOIP = f"{TOPIC}.voip"
TABLE = (ROOT / "docs" / "tokens.md").read_text(encoding="utf-8")


async def answer(here: World, token: str, **headers: str) -> tuple[int, str]:
    """Status and reason of a push to this token."""
    got = await here.push(token, **headers)
    return got.status_code, got.json()["reason"] if got.content else ""


async def unregistered(here: World, token: str, since: float) -> None:
    """410 from now on, with the time when the device said so."""
    got = await here.push(token)
    assert got.status_code == 410, got.text
    assert got.json()["reason"] == "Unregistered"
    assert since * 1000 - 1 <= got.json()["timestamp"] <= here.clock.now() * 1000


def seen(here: World, device: str, what: str = REGISTERED) -> list[str]:
    """With what the app was called, oldest first."""
    events = here.devices.app_events(device, TOPIC)
    return [event.detail for event in events if event.what == what]


async def opened(here: World, device: str) -> None:
    await here.devices.patch_app(device, TOPIC, state="foreground")


def token_of(here: World, device: str, push_type: str = "alert") -> str:
    [app] = here.devices.get_device(device).apps
    return app.tokens[push_type]


async def test_a_new_install_is_called_with_its_token(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        assert seen(here, phone) == [f"token {token}"]
        assert await answer(here, token) == (200, "")


async def test_a_reinstalled_app_has_another_token_and_the_old_one_is_gone(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        old, since = await here.install(phone), here.clock.now()
        await here.devices.uninstall_app(phone, TOPIC)
        new = await here.install(phone)
        assert new != old
        assert seen(here, phone) == [f"token {new}"], "the app that saw the old one is gone"
        await unregistered(here, old, since)
        assert await answer(here, new) == (200, "")


@pytest.mark.parametrize("event", ["restore", "refresh"])
async def test_after_a_restore_or_a_new_system_the_app_sees_another_token_at_its_next_launch(
    tmp_path: Path, event: str
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        old, since = await here.install(phone), here.clock.now()
        view = await getattr(here.devices, event)(phone)
        [app] = view.apps
        assert app.state == "terminated"
        new = app.tokens["alert"]
        assert seen(here, phone) == [f"token {old}"]
        await opened(here, phone)
        assert seen(here, phone) == [f"token {old}", f"token {new}; it was {old}"]
        assert seen(here, phone, LAUNCHED) == ["by a person, now foreground"]
        await unregistered(here, old, since)
        assert await answer(here, new) == (200, "")


async def test_a_backup_on_another_device_has_tokens_of_its_own_and_the_first_goes_on(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        old = await here.install(phone)
        await here.devices.patch_app(phone, TOPIC, permission="provisional", extension_seconds=2)
        view = await here.devices.restore(phone, "successor")
        [app] = view.apps
        assert (view.id, view.name, view.online) == ("successor", "phone", True)
        assert (app.permission, app.extension_seconds, app.state) == (
            "provisional",
            2,
            "terminated",
        )
        assert app.tokens["alert"] != old
        await here.pushes(old, "to the old one")
        await here.pushes(app.tokens["alert"], "to the new one")
        assert await here.received(phone, 1) == ["to the old one"]
        assert await here.received("successor", 1) == ["to the new one"]
        # Until it is erased: a provider that does not prune pushes to a phone in a drawer.
        since = here.clock.now()
        await here.devices.delete_device(phone)
        await unregistered(here, old, since)
        assert await answer(here, app.tokens["alert"]) == (200, "")


async def test_a_device_that_a_backup_is_restored_on_is_erased_before(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone, other = await here.phone(), await here.phone("other")
        await here.install(phone)
        there = [await here.install(other, name) for name in (TOPIC, "com.example.game")]
        since = here.clock.now()
        view = await here.devices.restore(phone, other)
        assert [app.bundle_id for app in view.apps] == [TOPIC]
        assert view.apps[0].tokens["alert"] not in there
        await unregistered(here, there[0], since)
        gone = await here.push(there[1], apns_topic="com.example.game")
        assert gone.status_code == 410


async def test_a_backup_keeps_who_has_signed_out_signed_out(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        await here.devices.install_app(phone, TOPIC, ["alert", "voip", "liveactivity"])
        await here.devices.activities.register_type(phone, TOPIC, "Delivery")
        await here.devices.patch_app(phone, TOPIC, registered=False)
        [app] = (await here.devices.restore(phone, "successor")).apps
        assert not app.registered
        assert app.tokens.keys() == {"voip", "liveactivity"}
        assert app.push_to_start_tokens.keys() == {"Delivery"}


async def test_a_backup_goes_to_no_device_of_an_impossible_name(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        with pytest.raises(ValueError, match="device"):
            await here.devices.restore(phone, "no id\n")
        assert [view.id for view in here.devices.list_devices()] == [phone]
        assert (await here.devices.restore(phone, phone)).id == phone


async def test_an_app_that_signs_out_is_unregistered_and_gets_another_token_at_sign_in(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        view = await here.devices.install_app(phone, TOPIC, ["alert", "voip"])
        old, voip, since = view.tokens["alert"], view.tokens["voip"], here.clock.now()
        out = await here.devices.patch_app(phone, TOPIC, registered=False)
        assert (out.registered, out.tokens) == (False, {"voip": voip})
        assert seen(here, phone, UNREGISTER) == [""]
        await unregistered(here, old, since)
        call = {"apns_topic": VOIP, "apns_push_type": "voip"}
        assert await answer(here, voip, **call) == (200, ""), "PushKit's is another token"
        back = await here.devices.patch_app(phone, TOPIC, registered=True)
        new = back.tokens["alert"]
        assert new != old
        assert seen(here, phone)[-1] == f"token {new}; it was {old}"
        await unregistered(here, old, since)
        await here.pushes(new, "welcome back")
        assert await here.received(phone, 1) == ["welcome back"]


async def test_a_sign_out_while_away_is_told_later_and_what_waited_is_discarded(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        old = await here.install(phone)
        await here.switch(phone, online=False)
        await here.devices.patch_app(phone, TOPIC, registered=False)
        waiting = await here.push(old, "for nobody")
        assert waiting.status_code == 200
        since = here.clock.now()
        await here.switch(phone, online=True)
        await here.reached(waiting.headers["apns-id"], State.DISCARDED_UNREGISTERED_FROM_STORAGE)
        await unregistered(here, old, since)
        assert here.devices.notifications(phone) == ()


async def test_who_signs_out_and_in_again_while_away_gets_another_token_with_the_next_link(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        old = await here.install(phone)
        await here.switch(phone, online=False)
        for registered in (False, True):
            await here.devices.patch_app(phone, TOPIC, registered=registered)
        since = here.clock.now()
        await here.switch(phone, online=True)
        await until(lambda: "alert" in here.devices.get_device(phone).apps[0].tokens)
        assert token_of(here, phone) != old
        await unregistered(here, old, since)


async def test_a_sign_out_survives_a_restart(tmp_path: Path) -> None:
    async with world(tmp_path, store="sqlite") as here:
        phone = await here.phone()
        old = await here.install(phone)
        await here.devices.patch_app(phone, TOPIC, registered=False)
    async with world(tmp_path, store="sqlite") as here:
        [app] = here.devices.get_device(phone).apps
        assert (app.registered, app.tokens) == (False, {})
        assert (await here.push(old)).status_code == 410


async def test_a_token_of_the_other_environment_is_bad(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        token = await here.install(await here.phone())
        assert await answer(here, token, sni=DEVELOPMENT) == (200, "")
        assert await answer(here, token, sni=PRODUCTION) == (400, "BadDeviceToken")
        assert await answer(here, "ab" * 32) == (400, "BadDeviceToken")


def test_every_row_of_the_table_names_a_test_that_is_there() -> None:
    rows = re.findall(r"^\| [^|]+ \| [^|]+ \| [^|]+ \| `(\w+)` \|$", TABLE, re.MULTILINE)
    assert len(rows) >= 10
    tests = [path.read_text(encoding="utf-8") for path in (ROOT / "tests" / "e2e").glob("*.py")]
    assert [row for row in rows if not any(f"def {row}(" in text for text in tests)] == []
