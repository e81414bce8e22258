"""Real processes killed with ``kill -9``: what was answered is stored, and the file is sound."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from gateway.store.client import SqliteStore
from gateway.store.store import StoreUnavailableError
from protocol.identifiers import Topic
from tests.builders import DEVICE, NOW, notification
from tests.gateway.store import accepting_gateway

ROOT = Path(__file__).resolve().parents[3]


def stored(database: Path) -> list[str]:
    """The names of what is in the file, which is checked on the way."""
    connection = sqlite3.connect(database)
    try:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [name for (name,) in connection.execute("SELECT unique_id FROM notification")]
    finally:
        connection.close()


def unlike(number: int) -> Topic:
    """A topic of its own, so that nothing is replaced."""
    return Topic(f"com.example.app{number}")


async def test_killing_the_store_process_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    accepted: list[str] = []
    refused = 0

    async def accept(numbers: range) -> None:
        nonlocal refused
        for number in numbers:
            push = notification(number, topic=unlike(number))
            try:
                await store.accept(DEVICE, push)
                accepted.append(push.unique_id)
            except StoreUnavailableError:
                refused += 1
            if len(accepted) in {100, 400}:
                assert store.process_id is None or not os.kill(store.process_id, signal.SIGKILL)

    async with SqliteStore.open(tmp_path / "db") as store:
        wakes = store.wakes()
        async with trio.open_nursery() as nursery:
            for task in range(20):
                nursery.start_soon(accept, range(task * 50, task * 50 + 50))
        assert await anext(wakes) is None
        assert 1 <= store.statistics().restarts <= 2
    names = stored(tmp_path / "db")
    assert len(names) == len(set(names))
    assert set(accepted) <= set(names)
    # Only what was under way at the moment of death is unknown; the rest waited for the new one.
    assert len(accepted) + refused == 1000
    assert refused <= 2 * 20


async def test_presence_outlives_the_store_process_under_the_same_gateway(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        wakes = store.wakes()
        fence = (await store.attach(DEVICE, now=NOW)).fence
        first = await store.accept(DEVICE, notification(1))
        assert store.process_id is not None
        os.kill(store.process_id, signal.SIGKILL)
        assert await anext(wakes) is None
        second = await store.accept(DEVICE, notification(2))
        assert (second.is_present, second.replaced) == (True, ())
        found = await store.fetch(DEVICE, fence, after=0, limit=9, now=NOW)
        assert [entry.seq for entry in found] == [first.seq, second.seq]
        assert store.statistics().pending == 2


async def test_killing_the_gateway_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    gateway = await trio.lowlevel.open_process(
        [sys.executable, accepting_gateway.__file__, str(tmp_path / "db")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    output = b""
    assert gateway.stdout is not None
    async for data in gateway.stdout:
        output += data
        if output.count(b"\n") > 300 and gateway.returncode is None:
            gateway.kill()
    await gateway.wait()
    accepted = output.decode().split("\n")[:-1]
    # The next gateway waits for the old store to end its last commit.
    async with SqliteStore.open(tmp_path / "db") as store:
        assert (await store.pending()) >= len(accepted) > 300
    assert set(accepted) <= set(stored(tmp_path / "db"))


@pytest.mark.alone
async def test_while_no_process_starts_calls_wait_a_moment_and_then_fail_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = tmp_path / "db.lock"
    async with SqliteStore.open(tmp_path / "db") as store:
        wakes = store.wakes()
        lock.unlink()
        lock.mkdir()  # which cannot be opened as a file: no new process comes up
        assert store.process_id is not None
        os.kill(store.process_id, signal.SIGKILL)
        began = trio.current_time()
        with pytest.raises(StoreUnavailableError):
            await store.pending()  # may be lost in the old process
        with pytest.raises(StoreUnavailableError, match="restarted"):
            await store.accept(DEVICE, notification(1))
        assert trio.current_time() - began < 2
        began = trio.current_time()
        for number in range(50):
            with pytest.raises(StoreUnavailableError, match="restarted"):
                await store.accept(DEVICE, notification(number))
        assert trio.current_time() - began < 0.5
        assert store.process_id is None
        lock.rmdir()
        assert await anext(wakes) is None
        await store.accept(DEVICE, notification(1))
    said = [record for record in caplog.records if "503" in record.message]
    assert [record.message for record in said] == [said[0].message], "once per outage"
    assert "SIGKILL" in said[0].message
    assert [record.levelno for record in caplog.records if "again" in record.message] == [
        logging.WARNING
    ]


async def test_closing_during_an_outage_does_not_wait_for_its_end(tmp_path: Path) -> None:
    lock = tmp_path / "db.lock"
    async with SqliteStore.open(tmp_path / "db") as store:
        lock.unlink()
        lock.mkdir()
        assert store.process_id is not None
        os.kill(store.process_id, signal.SIGKILL)
        with pytest.raises(StoreUnavailableError):
            await store.pending()
        began = trio.current_time()
    assert trio.current_time() - began < 5
    with pytest.raises(StoreUnavailableError, match="closed"):
        await store.pending()


async def test_signals_meant_for_the_gateway_do_not_end_the_store(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        process_id = store.process_id
        assert process_id is not None
        assert os.getsid(process_id) == process_id, "Ctrl-C reaches a terminal's group only"
        for meant_for_gateway in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            os.kill(process_id, meant_for_gateway)
        await store.accept(DEVICE, notification(1))
        assert store.process_id == process_id
        assert store.statistics().restarts == 0


async def test_what_was_called_before_the_gateway_is_cancelled_is_stored(tmp_path: Path) -> None:
    numbers = iter(range(500))
    all_called = trio.Event()

    async def accept() -> None:
        number = next(numbers)
        if number == 499:
            all_called.set()
        await store.accept(DEVICE, notification(number, topic=unlike(number)))

    with trio.CancelScope() as everything:
        async with SqliteStore.open(tmp_path / "db") as store, trio.open_nursery() as nursery:
            for _ in range(500):
                nursery.start_soon(accept)
            await all_called.wait()
            everything.cancel()
    assert everything.cancelled_caught
    assert len(stored(tmp_path / "db")) == 500


async def test_a_store_process_that_talks_nonsense_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        first, wakes = store.process_id, store.wakes()
        # Our own end is made to send garbage, upon which the process says why it leaves.
        stream = store._supervisor.process.stream
        assert stream is not None
        await stream.send_all(b"\x00\x00\x00\x01\xc1")
        assert await anext(wakes) is None
        assert store.process_id not in {None, first}
        await store.accept(DEVICE, notification(1))
    assert "not msgpack" in caplog.text


async def test_a_frame_that_is_cut_off_by_the_gateways_death_is_dropped(tmp_path: Path) -> None:
    async with SqliteStore.open(tmp_path / "db") as store:
        await store.accept(DEVICE, notification(1))
        stream = store._supervisor.process.stream
        with trio.socket.socket(fileno=os.dup(stream.socket.fileno())) as half:
            await half.send(b"\x00\x00\x10\x00half")
            half.shutdown(socket.SHUT_WR)
        assert await anext(store.wakes()) is None
    assert stored(tmp_path / "db") == [notification(1).unique_id]
