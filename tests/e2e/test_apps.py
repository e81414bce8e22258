"""What apps do with pushes, from the provider's request to the code of the app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devicesim.runtime.calls import KILLED
from gateway.records import State
from tests.e2e.world import TOPIC, World, until, world

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.host.views import ReceivedView

WAKE_UP = {"content-available": 1}
QUIET = {"apns_push_type": "background", "apns_priority": "5"}
CALL = {"apns_push_type": "voip", "apns_topic": f"{TOPIC}.voip"}


async def phone_with_app(here: World) -> tuple[str, dict[str, str]]:
    """A phone, and the tokens of its app."""
    phone = await here.phone()
    app = await here.devices.install_app(phone, TOPIC, ["alert", "background", "voip"])
    return phone, app.tokens


async def woken(here: World, token: str, count: int) -> list[str]:
    """Send background pushes, one after the other; their ids."""
    ids = []
    for _ in range(count):
        answer = await here.push(token, aps=WAKE_UP, **QUIET)
        assert answer.status_code == 200
        ids.append(answer.headers["apns-id"])
        await here.reached(ids[-1], State.DELIVERED)
    return ids


async def last(here: World, phone: str, count: int) -> ReceivedView:
    """The newest of so many pushes."""
    await until(lambda: len(here.devices.notifications(phone)) >= count)
    received = here.devices.notifications(phone)
    assert len(received) == count
    return received[-1]


async def test_the_gateway_answers_200_to_all_and_the_phone_wakes_its_app_twice_an_hour(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, background_pushes_per_hour=2) as here:
        phone, tokens = await phone_with_app(here)
        ids = await woken(here, tokens["background"], 4)
        await last(here, phone, 3)
        told = [(each.apns_id, each.presentation) for each in here.devices.notifications(phone)]
        assert told == [(ids[0], "woken"), (ids[1], "woken"), (ids[2], "not-shown")]
        [app] = here.devices.get_device(phone).apps
        assert app.background_push_held
        here.clock.advance(3600)
        assert (await last(here, phone, 4)).apns_id == ids[3]


async def test_what_is_held_and_who_is_silent_survive_a_restart(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"store": "sqlite", "background_pushes_per_day": 1}
    async with world(tmp_path, unreported_calls=1, **settings) as here:
        phone, tokens = await phone_with_app(here)
        ids = await woken(here, tokens["background"], 1)
        await here.devices.patch_app(phone, TOPIC, reports_calls=False)
        await here.push(tokens["voip"], aps={}, **CALL)
        assert (await last(here, phone, 2)).detail.endswith(KILLED)
        # Launched for the next one, the app would be killed for nothing that it does now.
        ids += await woken(here, tokens["background"], 1)
        [app] = here.devices.get_device(phone).apps
        assert (app.voip_stopped, app.background_push_held) == (True, True)
        assert len(here.devices.notifications(phone)) == 2
    async with world(tmp_path, **settings) as here:
        assert (await last(here, phone, 1)).apns_id == ids[1]
        [app] = here.devices.get_device(phone).apps
        assert app.voip_stopped
        assert app.state == "background", "the held push has launched it"


async def test_a_call_that_waited_for_the_phone_need_not_be_reported(tmp_path: Path) -> None:
    async with world(tmp_path, late_call_seconds=10.0) as here:
        phone, tokens = await phone_with_app(here)
        await here.devices.patch_app(phone, TOPIC, reports_calls=False)
        await here.switch(phone, online=False)
        await here.push(tokens["voip"], aps={}, **CALL)
        here.clock.advance(11)
        await here.switch(phone, online=True)
        received = await last(here, phone, 1)
        assert (received.detail, received.from_storage) == ("need not report", True)
        await here.push(tokens["voip"], aps={}, **CALL)
        received = await last(here, phone, 2)
        assert received.detail == f"mustReport; {KILLED}"
        assert received.app_state_after == "terminated"


async def test_a_person_who_denies_permission_has_alerts_discarded_at_the_gateway(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_app(phone, TOPIC, permission="denied")
        answer = await here.push(token)
        assert answer.status_code == 200
        await here.reached(answer.headers["apns-id"], State.DISCARDED_DISABLED)
        await here.devices.patch_app(phone, TOPIC, permission="granted")
        await here.pushes(token, "welcome")
        assert await here.received(phone, 1) == ["welcome"]


async def test_but_not_if_the_app_receives_background_pushes_too(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone, tokens = await phone_with_app(here)
        for permission in ("denied", "not-asked"):
            await here.devices.patch_app(phone, TOPIC, permission=permission)
            await here.pushes(tokens["alert"], "unseen")
            await woken(here, tokens["background"], 1)
        await last(here, phone, 4)
        told = [each.presentation for each in here.devices.notifications(phone)]
        assert told == ["not-shown", "woken"] * 2


async def test_an_alert_is_presented_once_its_service_extension_is_done(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_app(phone, TOPIC, extension_seconds=0.2)
        aps = {"alert": "Encrypted", "mutable-content": 1}
        answer = await here.push(token, aps=aps)
        await here.reached(answer.headers["apns-id"], State.DELIVERED)
        assert here.devices.notifications(phone) == ()
        await here.reached(answer.headers["apns-id"], State.PRESENTED)
        assert "service extension took 0.2 s" in (await last(here, phone, 1)).detail
