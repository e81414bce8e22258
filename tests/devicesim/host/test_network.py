"""The networks of a host's devices: kinds, conditions, and what happens to connections."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from devicesim.host.confirmation import NotConfirmedError
from devicesim.host.hosted import UnknownDeviceError
from protocol.courier.messages import Connect
from tests.devicesim.town import Town

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.host.views import DeviceView


def interfaces(view: DeviceView) -> list[tuple[str, bool]]:
    """Of each link that stands its interface, and whether it leads."""
    return [(link.interface, link.leads) for link in view.links if link.state == "online"]


async def test_with_two_interfaces_a_device_has_two_links() -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        await town.host.patch_device(device.id, network="wifi+cellular")
        await wait_all_tasks_blocked()
        view = town.host.get_device(device.id)
        assert view.online
        assert interfaces(view) == [("WiFi", True), ("Cellular", False)]
        view = await town.host.patch_device(device.id, network="cellular")
        await wait_all_tasks_blocked()
        assert interfaces(town.host.get_device(device.id)) == [("Cellular", True)]
        view = await town.host.patch_device(device.id, network="airplane")
        assert (view.online, interfaces(view)) == (False, [])


async def test_conditions_and_networks_survive_a_restart(tmp_path: Path) -> None:
    async with Town(tmp_path).running() as town:
        device = await town.host.create_device()
        changed = await town.host.patch_device(
            device.id,
            network="wifi+cellular",
            conditions={"latency_seconds": 0.001, "nat_idle_seconds": 300},
        )
        with pytest.raises(ValueError, match="latency_seconds"):
            await town.host.patch_device(
                device.id, network="none", conditions={"latency_seconds": -1}
            )
        assert town.host.get_device(device.id).network == "wifi+cellular", "nothing is changed"
    async with Town(tmp_path).running() as town:
        view = town.host.get_device(device.id)
        assert (view.network, view.conditions) == ("wifi+cellular", changed.conditions)
        assert view.conditions.nat_idle_seconds == 300


async def test_after_a_hand_over_there_is_a_new_link_at_once(autojump_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        gateway = town.gateways["iPhone 1"]
        old = gateway.stream
        assert old is not None
        view = await town.host.network_event(device.id, "hand-over")
        assert view.online
        assert gateway.links == 2
        await old.send_all(b"nobody told the gateway: its link still takes bytes")
        assert autojump_clock.current_time() == 0


async def test_a_reset_costs_one_link(autojump_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        await town.host.network_event(device.id, "reset")
        await wait_all_tasks_blocked()
        assert not town.host.get_device(device.id).online
        await trio.sleep(2)
        assert town.host.get_device(device.id).online
        assert town.gateways["iPhone 1"].links == 2
        assert autojump_clock.current_time() == 2


async def test_what_a_phone_cannot_see_it_learns_from_its_keep_alive(
    autojump_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        assert (await town.host.network_event(device.id, "forget-nat")).online
        await trio.sleep(74)
        assert town.host.get_device(device.id).online, "asked at 60 s, patient for 15 s"
        await trio.sleep(3)
        assert town.host.get_device(device.id).online, "a new link, over a new mapping"
        assert town.gateways["iPhone 1"].links == 2
        assert autojump_clock.current_time() == 77


async def test_the_other_interface_takes_over_when_the_router_loses_its_wan_side(
    autojump_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        await town.host.patch_device(device.id, network="wifi+cellular")
        await wait_all_tasks_blocked()
        await town.host.network_event(device.id, "cut-wan")
        await trio.sleep(74)
        assert interfaces(town.host.get_device(device.id))[0] == ("WiFi", True)
        await trio.sleep(3)
        assert interfaces(town.host.get_device(device.id)) == [("Cellular", True)]
        # The router is mended; the person need not wait out the 15 minutes.
        await town.host.patch_device(device.id, network="wifi+cellular")
        await wait_all_tasks_blocked()
        assert interfaces(town.host.get_device(device.id)) == [("WiFi", True), ("Cellular", False)]
        assert autojump_clock.current_time() == 77


async def test_a_slow_network_makes_slow_links(autojump_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device(online=False)
        await town.host.patch_device(device.id, conditions={"latency_seconds": 0.5})
        assert (await town.host.patch_device(device.id, online=True)).online
        # At least three round trips: SYN, Connect and the first keep-alive.
        assert 3 <= autojump_clock.current_time() <= 5


async def test_what_cannot_happen_is_refused(autojump_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        with pytest.raises(ValueError, match="flood"):
            await town.host.network_event(device.id, "flood")
        with pytest.raises(UnknownDeviceError):
            await town.host.network_event("x", "reset")
        town.gateways["iPhone 1"].answers.discard(Connect)
        with pytest.raises(NotConfirmedError, match="new link"):
            await town.host.network_event(device.id, "hand-over")
        await town.host.patch_device(device.id, network="none")
        with pytest.raises(ValueError, match="no network"):
            await town.host.network_event(device.id, "reset")
        assert autojump_clock.current_time() == 10


async def test_a_phone_that_is_woken_asks_at_once_whether_its_link_lives(
    autojump_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        await town.host.patch_device(device.id, network="half-open")
        await town.host.wake(device.id, "user")
        await trio.sleep(14)
        assert town.host.get_device(device.id).online
        await trio.sleep(2)
        assert not town.host.get_device(device.id).online
        assert autojump_clock.current_time() == 16
