"""A person with the phones of a host: looking, tapping, swiping, restarting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from devicesim.app import UnknownAppError
from devicesim.host.hosted import UnknownDeviceError
from devicesim.screen.screen import UnknownNotificationError
from protocol.identifiers import DeviceToken
from protocol.notification import PushType
from tests.devicesim.host.test_device_host import NEWS, Town, deliver, town
from tests.devicesim.live_pushes import LIVE, live_push
from tests.devicesim.scripted_gateway import push_to

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.screen.views import ScreenView

CHAT = "com.example.chat"

__all__ = ["town"]


async def shown(town: Town, name: str, text: str, to: str = NEWS, **aps: Any) -> str:  # noqa: ANN401
    """An alert that has arrived; its apns-id."""
    token = town.gateways[name].tokens[to]
    push = push_to(token, to, json.dumps({"aps": {"alert": text, **aps}}).encode())
    await deliver(town, name, push)
    return push.apns_id


def texts(screen: ScreenView) -> list[str]:
    groups = (*screen.lock_screen, *screen.notification_center)
    return [each.body for group in groups for each in group.notifications]


async def a_phone(town: Town, **power: str) -> str:
    device = await town.host.create_device("Anna")
    for bundle_id in (NEWS, CHAT):
        await town.host.install_app(device.id, bundle_id, ["alert"])
    if power:
        await town.host.patch_device(device.id, **power)
    return device.id


async def test_a_tap_on_the_lock_screen_unlocks_and_brings_the_app_to_the_front(
    town: Town,
) -> None:
    phone, screens = await a_phone(town, power="locked"), town.host.screens
    await town.host.patch_app(phone, CHAT, state="foreground")
    await shown(town, "Anna", "stays")
    apns_id = await shown(town, "Anna", "opened", badge=2)
    seen = await screens.look(phone)
    assert (seen.front, seen.lit, texts(seen)) == ("lock-screen", True, ["opened", "stays"])
    seen = await screens.tap(phone, apns_id)
    assert (seen.front, seen.locked, texts(seen)) == (NEWS, False, ["stays"])
    assert seen.lock_screen == ()
    assert seen.badges == {NEWS: 2}
    view = town.host.get_device(phone)
    assert view.power == "awake"
    assert {app.bundle_id: app.state for app in view.apps} == {
        NEWS: "foreground",
        CHAT: "background",
    }
    with pytest.raises(UnknownNotificationError):
        await screens.tap(phone, apns_id)


async def test_a_swipe_a_clearing_and_an_apps_own_badge(town: Town) -> None:
    phone, screens = await a_phone(town), town.host.screens
    apns_id = await shown(town, "Anna", "swiped", badge=1)
    await shown(town, "Anna", "news")
    await shown(town, "Anna", "chat", to=CHAT)
    assert texts(await screens.dismiss(phone, apns_id)) == ["chat", "news"]
    assert texts(await screens.clear(phone, CHAT)) == ["news"]
    assert (await screens.set_badge(phone, NEWS, 5)).badges == {NEWS: 5}
    seen = await screens.set_badge(phone, NEWS, 0)
    assert (seen.badges, texts(seen)) == ({}, [])
    await shown(town, "Anna", "chat", to=CHAT)
    assert texts(await screens.clear(phone)) == []


async def test_unknown_devices_and_apps_are_told_apart(town: Town) -> None:
    phone, screens = await a_phone(town), town.host.screens
    with pytest.raises(UnknownDeviceError):
        await screens.look("nobody")
    with pytest.raises(UnknownAppError):
        await screens.clear(phone, "no.such.app")
    with pytest.raises(UnknownAppError):
        await screens.set_badge(phone, "no.such.app", 1)
    with pytest.raises(UnknownAppError):
        await screens.set_strings(phone, "no.such.app", {})


async def test_live_activities_are_on_the_screen_by_relevance_with_their_alert(
    town: Town,
) -> None:
    phone = await a_phone(town, power="locked")
    await town.host.install_app(phone, NEWS, ["liveactivity"])
    token = town.gateways["Anna"].tokens[LIVE]
    town.time = 1_790_000_000.0
    for order, score in ((1, 5), (2, 50), (3, 5)):
        alert = {"title": "Started", "body": f"order {order}", "sound": "bell.caf"}
        details = {"attributes": {"order": order}, "relevance_score": score, "alert": alert}
        await deliver(town, "Anna", live_push(token, "start", **details))
        town.time += 1
    seen = await town.host.screens.look(phone)
    assert [each.attributes["order"] for each in seen.live_activities] == [2, 1, 3]
    assert (seen.lit, len(seen.sounds), texts(seen)) == (True, 3, [])
    town.time += 12 * 3600
    assert (await town.host.screens.look(phone)).live_activities == ()


async def test_the_screen_survives_a_restart_of_the_host(tmp_path: Path) -> None:
    async with Town(tmp_path).running() as town:
        phone = await a_phone(town, power="locked")
        await town.host.screens.set_strings(phone, NEWS, {"GOAL": "%@ scores"})
        await shown(town, "Anna", "kept", badge=3)
        gone = await shown(town, "Anna", "gone")
        await town.host.screens.dismiss(phone, gone)
        await town.host.patch_device(phone, power="awake")
        before = await town.host.screens.look(phone)
    async with Town(tmp_path).running() as again:
        after = await again.host.screens.look(phone)
        assert (after.notification_center, after.badges) == (
            before.notification_center,
            before.badges,
        )
        assert texts(after) == ["kept"]
        await again.host.uninstall_app(phone, NEWS)
        assert texts(await again.host.screens.look(phone)) == []


async def test_a_restored_phone_shows_nothing_of_before(town: Town) -> None:
    phone = await a_phone(town)
    await shown(town, "Anna", "before", badge=1)
    await town.host.restore(phone)
    seen = await town.host.screens.look(phone)
    assert (texts(seen), seen.badges) == ([], {})


async def test_what_nobody_saw_is_told_with_the_reason(town: Town) -> None:
    phone = await a_phone(town)
    push = push_to(town.gateways["Anna"].tokens[NEWS], NEWS, b'{"aps":{"badge":"3"}}')
    await deliver(town, "Anna", push)
    [unseen] = (await town.host.screens.look(phone)).not_shown
    assert unseen.apns_id == push.apns_id
    assert "badge is a whole number, not '3'" in unseen.why
    assert (unseen.push_type, unseen.received_at) == (PushType.ALERT, town.time)


async def test_a_live_activitys_unheard_push_is_among_them(town: Town) -> None:
    phone = await a_phone(town)
    await town.host.install_app(phone, NEWS, ["liveactivity"])
    token = DeviceToken(town.gateways["Anna"].tokens[LIVE])
    await deliver(town, "Anna", live_push(token, "start", alert=None))
    [unseen] = (await town.host.screens.look(phone)).not_shown
    assert "start needs an alert" in unseen.why


async def test_a_call_rings_whatever_the_person_allows_to_be_shown(town: Town) -> None:
    phone = await a_phone(town)
    await town.host.install_app(phone, NEWS, ["voip"])
    await town.host.patch_app(phone, NEWS, permission="denied")
    topic = f"{NEWS}.voip"
    token = town.gateways["Anna"].tokens[topic]
    await deliver(town, "Anna", push_to(token, topic, b"{}", push_type=PushType.VOIP))
    [received] = town.host.notifications(phone)
    assert received.presentation == "delivered"
