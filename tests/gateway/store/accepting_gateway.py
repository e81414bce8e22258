"""A gateway that only accepts: run as a process of its own, to be killed.

Usage: ``python accepting_gateway.py DATABASE``. Prints the unique id of every push whose
acceptance was answered, one per line and at once.
"""

from __future__ import annotations

import itertools
import os
import sys
from pathlib import Path

import trio

from gateway.store.client import SqliteStore
from protocol.identifiers import Topic
from tests.builders import DEVICE, notification

TASKS = 20


async def main(database: Path) -> None:
    numbers = itertools.count(1)

    async def accept(store: SqliteStore) -> None:
        for number in numbers:
            push = notification(number, topic=Topic(f"com.example.app{number}"))
            await store.accept(DEVICE, push)
            os.write(1, f"{push.unique_id}\n".encode())

    async with SqliteStore.open(database) as store, trio.open_nursery() as nursery:
        for _ in range(TASKS):
            nursery.start_soon(accept, store)


if __name__ == "__main__":
    trio.run(main, Path(sys.argv[1]))
