"""What only the store in memory has to mind."""

from __future__ import annotations

import pytest
import trio
from trio.testing import assert_checkpoints

from gateway.store.memory import MemoryStore
from gateway.store.memory_waiting import _SPARE_DEADLINES
from tests.builders import DEVICE, NOW, notification


async def test_deadlines_of_what_is_gone_do_not_pile_up() -> None:
    store = MemoryStore()
    for number in range(3 * _SPARE_DEADLINES):
        accepted = await store.accept(DEVICE, notification(number))
        await store.acknowledge(DEVICE, [accepted.seq])
    last = await store.accept(DEVICE, notification(1))
    assert len(store._waiting._deadlines) <= _SPARE_DEADLINES + 2
    assert await store.expire(now=NOW + 3600) == [notification(1).unique_id]
    assert last.seq == 3 * _SPARE_DEADLINES + 1


async def test_a_call_of_a_cancelled_task_has_no_effect() -> None:
    store = MemoryStore()
    with trio.CancelScope() as scope:
        scope.cancel()
        await store.accept(DEVICE, notification(1))
    assert scope.cancelled_caught
    with assert_checkpoints():
        assert await store.pending() == 0


async def test_wakes_of_a_store_without_outages_only_end() -> None:
    store = MemoryStore()
    wakes = store.wakes()
    store.close()
    with pytest.raises(StopAsyncIteration):
        await anext(wakes)
