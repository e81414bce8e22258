"""What a device tells of its links: one per interface, as it believes them to be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trio.testing import wait_all_tasks_blocked

from tests.devicesim.town import Town

if TYPE_CHECKING:
    from trio.testing import MockClock

    from devicesim.link.views import LinkView


async def links(town: Town, device_id: str) -> dict[str, LinkView]:
    await wait_all_tasks_blocked()
    return {each.interface: each for each in town.host.get_device(device_id).links}


async def test_one_of_two_links_leads_and_both_are_told() -> None:
    async with Town().running() as town:
        device = await town.host.create_device("Anna")
        await town.host.patch_device(device.id, network="wifi+cellular")
        seen = await links(town, device.id)
        assert [(each.state, each.leads) for each in seen.values()] == [
            ("online", True),
            ("online", False),
        ]
        assert all(each.local and each.remote for each in seen.values())
        await town.host.patch_device(device.id, network="cellular")
        seen = await links(town, device.id)
        assert (seen["WiFi"].state, seen["Cellular"].leads) == ("off", True)


async def test_without_a_gateway_it_waits_for_the_next_attempt(
    mock_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device("Anna")
        gateway = town.gateways["Anna"]
        gateway.is_reachable = False
        await gateway.close()
        seen = await links(town, device.id)
        assert (seen["WiFi"].state, seen["WiFi"].local) == ("waiting", None)
        assert mock_clock.rate == 0


async def test_the_next_keep_alive_comes_nearer(mock_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device("Anna")
        before = (await links(town, device.id))["WiFi"]
        mock_clock.jump(10)
        after = (await links(town, device.id))["WiFi"]
        assert before.next_keep_alive_seconds is not None
        assert after.next_keep_alive_seconds == before.next_keep_alive_seconds - 10
