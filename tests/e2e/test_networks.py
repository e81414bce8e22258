"""Networks that are not what they seem, over real sockets and TLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.records import State
from tests.e2e.world import until, world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import World


def links(here: World) -> dict[str, bool]:
    """The gateway's links by interface, and whether they are served."""
    return {each.interface: each.is_served for each in here.gateway.couriers.statistics()}


async def test_a_phone_with_two_interfaces_has_two_links_and_gets_each_push_once(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_device(phone, network="wifi+cellular")
        await until(lambda: links(here) == {"WiFi": True, "Cellular": False})
        await here.pushes(token, "one", "two")
        assert await here.received(phone, 2) == ["one", "two"]
        await here.devices.network_event(phone, "reset")
        await until(lambda: links(here) == {"Cellular": True})
        await here.pushes(token, "three")
        assert (await here.received(phone, 3))[2:] == ["three"]


async def test_what_was_sent_into_the_dark_arrives_past_its_expiration(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_device(phone, network="half-open")
        expiration = str(int(here.clock.now()) + 30)
        once = await here.push(token, "once", apns_expiration="0")
        brief = await here.push(token, "brief", apns_expiration=expiration)
        await here.passes(120)
        await here.devices.patch_device(phone, network="cellular")
        assert sorted(await here.received(phone, 2)) == ["+brief", "+once"]
        for push in (once, brief):
            await here.reached(push.headers["apns-id"], State.DELIVERED_FROM_STORAGE)
            (record,) = here.gateway.journal.find(
                lambda record, push=push: record.apns_id == push.headers["apns-id"]
            )
            told = [event.detail for event in record.timeline]
            assert any("past its expiration" in detail for detail in told)


async def test_after_a_goodbye_what_has_expired_is_gone(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_device(phone, network="airplane")
        await until(lambda: not links(here))
        once = await here.push(token, "once", apns_expiration="0")
        await here.reached(once.headers["apns-id"], State.DISCARDED_EXPIRED)
        await here.pushes(token, "later")
        await here.devices.patch_device(phone, network="wifi")
        assert await here.received(phone, 1) == ["+later"]


async def test_after_a_hand_over_pushes_go_over_the_new_link(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        view = await here.devices.network_event(phone, "hand-over")
        assert view.online
        await here.pushes(token, "on the move")
        assert await here.received(phone, 1) == ["on the move"]


async def test_a_slow_network_is_slow_and_keeps_the_order(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_device(
            phone, conditions={"latency_seconds": 0.05, "jitter_seconds": 0.1}
        )
        await here.pushes(token, *map(str, range(20)))
        assert await here.received(phone, 20) == list(map(str, range(20)))
