"""A full disk and a locked file, for real: refused, said once, healed; nothing is lost."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.store.client import SqliteStore
from gateway.store.store import StoreUnavailableError
from protocol.identifiers import Topic
from tests.builders import DEVICE, NOW, notification

if TYPE_CHECKING:
    from pathlib import Path

    from gateway.store.store import Accepted

PAYLOAD = b"x" * 4096


async def fill(store: SqliteStore) -> list[Accepted]:
    """Accept until the disk is full; more at once than fit, so that batches are mixed."""
    accepted: list[Accepted] = []
    refused: list[str] = []

    async def accept(number: int) -> None:
        push = notification(number, payload=PAYLOAD, topic=Topic(f"com.example.app{number}"))
        try:
            accepted.append(await store.accept(DEVICE, push))
        except StoreUnavailableError as error:
            refused.append(str(error))

    async with trio.open_nursery() as nursery:
        for number in range(1, 201):
            nursery.start_soon(accept, number)
    assert len(accepted) + len(refused) == 200
    assert refused
    assert all("make room" in text for text in refused)
    return accepted


async def test_a_full_disk_refuses_pushes_and_keeps_what_it_has(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStore.open(tmp_path / "db", max_bytes=300_000) as store:
        accepted = await fill(store)
        assert not store.statistics().is_available
        assert await store.pending() == store.statistics().pending == len(accepted) > 10
        fence = (await store.attach(DEVICE, now=NOW)).fence
        found = await store.fetch(DEVICE, fence, after=0, limit=1000, now=NOW)
        assert [entry.seq for entry in found] == sorted(each.seq for each in accepted)
    assert caplog.text.count("503") == 1
    assert (tmp_path / "db").stat().st_size <= 300_000


async def test_a_full_disk_heals_when_there_is_room(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStore.open(tmp_path / "db", max_bytes=300_000) as store:
        wakes = store.wakes()
        accepted = await fill(store)
        # Devices fetch and acknowledge although pushes fail beside them in the same batches.
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fill_again, store)
            nursery.start_soon(store.acknowledge, DEVICE, [each.seq for each in accepted])
        assert await anext(wakes) is None
        await store.accept(DEVICE, notification(300))
    assert "available again" in caplog.text


async def fill_again(store: SqliteStore) -> None:
    for number in range(200, 210):
        try:
            await store.accept(DEVICE, notification(number, payload=PAYLOAD))
        except StoreUnavailableError:
            continue


async def test_a_locked_file_refuses_pushes_until_the_lock_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        wakes = store.wakes()
        await store.accept(DEVICE, notification(1))
        other = sqlite3.connect(tmp_path / "db", isolation_level=None)
        try:
            other.execute("BEGIN IMMEDIATE")
            for _ in range(2):
                with pytest.raises(StoreUnavailableError, match="another program holds a lock"):
                    await store.accept(DEVICE, notification(2))
        finally:
            other.close()
        assert await anext(wakes) is None
        third = await store.accept(DEVICE, notification(3))
        assert third.replaced == (notification(1).unique_id,), "the refused one left no trace"
        assert store.statistics().restarts == 0
    assert caplog.text.count("503") == 1


async def test_a_second_store_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        with pytest.raises(StoreUnavailableError, match=f"pid {store.process_id}.*data-dir"):
            async with SqliteStore.open(tmp_path / "db"):
                pytest.fail("it was opened")
        await store.accept(DEVICE, notification(1))
    async with SqliteStore.open(tmp_path / "db") as successor:
        assert await successor.pending() == 1


async def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "db") as newer:
        newer.execute("PRAGMA user_version = 99")
    newer.close()
    with pytest.raises(StoreUnavailableError, match=r"version 99.*newer apnsim"):
        async with SqliteStore.open(tmp_path / "db"):
            pytest.fail("it was opened")


async def test_what_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "db"
    path.write_bytes(b"my only diary, " * 1000)
    with pytest.raises(StoreUnavailableError, match="is not a database"):
        async with SqliteStore.open(path):
            pytest.fail("it was opened")
    assert path.read_bytes() == b"my only diary, " * 1000


async def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailableError, match="file"):
        async with SqliteStore.open(tmp_path / "file" / "db"):
            pytest.fail("it was opened")


async def test_the_database_and_its_side_files_are_private(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    async with SqliteStore.open(folder / "db") as store:
        await store.accept(DEVICE, notification(1))
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        assert modes == dict.fromkeys(("db", "db-wal", "db-shm", "db.lock"), 0o600)
        assert folder.stat().st_mode & 0o777 == 0o700
