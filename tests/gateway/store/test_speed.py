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


async def slowest_percentile(store: SqliteStore, seconds: float) -> float:
    """The p99 of accept, in seconds, at a moderate offered rate and a loop that is all busy."""
    latencies: list[float] = []

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
    latencies.sort()
    return latencies[int(len(latencies) * 0.99)]


async def test_with_a_busy_loop_the_slowest_percentile_of_accepts_stays_below_50_ms(
    tmp_path: Path,
) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        # A neighbour on the machine may spoil one run; a store in a thread takes seconds each.
        attempts = []
        for _ in range(3):
            attempts.append(await slowest_percentile(store, 0.8))
            if attempts[-1] <= 0.050:
                return
    pytest.fail(f"p99 of {attempts} s")
