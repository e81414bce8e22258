from __future__ import annotations

import pytest
import trio

from gateway.courier.mailbox import Mailbox
from gateway.courier.terms import Services
from gateway.journal import Journal
from gateway.routing.channels import ChannelDirectory
from gateway.routing.directory import DeviceDirectory
from gateway.routing.sessions import SessionTable
from gateway.store.store import FencedError, StoreUnavailableError
from protocol.identifiers import Topic
from tests.builders import DEVICE, NOW, SettableTime, counting_bytes, notification
from tests.io.phones import FailingStore, settled


class World:
    def __init__(self) -> None:
        time = SettableTime()
        self.store = FailingStore()
        self.journal = Journal(time.now)
        directory = DeviceDirectory(self.store, time.now, counting_bytes())
        channels = ChannelDirectory(self.store, time.now, counting_bytes())
        self.services = Services(
            self.store, directory, channels, SessionTable(), self.journal, time.now
        )
        self.mailbox = Mailbox(self.services, DEVICE)

    async def waits(self, *numbers: int) -> None:
        for number in numbers:
            topic = Topic(f"com.example.app{number}")
            await self.store.accept(DEVICE, notification(number, topic=topic))

    async def seqs(self, limit: int = 10) -> list[int]:
        return [stored.seq for stored in (await self.mailbox.fetch(limit)).pushes]


async def test_the_cursor_moves_past_what_was_fetched() -> None:
    world = World()
    await world.waits(1, 2, 3)
    assert await world.seqs(2) == [1, 2]
    assert await world.seqs(2) == [3]
    assert await world.seqs(2) == []
    world.mailbox.rewind()
    assert await world.seqs() == [1, 2, 3]


async def test_what_is_done_with_is_not_fetched_again() -> None:
    world = World()
    await world.waits(1, 2)
    await world.seqs()
    world.mailbox.receipts.add(1)
    world.mailbox.rewind()
    assert await world.seqs() == [2]


async def test_a_batch_says_where_the_backlog_ends() -> None:
    world = World()
    await world.waits(1, 2)
    await world.mailbox.open()
    await world.waits(3)
    first, second = await world.mailbox.fetch(1), await world.mailbox.fetch(1)
    third, fourth = await world.mailbox.fetch(1), await world.mailbox.fetch(1)
    batches = [first, second, third, fourth]
    assert [batch.ends_backlog for batch in batches] == [False, True, True, True]
    assert [batch.is_exhausted for batch in batches] == [False, False, False, True]
    stored = [world.mailbox.is_from_storage(s) for batch in batches for s in batch.pushes]
    assert stored == [True, True, False]


@pytest.mark.parametrize("count", [0, 1, 99, 100, 101, 250])
async def test_a_backlog_of_any_length_is_measured(count: int) -> None:
    world = World()
    await world.waits(*range(count))
    await world.mailbox.open()
    await world.waits(count)
    found = (await world.mailbox.fetch(1000)).pushes
    assert [world.mailbox.is_from_storage(each) for each in found] == [True] * count + [False]


async def test_opening_twice_attaches_once_even_around_an_outage() -> None:
    world = World()
    assert await world.mailbox.open() == await world.mailbox.open()

    class Flaky(FailingStore):
        async def fetch(self, *_: object, **__: object) -> list[object]:  # type: ignore[override]
            raise StoreUnavailableError("once")

    flaky = Flaky()
    mailbox = Mailbox(
        Services(
            flaky,
            world.services.directory,
            world.services.channels,
            SessionTable(),
            world.journal,
            world.services.now,
        ),
        DEVICE,
    )
    for _ in range(2):
        with pytest.raises(StoreUnavailableError):
            await mailbox.open()
    assert flaky.statistics().operations == 1


async def test_a_rewind_during_a_fetch_makes_it_begin_anew() -> None:
    world = World()
    await world.waits(1, 2)
    await world.seqs(1)
    world.store.answers = trio.Event()
    found: list[int] = []

    async def fetch() -> None:
        found.extend(await world.seqs())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(fetch)
        await settled()
        world.mailbox.rewind()
        world.store.answers.set()
    assert found == [1, 2]


async def test_a_newer_session_voids_the_fence() -> None:
    world = World()
    await world.mailbox.open()
    newer = await world.store.attach(DEVICE, now=NOW)
    with pytest.raises(FencedError):
        await world.mailbox.fetch(1)
    await world.mailbox.close()
    assert await world.store.detach(DEVICE, newer.fence)


async def test_closing_says_what_is_done_and_that_the_device_is_absent() -> None:
    world = World()
    await world.waits(1, 2)
    await world.seqs()
    world.mailbox.receipts.add(1)
    await world.mailbox.close()
    assert await world.store.pending() == 1
    assert not (await world.store.accept(DEVICE, notification(3))).is_present


async def test_a_mailbox_that_was_never_opened_closes_without_a_word() -> None:
    world = World()
    await world.mailbox.close()
    assert world.store.statistics().operations == 0
