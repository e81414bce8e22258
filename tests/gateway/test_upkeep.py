from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio

from gateway import upkeep
from gateway.journal import Journal
from gateway.records import State
from gateway.routing.sessions import SessionTable
from gateway.store.memory import MemoryStore
from gateway.store.store import StoreUnavailableError
from tests.builders import DEVICE, NOW, ListeningSession, SettableTime, notification
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from trio.testing import MockClock

    from protocol.identifiers import DeviceId


async def test_what_is_due_is_done_when_it_is_and_tried_again_when_it_fails(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    began, alarm = autojump_clock.current_time(), Alarm()
    runs: list[float] = []

    async def job() -> float:
        runs.append(autojump_clock.current_time() - began)
        if len(runs) == 1:
            raise RuntimeError("a bug")
        if len(runs) == 2:
            raise StoreUnavailableError("said elsewhere")
        return began + 10 if runs[-1] < 10 else inf

    async with trio.open_nursery() as nursery:
        nursery.start_soon(upkeep.when_due, alarm, job)
        await trio.sleep(20)
        alarm.ring_at(began + 25)
        await trio.sleep(100)
        nursery.cancel_scope.cancel()
    # At once, twice anew, when it said, when it was told, and when nobody had said anything.
    assert runs == [0, 1, 2, 10, 25, 85]
    [complaint] = caplog.records
    assert "next try in 1.0 s" in complaint.message
    assert complaint.exc_info is not None


async def test_what_has_expired_is_forgotten_and_told_however_much_it_is() -> None:
    store, clock = MemoryStore(), SettableTime()
    journal = Journal(clock.now)
    pushes = [
        notification(number, topic=f"com.example.app{number}", expires_at=NOW + 60)
        for number in range(1, 251)  # more than one round
    ]
    for push in pushes:
        journal.adopt(push, DEVICE)
        await store.accept(DEVICE, push)
    assert await upkeep.expire(store, journal, clock.now, SessionTable()) == NOW + 60
    assert await store.pending() == 250
    clock.time += 61
    assert await upkeep.expire(store, journal, clock.now, SessionTable()) == inf
    assert await store.pending() == 0
    assert {record.state for record in journal.records()} == {State.DISCARDED_EXPIRED}


async def test_what_comes_from_elsewhere_wakes_its_session() -> None:
    sessions = SessionTable()
    here, there = ListeningSession(), ListeningSession(device="other")  # type: ignore[arg-type]
    sessions.arrive(here)
    sessions.arrive(there)

    class Wakes(MemoryStore):
        async def wakes(self) -> AsyncIterator[DeviceId | None]:
            yield DEVICE
            yield None

    await upkeep.pass_on_wakes(Wakes(), sessions)
    assert (here.wakes, there.wakes) == (2, 1)
