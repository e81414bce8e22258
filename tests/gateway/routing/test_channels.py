from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from gateway.routing.channels import ChannelDirectory, ChannelLimitError, ChannelRules, Handover
from gateway.store.memory import MemoryStore
from gateway.store.store import StoreUnavailableError
from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId, ChannelId
from protocol.notification import Environment
from tests.builders import BUNDLE_ID, NOW, SettableTime, broadcast, counting_bytes

if TYPE_CHECKING:
    from protocol.broadcast import Broadcast, Channel

APP, OTHER_APP = BundleId(BUNDLE_ID), BundleId("com.example.other")
DEVELOPMENT, PRODUCTION = Environment
NONE, RECENT = StoragePolicy


class GatedStore(MemoryStore):
    """Memory whose channels can be held back, or be out."""

    def __init__(self) -> None:
        super().__init__()
        self.is_out = False
        self.gate: trio.Event | None = None

    async def create_channel(self, channel: Channel) -> None:
        await self._write()
        await super().create_channel(channel)

    async def delete_channel(self, channel_id: ChannelId) -> None:
        await self._write()
        await super().delete_channel(channel_id)

    async def publish(self, broadcast: Broadcast) -> None:
        await self._write()
        await super().publish(broadcast)

    async def _write(self) -> None:
        if self.gate is not None:
            await self.gate.wait()
        if self.is_out:
            raise StoreUnavailableError("the disk is full")


class Listener:
    def broadcast(self, _broadcast: Broadcast) -> Handover:
        return Handover.SENT


class World:
    def __init__(self, store: GatedStore | None = None, **rules: object) -> None:
        self.time = SettableTime()
        self.store = store or GatedStore()
        chosen = ChannelRules(**rules)  # type: ignore[arg-type]
        self.channels = ChannelDirectory(self.store, self.time.now, counting_bytes(), chosen)

    async def create(self, policy: StoragePolicy = RECENT, app: BundleId = APP) -> Channel:
        return await self.channels.create(DEVELOPMENT, app, policy)

    def listens(self, channel_id: ChannelId, who: Listener, app: BundleId = APP) -> bool:
        return self.channels.subscribe(DEVELOPMENT, app, channel_id, who)


async def test_a_channel_is_found_by_its_app_in_its_environment_only() -> None:
    world = World()
    made = await world.create()
    assert (made.policy, made.created_at, made.checkpoint) == (RECENT, NOW, 0)
    assert world.channels.find(DEVELOPMENT, APP, made.channel_id) == made
    assert world.channels.find(PRODUCTION, APP, made.channel_id) is None
    assert world.channels.find(DEVELOPMENT, OTHER_APP, made.channel_id) is None


async def test_channels_are_listed_per_app_and_all_together() -> None:
    world = World()
    one, two, other = (
        await world.create(),
        await world.create(),
        await world.create(NONE, OTHER_APP),
    )
    assert world.channels.of_app(DEVELOPMENT, APP) == [one, two]
    assert world.channels.of_app(PRODUCTION, APP) == []
    assert list(world.channels) == [one, two, other]


async def test_what_the_store_knows_is_known_after_loading() -> None:
    world = World()
    kept, gone = await world.create(), await world.create()
    await world.channels.keep(broadcast(9, channel_id=kept.channel_id))
    await world.channels.delete(gone)
    again = World(world.store)
    await again.channels.load()
    assert list(again.channels) == [replace(kept, checkpoint=9)]
    assert again.channels.waiting(kept.channel_id) == broadcast(9, channel_id=kept.channel_id)


async def test_channels_are_listed_oldest_first_after_loading_too() -> None:
    world = World()
    ids = (bytes([number]) * 16 for number in (3, 1, 2))
    world.channels._random_bytes = lambda _: next(ids)
    made = []
    for _ in range(3):
        made.append(await world.create())
        world.time.time += 1
    again = World(world.store)
    await again.channels.load()
    assert list(again.channels) == made


async def test_loading_forgets_the_channels_of_apps_without_the_capability() -> None:
    world = World()
    await world.create()
    other = await world.create(app=OTHER_APP)
    again = World(world.store, disabled=frozenset({APP}))
    assert not again.channels.is_enabled_for(APP)
    assert again.channels.is_enabled_for(OTHER_APP)
    await again.channels.load()
    assert list(again.channels) == [other]
    assert list(await world.store.channels()) == [other]


async def test_an_app_has_so_many_channels_per_environment_also_while_they_are_being_made() -> None:
    world = World(max_per_app=2)
    world.store.gate = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.create)
        nursery.start_soon(world.create)
        await wait_all_tasks_blocked()
        with pytest.raises(ChannelLimitError, match="has 2 channels in development: delete some"):
            await world.create()
        world.store.gate.set()
    with pytest.raises(ChannelLimitError):
        await world.create()
    await world.channels.create(PRODUCTION, APP, NONE)
    await world.create(app=OTHER_APP)


async def test_a_channel_that_could_not_be_kept_is_none() -> None:
    world = World(max_per_app=1)
    world.store.is_out = True
    with pytest.raises(StoreUnavailableError):
        await world.create()
    world.store.is_out = False
    made = await world.create()
    world.store.is_out = True
    with pytest.raises(StoreUnavailableError):
        await world.channels.delete(made)
    assert list(world.channels) == [made]


async def test_a_message_waits_until_it_expires_and_the_newest_only() -> None:
    world = World()
    channel_id = (await world.create()).channel_id
    assert world.channels.waiting(channel_id) is None
    await world.channels.keep(broadcast(2, channel_id=channel_id))
    await world.channels.keep(broadcast(1, channel_id=channel_id))
    waiting = world.channels.waiting(channel_id)
    assert waiting is not None
    assert waiting.checkpoint == 2
    assert world.channels.expiries.at == await world.channels.expire() == waiting.expires_at
    world.time.time = waiting.expires_at
    assert world.channels.waiting(channel_id) is None
    assert await world.channels.expire() == inf
    assert list(await world.store.broadcasts()) == []
    assert await world.channels.expire() == inf


async def test_a_message_that_could_not_be_kept_is_given_to_nobody() -> None:
    world = World()
    channel_id = (await world.create()).channel_id
    world.store.is_out = True
    with pytest.raises(StoreUnavailableError):
        await world.channels.keep(broadcast(channel_id=channel_id))
    assert world.channels.waiting(channel_id) is None


async def test_places_in_a_channel_never_repeat_whatever_the_clock_does() -> None:
    world = World()
    made = await world.create()
    places = []
    for seconds in (0, 0, 10, -100):
        current = world.channels.find(DEVELOPMENT, APP, made.channel_id)
        assert current is not None
        places.append(world.channels.take_place(current, NOW + seconds))
    assert places == sorted(set(places))


async def test_a_place_in_a_channel_that_is_being_deleted_does_not_bring_it_back() -> None:
    world = World()
    made = await world.create()
    await world.channels.delete(made)
    world.channels.take_place(made, NOW)
    assert list(world.channels) == []


async def test_who_listens_is_told_apart_by_channel() -> None:
    world = World()
    one, two = (await world.create()).channel_id, (await world.create()).channel_id
    anna, ben = Listener(), Listener()
    assert world.listens(one, anna)
    assert world.listens(one, ben)
    assert world.listens(one, ben), "again is as good"
    assert world.listens(two, ben)
    assert world.channels.subscribers(one) == (anna, ben)
    assert world.channels.subscriptions() == 3
    world.channels.unsubscribe(one, anna)
    world.channels.unsubscribe(one, anna)
    assert world.channels.subscribers(one) == (ben,)
    world.channels.unsubscribe(one, ben)
    world.channels.unsubscribe(two, ben)
    assert world.channels.subscriptions() == 0


async def test_nobody_listens_to_what_is_not_there_or_is_anothers() -> None:
    world = World()
    made = (await world.create()).channel_id
    assert not world.listens(ChannelId("AA=="), Listener())
    assert not world.listens(made, Listener(), OTHER_APP)
    assert not world.channels.subscribe(PRODUCTION, APP, made, Listener())
    assert world.channels.subscriptions() == 0


async def test_a_deleted_channel_is_listened_to_only_for_the_message_that_waits() -> None:
    world = World()
    made = await world.create()
    await world.channels.keep(broadcast(channel_id=made.channel_id))
    await world.channels.delete(made)
    assert world.listens(made.channel_id, Listener())
    assert not world.listens(made.channel_id, Listener(), OTHER_APP)
    world.time.time = NOW + 3600
    assert not world.listens(made.channel_id, Listener())


async def test_broadcasts_beyond_the_pace_are_too_many() -> None:
    world = World(max_per_second=1)
    one, two = await world.create(), await world.create()
    is_too_fast = world.channels.is_too_fast
    assert [is_too_fast(each, NOW) for each in (one, two, one)] == [False, False, True]
    assert not is_too_fast(one, NOW + 1)


async def test_apps_that_are_only_asked_for_leave_nothing_behind() -> None:
    world = World()
    made = await world.create()
    for number in range(100):
        world.channels.find(DEVELOPMENT, BundleId(f"com.example.app{number}"), made.channel_id)
    assert len(world.channels._channels) == 1
    await world.channels.delete(made)
    await world.channels.delete(made)
    assert world.channels._channels == {}
