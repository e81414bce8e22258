"""What ``gateway/store/store.py`` promises of broadcast channels, for every backend."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import trio

from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId, ChannelId
from protocol.notification import Environment, Priority
from tests.builders import CHANNEL, NOW, broadcast, channel

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.store import Store
    from tests.contract.conftest import Backend


def numbered(number: int) -> ChannelId:
    return ChannelId.from_random(number.to_bytes(2))


async def test_a_channel_is_kept_exactly_as_it_was(store: Store) -> None:
    abroad = channel(
        channel_id=numbered(1),
        environment=Environment.PRODUCTION,
        bundle_id=BundleId("com.example.other"),
        policy=StoragePolicy.NO_MESSAGE_STORED,
        created_at=NOW + 0.25,
        checkpoint=2**62,
    )
    await store.create_channel(channel())
    await store.create_channel(abroad)
    found = {each.channel_id: each for each in await store.channels()}
    assert found == {CHANNEL: channel(), numbered(1): abroad}


async def test_every_channel_is_listed_in_the_order_of_the_ids(store: Store) -> None:
    made = [channel(channel_id=numbered(number)) for number in range(1100)]
    async with trio.open_nursery() as nursery:
        for each in made:
            nursery.start_soon(store.create_channel, each)
    listed = [each.channel_id for each in await store.channels()]
    assert listed == sorted(each.channel_id for each in made)


async def test_a_deleted_channel_is_gone_and_its_message_is_not(store: Store) -> None:
    await store.create_channel(channel())
    await store.publish(broadcast())
    await store.delete_channel(CHANNEL)
    await store.delete_channel(CHANNEL)
    assert list(await store.channels()) == []
    assert list(await store.broadcasts()) == [broadcast()]


async def test_a_message_is_kept_exactly_as_it_was(store: Store) -> None:
    await store.create_channel(channel())
    kept = broadcast(
        2**60, payload=b"\x00\xff" * 2560, priority=Priority.POWER_FIRST, received_at=NOW + 0.5
    )
    await store.publish(kept)
    assert list(await store.broadcasts()) == [kept]


async def test_every_message_is_listed_in_the_order_of_the_channels(store: Store) -> None:
    made = [broadcast(channel_id=numbered(number)) for number in range(150)]
    async with trio.open_nursery() as nursery:
        for each in made:
            nursery.start_soon(store.publish, each)
    listed = [each.channel_id for each in await store.broadcasts()]
    assert listed == sorted(each.channel_id for each in made)


async def test_a_newer_message_takes_the_place_of_an_older_one(store: Store) -> None:
    await store.create_channel(channel())
    for number in (1, 2, 3):
        await store.publish(broadcast(number))
    assert list(await store.broadcasts()) == [broadcast(3)]
    [known] = await store.channels()
    assert known == replace(channel(), checkpoint=3)


async def test_an_older_message_that_comes_late_has_no_effect(store: Store) -> None:
    await store.create_channel(channel())
    await store.publish(broadcast(5))
    await store.publish(broadcast(4))
    await store.publish(broadcast(5, payload=b"{}"))
    assert list(await store.broadcasts()) == [broadcast(5)]
    [known] = await store.channels()
    assert known.checkpoint == 5


async def test_a_message_that_may_not_wait_only_takes_the_place(store: Store) -> None:
    await store.create_channel(channel())
    await store.publish(broadcast(1))
    await store.publish(broadcast(2, expires_at=NOW))
    assert list(await store.broadcasts()) == []
    await store.publish(broadcast(1))
    assert list(await store.broadcasts()) == [], "an older one must not come back"
    [known] = await store.channels()
    assert known.checkpoint == 2


async def test_messages_of_different_channels_do_not_touch(store: Store) -> None:
    await store.publish(broadcast(2))
    await store.publish(broadcast(1, channel_id=numbered(1)))
    assert len(await store.broadcasts()) == 2


async def test_what_has_expired_is_forgotten_and_nothing_else(store: Store) -> None:
    await store.publish(broadcast(1, expires_at=NOW + 1))
    await store.publish(broadcast(2, channel_id=numbered(1), expires_at=NOW + 2))
    await store.forget_broadcasts(now=NOW + 0.5)
    assert len(await store.broadcasts()) == 2
    await store.forget_broadcasts(now=NOW + 1)
    [left] = await store.broadcasts()
    assert left.checkpoint == 2


async def test_clear_forgets_channels_and_messages(store: Store) -> None:
    await store.create_channel(channel())
    await store.publish(broadcast())
    await store.clear()
    assert list(await store.channels()) == []
    assert list(await store.broadcasts()) == []


async def test_channels_and_messages_are_there_when_it_is_opened_anew(
    durable: Backend, tmp_path: Path
) -> None:
    async with durable.open(tmp_path) as before:
        await before.create_channel(channel())
        await before.publish(broadcast(7))
    async with durable.open(tmp_path) as after:
        assert list(await after.channels()) == [channel(checkpoint=7)]
        assert list(await after.broadcasts()) == [broadcast(7)]
