"""What a scraper sees of a gateway that works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.e2e.world import until, world

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.world import World


async def figures(here: World) -> dict[str, float]:
    """Each sample by its name and labels."""
    async with httpx.AsyncClient(base_url=here.running.console_url) as client:
        text = (await client.get("/metrics")).text
    lines = [line.rpartition(" ") for line in text.splitlines()]
    return {name: float(value) for name, _, value in lines if not name.startswith("#")}


async def test_a_push_is_counted_from_its_request_to_the_person(tmp_path: Path) -> None:
    async with world(tmp_path, store="sqlite") as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.push(token, "Hello")
        await here.received(phone, 1)
        [record] = here.gateway.journal.records()
        await until(lambda: record.state == "Presented")
        assert record.answer_seconds is not None
        found = await figures(here)
        assert found['apnsim_provider_connections{authentication="token"}'] == 1
        assert found['apnsim_request_duration_seconds_count{outcome="accepted"}'] == 1
        seconds = found['apnsim_request_duration_seconds_sum{outcome="accepted"}']
        assert 0 < seconds == record.answer_seconds < 30
        for state in ("Delivered to Device", "Presented"):
            assert found[f'apnsim_push_arrival_seconds_count{{state="{state}"}}'] == 1
        assert found["apnsim_store_batch_duration_seconds_count"] > 0
        here.gateway.providers.drain()
        await until(lambda: here.gateway.providers.goaways["Shutdown"] == 1)
        found = await figures(here)
        assert found['apnsim_provider_goaways_total{reason="Shutdown"}'] == 1
        assert found['apnsim_provider_connections{authentication="token"}'] == 0


async def test_a_push_whose_link_was_lost_is_counted_as_sent_again(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.devices.patch_device(phone, network="half-open")
        await here.push(token, "lost")
        unacknowledged = here.gateway.sessions.unacknowledged
        [record] = here.gateway.journal.records()
        await until(lambda: bool(unacknowledged._in_flight))
        await here.devices.patch_device(phone, network="wifi")
        await until(lambda: record.state == "Presented")
        assert (await figures(here))["apnsim_courier_redeliveries_total"] == 1


async def test_the_loop_is_asked_how_late_it_is(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        lag = here.running.lag
        await until(lambda: lag.seconds.buckets()[-1][1] > 0)
        assert (await figures(here))["apnsim_event_loop_lag_seconds_count"] >= 1
