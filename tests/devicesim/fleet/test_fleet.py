"""A fleet of phones, each with a scripted gateway, on Trio's mock clock."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from devicesim.fleet.fleet import Fleet
from devicesim.fleet.spec import FleetApp, FleetSpec
from tests.devicesim.scripted_gateway import ScriptedGateway
from tests.devicesim.town import Town

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from trio.testing import MockClock

CHAT = FleetApp("com.example.chat", ("alert", "voip"))
GONE = FleetApp("com.example.gone", uninstalled=1.0)


@asynccontextmanager
async def running(spec: FleetSpec, town: Town | None = None) -> AsyncIterator[tuple[Fleet, Town]]:
    """A fleet whose phones have their tokens; the town has their gateways by the phones' names."""
    town = town or Town()
    fleet = Fleet(spec, town._make_dial, lambda: town.time)  # type: ignore[arg-type]
    async with trio.open_nursery() as gateways:
        town.nursery = gateways
        async with trio.open_nursery() as phones:
            await phones.start(fleet.run)
            yield fleet, town
            phones.cancel_scope.cancel()
        gateways.cancel_scope.cancel()


async def test_every_phone_has_its_tokens_and_a_link(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with running(FleetSpec((CHAT, GONE), devices=5)) as (fleet, town):
        assert (fleet.devices, fleet.online, fleet.failed) == (5, 5, 0)
        topics = {(each.topic, each.is_registered) for each in fleet.tokens}
        assert topics == {
            ("com.example.chat", True),
            ("com.example.chat.voip", True),
            ("com.example.gone", False),
        }
        assert len({(each.device_id, each.token) for each in fleet.tokens}) == 15
        assert all(len(gateway.unregistered) == 1 for gateway in town.gateways.values())


async def test_who_is_away_has_tokens_too(autojump_clock: MockClock) -> None:
    del autojump_clock
    spec = FleetSpec((CHAT,), devices=20, away=0.5, away_for=1e9)
    async with running(spec) as (fleet, _):
        assert len(fleet.tokens) == 40
        assert 4 <= fleet.online <= 16


async def test_phones_come_and_go_and_the_share_that_is_away_stays(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    spec = FleetSpec((CHAT,), devices=40, away=0.25, away_for=60)
    async with running(spec) as (fleet, town):
        counts = []
        for _ in range(30):
            await trio.sleep(60)
            counts.append(fleet.online)
        assert 0.65 < sum(counts) / 30 / 40 < 0.85
        assert sum(gateway.links for gateway in town.gateways.values()) > 200


async def test_a_storm_cuts_every_link_and_all_come_back(autojump_clock: MockClock) -> None:
    del autojump_clock
    async with running(FleetSpec((CHAT,), devices=10, storm_every=600)) as (fleet, town):
        await trio.sleep(599)
        assert {gateway.links for gateway in town.gateways.values()} == {1}
        await trio.sleep(60)
        assert {gateway.links for gateway in town.gateways.values()} == {2}
        assert fleet.online == 10
        await trio.sleep(600)
        assert {gateway.links for gateway in town.gateways.values()} == {3}


async def test_the_last_phone_is_switched_on_at_the_end_of_the_ramp(
    autojump_clock: MockClock,
) -> None:
    del autojump_clock
    began = trio.current_time()
    async with running(FleetSpec((CHAT,), devices=10, ramp=100)) as (_, town):
        starts = [gateway.dialled_at[0] - began for gateway in town.gateways.values()]
        assert starts == sorted(starts)
        assert 89 < starts[-1] < 92


async def test_phones_without_a_gateway_are_given_up_and_counted(autojump_clock: MockClock) -> None:
    del autojump_clock
    town = Town()
    town.gateways["fleet 2"] = ScriptedGateway()
    town.gateways["fleet 2"].is_reachable = False
    async with running(FleetSpec((CHAT,), devices=3), town) as (fleet, _):
        assert (fleet.devices, fleet.online, fleet.failed) == (3, 2, 1)
        assert {each.device_id for each in fleet.tokens} == {"fleet-0-000001", "fleet-0-000003"}
