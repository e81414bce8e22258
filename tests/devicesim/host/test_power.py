"""The power of hosted devices: what the gateway hears of it, when they give up, what wakes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from devicesim.host.hosted import UnknownDeviceError
from protocol.courier.messages import Connect, Filter, SetState
from protocol.identifiers import Topic
from protocol.notification import Priority, PushType
from tests.devicesim.host.test_device_host import NEWS, Town, deliver
from tests.devicesim.scripted_gateway import push_to

if TYPE_CHECKING:
    from pathlib import Path

    from tests.devicesim.scripted_gateway import ScriptedGateway


async def locked(town: Town) -> tuple[str, ScriptedGateway]:
    """A device that is connected and locked; what was said until then is forgotten."""
    device = await town.host.create_device("Phone")
    await town.host.install_app(device.id, NEWS, ["alert", "voip", "widgets"])
    await town.host.patch_device(device.id, power="locked")
    return device.id, town.gateways["Phone"]


async def dead_zone(town: Town, clock: MockClock) -> tuple[str, ScriptedGateway]:
    """A locked device that has lost its link and has given up."""
    device, gateway = await locked(town)
    gateway.is_reachable = False
    await gateway.reset()
    await passes(clock, 161)
    assert town.host.get_device(device).assertion_policy == "restricted"
    gateway.is_reachable = True
    return device, gateway


async def passes(clock: MockClock, seconds: float) -> None:
    """So many seconds, each with what belongs to it."""
    for _ in range(round(seconds)):
        clock.jump(1)
        await wait_all_tasks_blocked()


def policy(town: Town, device: str) -> tuple[bool, str, str]:
    view = town.host.get_device(device)
    return view.online, view.power.value, view.assertion_policy


# -- what the gateway hears --------------------------------------------------------------------


async def test_the_gateway_has_heard_of_a_lock_when_the_call_returns() -> None:
    async with Town().running() as town:
        device, gateway = await locked(town)
        assert gateway.all_heard(SetState)[-1] == SetState(is_active=False)
        assert gateway.all_heard(Filter)[-1] == Filter(
            enabled=(Topic(NEWS), Topic(f"{NEWS}.voip")),
            opportunistic=(Topic(f"{NEWS}.push-type.widgets"),),
        )
        await town.host.patch_device(device, power="awake")
        assert gateway.all_heard(SetState)[-1] == SetState(is_active=True)
        assert len(gateway.all_heard(Filter)[-1].enabled) == 3
        assert gateway.links == 1


async def test_a_locked_device_says_so_on_every_link() -> None:
    async with Town().running() as town:
        device, gateway = await locked(town)
        await town.host.patch_device(device, online=False)
        gateway.heard.clear()
        await town.host.patch_device(device, online=True)
        assert gateway.heard[:2] == [gateway.all_heard(Connect)[0], SetState(is_active=False)]


async def test_low_power_mode_puts_off_what_nobody_asked_for() -> None:
    async with Town().running() as town:
        device, gateway = await locked(town)
        await town.host.patch_device(device, power="low-power")
        assert gateway.all_heard(Filter)[-1].paused == (Topic(f"{NEWS}.push-type.widgets"),)


async def test_a_push_of_priority_10_wakes_a_locked_device_for_a_moment() -> None:
    async with Town().running() as town:
        _, gateway = await locked(town)
        token = gateway.tokens[f"{NEWS}.voip"]
        await deliver(town, "Phone", push_to(token, f"{NEWS}.voip", push_type=PushType.VOIP))
        assert gateway.all_heard(SetState)[-1] == SetState(is_active=True, interval_seconds=8)


async def test_one_of_priority_5_does_so_if_it_alerts_and_one_of_priority_1_never() -> None:
    async with Town().running() as town:
        _, gateway = await locked(town)
        token, before = gateway.tokens[NEWS], len(gateway.all_heard(SetState))
        for priority, payload in (
            (Priority.POWER_AWARE, b'{"aps":{"content-available":1}}'),
            (Priority.POWER_FIRST, b'{"aps":{"alert":"low"}}'),
        ):
            await deliver(town, "Phone", push_to(token, NEWS, payload, priority=priority))
        assert len(gateway.all_heard(SetState)) == before
        alert = push_to(token, NEWS, b'{"aps":{"alert":"hi"}}', priority=Priority.POWER_AWARE)
        await deliver(town, "Phone", alert)
        assert len(gateway.all_heard(SetState)) == before + 1


# -- giving up ---------------------------------------------------------------------------------


async def test_a_locked_device_that_cannot_reconnect_gives_up_and_stays_away(
    mock_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device, gateway = await locked(town)
        gateway.is_reachable = False
        await gateway.reset()
        await passes(mock_clock, 159)
        assert policy(town, device) == (False, "locked", "full")
        await passes(mock_clock, 2)
        assert policy(town, device) == (False, "locked", "restricted")
        gateway.is_reachable = True
        tried = len(gateway.dialled_at)
        await passes(mock_clock, 600)
        assert len(gateway.dialled_at) == tried


async def test_an_attempt_that_is_under_way_is_abandoned_too(mock_clock: MockClock) -> None:
    async with Town().running() as town:
        device, gateway = await locked(town)
        await town.host.patch_device(device, network="half-open")
        await passes(mock_clock, 60 + 15 + 155)
        assert policy(town, device) == (False, "locked", "full")
        await passes(mock_clock, 8)
        assert policy(town, device) == (False, "locked", "restricted")
        await town.host.patch_device(device, network="wifi")
        assert policy(town, device) == (False, "locked", "restricted"), "nobody has woken it"
        assert gateway.links == 1


async def test_an_awake_device_goes_on_trying(mock_clock: MockClock) -> None:
    async with Town().running() as town:
        device = await town.host.create_device("Phone")
        gateway = town.gateways["Phone"]
        gateway.is_reachable = False
        await gateway.reset()
        await passes(mock_clock, 600)
        assert policy(town, device.id) == (False, "awake", "full")
        gateway.is_reachable = True
        await passes(mock_clock, 31)
        assert town.host.get_device(device.id).online


async def test_another_network_reconnects_a_locked_device_that_has_not_given_up_yet(
    mock_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device, gateway = await locked(town)
        gateway.is_reachable = False
        await gateway.reset()
        await passes(mock_clock, 100)
        gateway.is_reachable = True
        assert (await town.host.patch_device(device, network="cellular")).online


@pytest.mark.parametrize(
    ("reason", "power", "is_active"),
    [("user", "awake", True), ("cellular-call", "locked", True), ("timer", "locked", False)],
)
async def test_a_wake_brings_the_link_back(
    reason: str, power: str, is_active: bool, mock_clock: MockClock
) -> None:
    async with Town().running() as town:
        device, gateway = await dead_zone(town, mock_clock)
        view = await town.host.wake(device, reason)
        assert policy(town, device) == (True, power, "full")
        assert view == town.host.get_device(device)
        assert gateway.all_heard(SetState)[-1].is_active is is_active
        assert (await town.host.screens.look(device)).lit is is_active


async def test_unlocking_brings_it_back_and_locking_does_not(mock_clock: MockClock) -> None:
    async with Town().running() as town:
        device, _ = await dead_zone(town, mock_clock)
        assert not (await town.host.patch_device(device, power="low-power")).online
        assert (await town.host.patch_device(device, power="awake")).online


async def test_a_device_that_gave_up_tries_again_by_itself_after_a_long_while(
    mock_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device, _ = await dead_zone(town, mock_clock)
        await passes(mock_clock, 1801)
        assert policy(town, device) == (True, "locked", "full")


async def test_who_waits_for_a_device_that_gave_up_does_not_wait(mock_clock: MockClock) -> None:
    async with Town().running() as town:
        device, _ = await dead_zone(town, mock_clock)
        began = trio.current_time()
        app = await town.host.install_app(device, "com.example.chat")
        await town.host.patch_device(device, online=True)
        assert (app.tokens, trio.current_time()) == ({}, began)


# -- forcing it --------------------------------------------------------------------------------


async def test_a_forced_restriction_leaves_the_link_and_allows_no_other(
    mock_clock: MockClock,
) -> None:
    async with Town().running() as town:
        device = await town.host.create_device("Phone")
        gateway = town.gateways["Phone"]
        assert (await town.host.patch_device(device.id, assertion_policy="restricted")).online
        await gateway.reset()
        await passes(mock_clock, 3600)
        assert policy(town, device.id) == (False, "awake", "restricted")
        assert (await town.host.patch_device(device.id, assertion_policy="full")).online


async def test_a_phone_that_may_not_reconnect_loses_its_link_to_a_hand_over() -> None:
    async with Town().running() as town:
        device = await town.host.create_device("Phone")
        await town.host.patch_device(device.id, assertion_policy="restricted")
        assert not (await town.host.network_event(device.id, "hand-over")).online
        assert (await town.host.wake(device.id, "user")).online


async def test_a_forced_policy_survives_a_restart(tmp_path: Path) -> None:
    async with Town(tmp_path).running() as town:
        device = await town.host.create_device("Phone")
        await town.host.patch_device(device.id, power="locked", assertion_policy="restricted")
    async with Town(tmp_path).running() as town:
        await wait_all_tasks_blocked()
        assert policy(town, device.id) == (False, "locked", "restricted")
        await town.host.wake(device.id, "user")
    async with Town(tmp_path).running() as town:
        assert policy(town, device.id)[1:] == ("awake", "full")


async def test_a_push_on_the_live_link_wakes_a_phone_that_was_restricted_and_it_stays_so(
    tmp_path: Path,
) -> None:
    async with Town(tmp_path).running() as town:
        device, gateway = await locked(town)
        await town.host.patch_device(device, assertion_policy="restricted")
        alert = push_to(gateway.tokens[NEWS], NEWS, b'{"aps":{"alert":"hi"}}')
        await deliver(town, "Phone", alert)
        assert policy(town, device) == (True, "locked", "full")
    async with Town(tmp_path).running() as town:
        assert policy(town, device)[1:] == ("locked", "full")


async def test_mistakes_have_their_errors() -> None:
    async with Town().running() as town:
        device = await town.host.create_device()
        with pytest.raises(ValueError, match="no assertion policy"):
            await town.host.patch_device(device.id, assertion_policy="half")
        with pytest.raises(ValueError, match="alarm"):
            await town.host.wake(device.id, "alarm")
        with pytest.raises(UnknownDeviceError):
            await town.host.wake("nobody", "user")
