"""What makes the store fast enough: many pushes share a commit, a busy loop does not starve it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.store.client import SqliteStore
from protocol.identifiers import Topic
from tests.builders import DEVICE, notification

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.alone

SLICE_SECONDS = 0.005
OFFERED_PER_SECOND = 200


async def test_concurrent_pushes_share_commits(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        async with trio.open_nursery() as nursery:
            for number in range(1000):
                nursery.start_soon(
                    store.accept, DEVICE, notification(number, topic=Topic(f"a.b{number}"))
                )
        statistics = store.statistics()
        assert statistics.operations == statistics.pending == 1000
        assert statistics.batches <= 1000 / 20


async def busy() -> None:
    """Take the whole event loop, in slices, as Python code under load does."""
    while True:
        end = time.perf_counter() + SLICE_SECONDS
        while time.perf_counter() < end:
            pass
        await trio.lowlevel.checkpoint()


async def slowest_percentile(store: SqliteStore, seconds: float) -> tuple[float, float]:
    """The p99 of accept, in seconds, at a moderate offered rate and a loop that is all busy.

    And how much of a core the loop had, from 0 to 1: other programs may be busy, too.
    """
    latencies: list[float] = []
    began_at, cpu_at_begin = time.perf_counter(), time.process_time()

    async def accept(number: int, at: float) -> None:
        await trio.sleep_until(at)
        began = trio.current_time()
        await store.accept(DEVICE, notification(number))
        latencies.append(trio.current_time() - began)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(busy)
        async with trio.open_nursery() as pushing:
            start = trio.current_time()
            for number in range(int(seconds * OFFERED_PER_SECOND)):
                pushing.start_soon(accept, number, start + number / OFFERED_PER_SECOND)
        nursery.cancel_scope.cancel()
    share = (time.process_time() - cpu_at_begin) / (time.perf_counter() - began_at)
    latencies.sort()
    return latencies[int(len(latencies) * 0.99)], share


async def test_with_a_busy_loop_the_slowest_percentile_of_accepts_stays_below_50_ms(
    tmp_path: Path,
) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        # Neighbours on the machine take their time from the loop and from the store, so the bound
        # is of the time that was left to us. A store in a thread takes seconds, with none there.
        attempts = []
        for _ in range(3):
            p99, share = await slowest_percentile(store, 0.8)
            attempts.append(f"{p99:.3f} s with {share:.0%} of a core")
            if p99 * share <= 0.050:
                return
    pytest.fail(f"p99: {attempts}")
