"""A database that cannot be written: 503 for as long as it lasts, and nothing is lost."""

from __future__ import annotations

import os
import signal
import sqlite3
from typing import TYPE_CHECKING

import httpx
import pytest
import trio

from gateway.store.client import SqliteStore
from tests.e2e.world import until, world

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_locked_database_answers_503_and_recovers(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with world(tmp_path, store="sqlite") as here:
        phone = await here.phone()
        token = await here.install(phone)
        await here.switch(phone, online=False)
        await here.pushes(token, "before")
        console = httpx.AsyncClient(base_url=here.running.console_url, trust_env=False)
        locking = sqlite3.connect(tmp_path / "store.sqlite3", isolation_level=None)
        try:
            locking.execute("BEGIN IMMEDIATE")
            refused = await here.push(token, "during")
            assert (refused.status_code, refused.json()) == (503, {"reason": "ServiceUnavailable"})
            async with console:
                assert (await console.get("/livez")).status_code == 200
                assert (await console.get("/readyz")).status_code == 503
                locking.execute("ROLLBACK")
                await until(lambda: "available again" in caplog.text)
                assert (await console.get("/readyz")).status_code == 200
        finally:
            locking.close()
        await here.switch(phone, online=True)
        assert await here.received(phone, 1) == ["+before"]
        await here.pushes(token, "after")
        assert await here.received(phone, 2) == ["+before", "after"]
    assert caplog.text.count("pushes are answered 503") == 1
    assert caplog.text.count("available again") == 1


async def test_devices_stay_connected_while_the_store_process_is_replaced(tmp_path: Path) -> None:
    async with world(tmp_path, store="sqlite") as here:
        phone = await here.phone()
        token = await here.install(phone)
        store = here.gateway.store
        assert isinstance(store, SqliteStore)
        assert store.process_id is not None
        os.kill(store.process_id, signal.SIGKILL)
        await until(lambda: store.statistics().restarts == 1)
        await here.pushes(token, "after")
        assert [text.strip("+") for text in await here.received(phone, 1)] == ["after"]


@pytest.mark.alone
async def test_b18_a_push_is_answered_before_clients_give_up_though_the_store_hangs(
    tmp_path: Path,
) -> None:
    """node-apn and kalyke wait 5 s, and whatever is late becomes a duplicate."""
    async with world(tmp_path, store="sqlite") as here:
        phone = await here.phone()
        token = await here.install(phone)
        store = here.gateway.store
        assert isinstance(store, SqliteStore)
        assert store.process_id is not None
        os.kill(store.process_id, signal.SIGSTOP)
        try:
            with trio.fail_after(5):
                refused = await here.push(token, "during")
        finally:
            os.kill(store.process_id, signal.SIGCONT)
        assert (refused.status_code, refused.json()) == (503, {"reason": "ServiceUnavailable"})
