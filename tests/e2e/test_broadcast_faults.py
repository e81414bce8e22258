"""Faults on the way of a broadcast to its devices, whose daemons know how far they have come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.faults.reading import read_rule
from gateway.records import State
from tests.e2e.stadium import Stadium, stadium
from tests.e2e.world import TOPIC, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.courier.terms import SessionStatistics
    from gateway.faults.book import Entry


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Stadium]:
    async with stadium(tmp_path) as made:
        yield made


def rule(here: Stadium, words: str) -> Entry:
    return here.here.gateway.faults.book.add(read_rule(words))


def link(here: Stadium, phone: str) -> SessionStatistics:
    [only] = [each for each in here.here.gateway.couriers.statistics() if each.device == phone]
    return only


def timeline(here: Stadium) -> list[tuple[State, str]]:
    """Of the one broadcast."""
    [record] = here.here.gateway.journal.find(lambda each: each.audience is not None)
    return [(event.state, event.detail) for event in record.timeline]


async def test_an_acknowledgement_is_lost_and_the_score_is_told_once_all_the_same(
    here: Stadium,
) -> None:
    channel = await here.provider.create(1)
    phone = await here.phone("Anna", channel)
    rule(here, f"drop-ack times=1 match.channel={channel} match.topic={TOPIC}")
    await here.tells(channel, "1-0")
    await here.hears(phone, "1-0")
    assert (link(here, phone).in_flight, link(here, phone).acknowledged) == (1, 0)
    await here.here.switch(phone, online=False)
    await here.here.switch(phone, online=True)  # and says how far it has come
    await here.tells(channel, "2-0")
    await here.hears(phone, "1-0", "2-0")


async def test_a_score_comes_twice_to_each_phone_and_is_told_once_and_so_on_record(
    here: Stadium,
) -> None:
    channel = await here.provider.create(0)
    phones = [await here.phone(name, channel) for name in ("Anna", "Ben", "Cleo")]
    hit = rule(here, "duplicate match.push_type=liveactivity match.environment=development")
    await here.tells(channel, "1-0")
    for phone in phones:
        await here.hears(phone, "1-0")
    couriers = here.here.gateway.couriers
    await until(lambda: sum(s.unknown_acknowledgements for s in couriers.statistics()) == 3)
    assert hit.hits == 3
    assert timeline(here) == [
        (State.RECEIVED, ""),
        (State.BROADCAST_PUBLISHED, "devices connected: 3"),
        (State.FAULT, "rule 1: send it 2 times (devices: 3)"),
        (State.BROADCAST_DELIVERED, "devices: 3"),
    ]


async def test_a_score_that_is_late_is_overtaken_and_told_no_more(here: Stadium) -> None:
    channel = await here.provider.create(0)
    phone = await here.phone("Anna", channel)
    rule(here, f"delay-delivery seconds=0.1 times=1 match.device={phone}")
    await here.tells(channel, "1-0")
    await here.tells(channel, "2-0")
    await here.hears(phone, "2-0")
    await until(lambda: link(here, phone).in_flight == 0)
    assert here.heard(phone) == ["2-0"], "its checkpoint is past that of the older score"


@pytest.mark.parametrize(
    ("policy", "words", "heard"),
    [
        (1, "sent=false", ["+1-0"]),  # it waits on its channel
        (0, "sent=false", []),  # nothing is kept
        (1, "", ["1-0"]),  # with the goodbye behind it
    ],
)
async def test_a_phone_is_disconnected_by_a_score(
    here: Stadium, policy: int, words: str, heard: list[str]
) -> None:
    channel = await here.provider.create(policy)
    phone, other = await here.phone("Anna", channel), await here.phone("Ben", channel)
    rule(here, f"disconnect times=1 match.device={phone} {words}")
    await here.tells(channel, "1-0")
    await here.hears(other, "1-0")
    sessions = here.here.gateway.sessions
    await until(lambda: sessions.statistics().arrivals == 3)
    await until(lambda: here.here.gateway.channels.subscriptions() == 2)
    await here.hears(phone, *heard)
    await here.tells(channel, "2-0")
    await here.hears(phone, *heard, "2-0")


async def test_a_fault_for_pushes_by_token_leaves_broadcasts_alone(here: Stadium) -> None:
    channel = await here.provider.create(0)
    phone = await here.phone("Anna", channel)
    missed = rule(here, "disconnect match.token=*")
    await here.tells(channel, "1-0")
    await here.hears(phone, "1-0")
    assert missed.hits == 0


async def test_requests_about_channels_meet_the_rules_too(here: Stadium) -> None:
    rule(here, f"answer status=503 times=1 match.path=/1/* match.bundle_id={TOPIC}")
    content = {"message-storage-policy": 1, "push-type": "LiveActivity"}
    refused = await here.provider.manage(content=content)
    assert (refused.status, refused.reason) == (503, "ServiceUnavailable")
    assert await here.provider.create(1)
    rule(here, "goaway reason=Shutdown match.path=/1/*")
    line = await here.provider.dial_management()
    with pytest.raises(AssertionError, match="hung up"):
        await here.provider.manage(content=content, line=line)
    [goaway] = line.goaways
    assert b"Shutdown" in goaway.additional_data


async def test_broadcasts_of_one_channel_are_refused_and_those_of_another_are_not(
    here: Stadium,
) -> None:
    channel, other = await here.provider.create(0), await here.provider.create(0)
    phone = await here.phone("Anna", channel, other)
    rule(here, f"answer status=503 match.channel={other}")
    refused = await here.provider.publish(other)
    assert (refused.status, refused.reason) == (503, "ServiceUnavailable")
    await here.tells(channel, "1-0")
    await here.hears(phone, "1-0")
