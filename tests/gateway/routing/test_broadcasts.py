"""The fan-out: who gets a broadcast, in which order, and what it does not hold up."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.journal import Journal
from gateway.records import State
from gateway.routing.broadcasts import SUBSCRIBERS_AT_ONCE, Broadcaster
from gateway.routing.channels import ChannelDirectory, Handover
from gateway.store.memory import MemoryStore
from gateway.store.store import StoreUnavailableError
from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId
from protocol.notification import Environment
from tests.builders import BUNDLE_ID, SettableTime, broadcast, counting_bytes

if TYPE_CHECKING:
    from gateway.records import Record
    from protocol.broadcast import Broadcast, Channel

NONE, RECENT = StoragePolicy
APP, WORLD = BundleId(BUNDLE_ID), Environment.DEVELOPMENT


@dataclass(eq=False)
class Listener:
    """Remembers what it was given, and answers as it is told to."""

    answer: Handover = Handover.SENT
    heard: list[int] = field(default_factory=list)

    def broadcast(self, broadcast: Broadcast) -> Handover:
        self.heard.append(broadcast.checkpoint)
        return self.answer


class World:
    def __init__(self, waiting: int = 64) -> None:
        time = SettableTime()
        self.store = MemoryStore()
        self.journal = Journal(time.now)
        self.channels = ChannelDirectory(self.store, time.now, counting_bytes())
        self.broadcaster = Broadcaster(self.channels, self.journal, waiting=waiting)

    async def channel(self, policy: StoragePolicy, *listeners: Listener) -> Channel:
        made = await self.channels.create(WORLD, APP, policy)
        for each in listeners:
            assert self.channels.subscribe(WORLD, APP, made.channel_id, each)
        return made

    async def publish(self, channel: Channel, number: int = 1) -> Record:
        record = self.journal.begin(None, "")
        published = broadcast(number, channel_id=channel.channel_id)
        self.journal.received(record, published, None)
        await self.broadcaster.publish(published, channel.policy)
        return record


async def test_everybody_who_listens_gets_it_in_the_order_of_publication(
    nursery: trio.Nursery,
) -> None:
    world, anna, ben = World(), Listener(), Listener()
    channel = await world.channel(NONE, anna, ben)
    nursery.start_soon(world.broadcaster.run)
    for number in (1, 2, 3):
        await world.publish(channel, number)
    await wait_all_tasks_blocked()
    assert anna.heard == ben.heard == [1, 2, 3]


@pytest.mark.parametrize("policy", StoragePolicy)
async def test_a_message_is_kept_before_anybody_hears_it_if_the_channel_keeps_any(
    policy: StoragePolicy,
) -> None:
    world, anna = World(), Listener()
    channel = await world.channel(policy, anna)
    await world.publish(channel)
    assert anna.heard == []
    assert len(await world.store.broadcasts()) == policy


async def test_a_message_that_cannot_be_kept_goes_out_to_nobody(nursery: trio.Nursery) -> None:
    class Out(MemoryStore):
        async def publish(self, _broadcast: Broadcast) -> None:
            raise StoreUnavailableError("the disk is full")

    world, anna = World(), Listener()
    channel = await world.channel(RECENT, anna)
    world.channels._store = Out()
    nursery.start_soon(world.broadcaster.run)
    with pytest.raises(StoreUnavailableError):
        await world.publish(channel)
    await wait_all_tasks_blocked()
    assert anna.heard == []


async def test_publishing_waits_when_the_queue_is_full(nursery: trio.Nursery) -> None:
    world, anna = World(waiting=2), Listener()
    channel = await world.channel(NONE, anna)
    done: list[int] = []

    async def publish(number: int) -> None:
        await world.publish(channel, number)
        done.append(number)

    for number in (1, 2, 3):
        nursery.start_soon(publish, number)
        await wait_all_tasks_blocked()
    assert done == [1, 2]
    nursery.start_soon(world.broadcaster.run)
    await wait_all_tasks_blocked()
    assert (done, anna.heard) == ([1, 2, 3], [1, 2, 3])


async def test_others_have_their_turn_while_it_goes_out(nursery: trio.Nursery) -> None:
    world = World()
    listeners = [Listener() for _ in range(10 * SUBSCRIBERS_AT_ONCE)]
    channel = await world.channel(NONE, *listeners)
    turns: list[int] = []

    async def other() -> None:
        while sum(len(each.heard) for each in listeners) < len(listeners):
            turns.append(sum(len(each.heard) for each in listeners))
            await trio.lowlevel.checkpoint()

    await world.publish(channel)
    nursery.start_soon(world.broadcaster.run)
    nursery.start_soon(other)
    await wait_all_tasks_blocked()
    # Of tasks that are ready Trio takes any first: two steps may lie between two turns.
    steps = [later - sooner for sooner, later in itertools.pairwise(turns)]
    assert max(steps) <= 2 * SUBSCRIBERS_AT_ONCE
    assert len(turns) >= 5


async def test_the_journal_is_told_who_was_there_and_who_had_no_room(
    nursery: trio.Nursery,
) -> None:
    world = World()
    answers = [*[Handover.SENT] * 3, Handover.LATER, *[Handover.DROPPED] * 2, Handover.KNOWN]
    channel = await world.channel(NONE, *map(Listener, answers))
    record = await world.publish(channel)
    nursery.start_soon(world.broadcaster.run)
    await wait_all_tasks_blocked()
    published = record.timeline[-1]
    assert published.state is State.BROADCAST_PUBLISHED
    assert published.detail == (
        "devices connected: 7, without room for now: 1, dropped for want of room: 2"
    )


async def test_a_bug_in_one_broadcast_is_logged_and_the_next_goes_out(
    nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Listener):
        def broadcast(self, broadcast: Broadcast) -> Handover:
            if broadcast.checkpoint == 1:
                raise RuntimeError("a bug")
            return super().broadcast(broadcast)

    world, anna = World(), Broken()
    channel = await world.channel(NONE, anna)
    nursery.start_soon(world.broadcaster.run)
    with caplog.at_level(logging.ERROR, "gateway.routing"):
        await world.publish(channel, 1)
        await world.publish(channel, 2)
        await wait_all_tasks_blocked()
    assert anna.heard == [2]
    assert any("the fan-out failed" in each.getMessage() for each in caplog.records)
