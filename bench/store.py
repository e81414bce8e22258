"""How fast the SQLite store process accepts, and what that costs the gateway.

``python -m bench.store [--seconds 2] [--tasks 50,200,1000]``: closed loops of N tasks, each
accepting 600-byte notifications for random absent devices (no replacement), ``synchronous=FULL``.
Prints accepts/s, latency, accepts per commit, and µs of CPU in the gateway process per accept,
first for the empty loop (a checkpoint per turn: what Trio itself takes) and then for the store.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from gateway.store import pump
from gateway.store.client import SqliteStore
from protocol.identifiers import ApnsId, DeviceId, DeviceToken, Topic, UniqueId
from protocol.notification import Notification, Priority, PushType

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    Accept = Callable[[DeviceId, Notification], Awaitable[object]]

DEVICES = [DeviceId(f"device-{number}") for number in range(20_000)]
PAYLOAD = b"x" * 600


def notification() -> Notification:
    """One with names of its own and a topic of its own, so that nothing is replaced."""
    raw = os.urandom(16)
    return Notification(
        unique_id=UniqueId.from_random(raw),
        apns_id=ApnsId.from_random(raw),
        token=DeviceToken(raw * 2),
        topic=Topic(f"com.example.app{raw.hex()}"),
        push_type=PushType.ALERT,
        priority=Priority.IMMEDIATE,
        received_at=1.0,
        expires_at=2.0e9,
        collapse_id=None,
        payload=PAYLOAD,
    )


async def loop(accept: Accept, tasks: int, seconds: float) -> tuple[list[float], float, float]:
    """Latencies, seconds of wall time and seconds of CPU of a closed loop."""
    supply = [notification() for _ in range(5000)]  # made before the clock starts
    latencies: list[float] = []
    end = time.perf_counter() + seconds

    async def client(number: int) -> None:
        while (began := time.perf_counter()) < end:
            await accept(random.choice(DEVICES), supply[(number + len(latencies)) % 5000])
            latencies.append(time.perf_counter() - began)

    began, cpu = time.perf_counter(), time.process_time()
    async with trio.open_nursery() as nursery:
        for number in range(tasks):
            nursery.start_soon(client, number)
    return latencies, time.perf_counter() - began, time.process_time() - cpu


async def empty(_device: DeviceId, _notification: Notification) -> None:
    """What the loop itself takes: one turn of the scheduler."""
    await trio.lowlevel.checkpoint()


def sync_milliseconds(folder: Path) -> float:
    """How long the disk takes to make one page durable: the least a lone accept can take."""
    descriptor = os.open(folder / "sync", os.O_CREAT | os.O_RDWR, 0o600)
    began = time.perf_counter()
    for page in range(50):
        os.pwrite(descriptor, bytes(4096), page * 4096)
        os.fsync(descriptor)
    os.close(descriptor)
    return (time.perf_counter() - began) / 50 * 1000


async def measure(tasks: int, seconds: float, folder: Path) -> None:
    """One line of the report."""
    turns, _, turn_cpu = await loop(empty, tasks, 0.3)
    async with SqliteStore.open(folder / f"{tasks}.sqlite3") as store:
        latencies, wall, cpu = await loop(store.accept, tasks, seconds)
        batches = store.statistics().batches
    latencies.sort()
    count = len(latencies)
    print(
        f"{tasks:6} tasks  {count / wall:8.0f} accepts/s"
        f"  p50 {latencies[count // 2] * 1000:6.2f} ms"
        f"  p99 {latencies[count * 99 // 100] * 1000:6.2f} ms"
        f"  {count / batches:6.1f} per commit"
        f"  gateway CPU {cpu / count * 1e6:5.1f} µs/op"
        f"  (empty loop {turn_cpu / len(turns) * 1e6:4.1f})"
        f"  {cpu / wall:4.0%} of a core"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=2.0, help="per line")
    parser.add_argument("--tasks", default="50,200,1000")
    parser.add_argument("--in-flight", type=int, default=pump.MAX_IN_FLIGHT)
    options = parser.parse_args(arguments)
    pump.MAX_IN_FLIGHT = options.in_flight
    with tempfile.TemporaryDirectory(dir=".") as folder:
        print(
            f"SQLite store process, synchronous=FULL, load average {os.getloadavg()[0]:.1f},"
            f" one fsync {sync_milliseconds(Path(folder)):.2f} ms"
        )
        for tasks in map(int, options.tasks.split(",")):
            trio.run(measure, tasks, options.seconds, Path(folder))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
