"""Faults on the way to devices, whose real daemons drop duplicates and connect anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.faults.reading import read_rule
from gateway.records import State
from tests.e2e.world import TOPIC, World, until, world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.courier.terms import SessionStatistics
    from gateway.faults.book import Entry


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        yield made


def rule(here: World, words: str) -> Entry:
    return here.gateway.faults.book.add(read_rule(words))


def link(here: World) -> SessionStatistics:
    """The one link there is."""
    [only] = here.gateway.couriers.statistics()
    return only


async def test_an_acknowledgement_is_lost_and_the_push_comes_once_all_the_same(
    here: World,
) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    rule(here, 'drop-ack times=1 match.payload={"aps.alert":"lost"}')
    await here.pushes(token, "lost", "heard")
    await until(lambda: link(here).acknowledged == 1)
    assert link(here).in_flight == 1
    await here.switch(phone, online=False)
    await here.switch(phone, online=True)
    await until(lambda: link(here).acknowledged == 1)
    assert await here.received(phone, 2) == ["lost", "heard"], "the daemon drops what it knows"
    lost = here.gateway.journal.find(lambda record: record.notification is not None)[0]
    said = [event.state for event in lost.timeline if event.state is not State.PRESENTED]
    assert said == [State.RECEIVED, State.FAULT, State.DELIVERED_FROM_STORAGE]


async def test_a_push_is_sent_twice_and_the_app_gets_it_once(here: World) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    rule(here, "duplicate match.environment=production")
    rule(here, "duplicate match.push_type=background")
    of_push = "match.push_type=alert match.environment=development"
    rule(here, f"duplicate copies=3 match.topic={TOPIC} match.priority=10 {of_push}")
    await here.pushes(token, "one", "two")
    assert await here.received(phone, 2) == ["one", "two"]
    await until(lambda: link(here).unknown_acknowledgements == 4)
    assert link(here).acknowledged == 2


async def test_a_push_is_overtaken(here: World) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    rule(here, f"delay-delivery seconds=0.1 match.nth=1 match.token={token}")
    await here.pushes(token, "slow", "fast")
    assert await here.received(phone, 2) == ["fast", "slow"]


async def test_what_is_late_goes_nowhere_once_the_link_has_ended(here: World) -> None:
    phone = await here.phone()
    token = await here.install(phone)
    rule(here, "delay-delivery seconds=30 times=1")
    await here.pushes(token, "late")
    await here.switch(phone, online=False)
    await here.switch(phone, online=True)
    assert await here.received(phone, 1) == ["+late"]


@pytest.mark.parametrize("words", ["", "sent=false"])
async def test_a_device_is_disconnected_by_its_push_and_gets_it_once(
    here: World, words: str
) -> None:
    phone = await here.phone()
    other = await here.phone("other")
    token, others = await here.install(phone), await here.install(other)
    await until(lambda: here.connected == {phone, other})
    hit = rule(here, f"disconnect times=1 match.device={phone} {words}")
    await here.pushes(others, "for the other")
    await here.pushes(token, "for the phone")
    assert len(await here.received(phone, 1)) == 1
    statistics = here.gateway.sessions.statistics
    await until(lambda: (statistics().sessions, statistics().arrivals) == (2, 3))
    assert hit.hits == 1
    assert await here.received(other, 1) == ["for the other"]
    assert len(await here.received(phone, 1)) == 1


async def test_a_storm_has_all_devices_connect_anew(here: World) -> None:
    phones = {await here.phone(f"phone {number}") for number in range(10)}
    await until(lambda: here.connected == phones)
    storm = rule(here, "storm")
    assert (storm.hits, storm.is_spent) == (1, True)
    statistics = here.gateway.sessions.statistics
    await until(lambda: statistics().arrivals == 20)
    await until(lambda: here.connected == phones)


async def test_a_storm_by_a_request_strikes_some_and_the_push_arrives(here: World) -> None:
    phone, other = await here.phone(), await here.phone("other")
    token = await here.install(phone)
    await here.install(other)
    await until(lambda: here.connected == {phone, other})
    rule(here, f"storm at=request devices={phone} match.topic={TOPIC} times=1")
    await here.pushes(token, "hello")
    [got] = await here.received(phone, 1)
    assert got.removeprefix("+") == "hello"
    statistics = here.gateway.sessions.statistics
    await until(lambda: (statistics().sessions, statistics().arrivals) == (2, 3))
