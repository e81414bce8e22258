"""The synchronous core: batches, their failures, and the plans of the queries."""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from gateway.store import schema
from gateway.store.queries import SQL
from gateway.store.schema import RefusedError, connect, explain, lock
from gateway.store.sqlite import REFUSED, UNAVAILABLE, VERBS, Database
from gateway.store.wire import row_of
from protocol.identifiers import Topic
from tests.builders import DEVICE, NOW, notification

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "db", node="gateway")) as opened:
        yield opened


def accept(number: int, **changes: object) -> tuple[Any, ...]:
    changes.setdefault("topic", Topic(f"com.example.app{number}"))
    return ("accept", DEVICE, row_of(notification(number, **changes)), None)


def test_a_batch_is_one_transaction(database: Database) -> None:
    outcome = database.apply([accept(number) for number in range(100)])
    assert [result[0] for result in outcome.results] == list(range(1, 101))
    assert (database.transactions, database.pending) == (1, 100)
    assert not outcome.failures
    assert outcome.outage is None


@pytest.mark.parametrize(
    "nonsense",
    [
        ("accept", None, row_of(notification()), None),  # breaks a rule of the table
        ("accept", DEVICE, (1, 2, 3), None),
        ("accept", DEVICE, [], None),
        ("accept", DEVICE, 7, None),
        ("accept",),
        ("fetch", DEVICE, 2**70, 0, 1, NOW),
        ("acknowledge", DEVICE, [1, "two", {}]),
        ("register", {"a": 1}, "d", "t", "e", 1.0, None, "", False),
        ("no such verb",),
        (["unhashable"],),
        (),
        3,
        None,
        "x",
    ],
)
def test_an_operation_without_sense_fails_alone(database: Database, nonsense: Any) -> None:  # noqa: ANN401
    outcome = database.apply([accept(1), nonsense, accept(2)])
    assert [result and result[0] for result in outcome.results] == [1, None, 2]
    ((index, kind, text),) = outcome.failures
    assert (index, kind) == (1, REFUSED)
    assert text
    assert database.pending == 2


def test_a_failed_operation_leaves_no_trace(database: Database) -> None:
    """It fails at its last step: the replaced one must be there again."""
    database.apply([accept(1, topic=Topic("a.b"))])
    row = list(row_of(notification(2, topic=Topic("a.b"))))
    row[9] = None
    outcome = database.apply([("accept", DEVICE, tuple(row), None)])
    assert outcome.failures
    assert database.apply([("pending", DEVICE), ("pending", None)]).results == [1, 1]


def test_a_full_disk_fails_what_needs_room_and_nothing_else(tmp_path: Path) -> None:
    with closing(Database(tmp_path / "db", node="gateway", max_bytes=100_000)) as database:
        batch = [accept(number, payload=b"x" * 4000) for number in range(30)]
        kept = [entry for entry in database.apply(batch).results if entry is not None]
        assert 0 < len(kept) < 30
        assert database.pending == len(kept)
        more = [accept(number, payload=b"x" * 4000) for number in range(30, 40)]
        outcome = database.apply([*more, ("acknowledge", DEVICE, [entry[0] for entry in kept])])
        assert {kind for _, kind, _ in outcome.failures} == {UNAVAILABLE}
        assert {index for index, _, _ in outcome.failures} <= set(range(10))
        assert database.pending == 10 - len(outcome.failures)
        assert not database.apply([("probe",), accept(1)]).failures


def test_a_locked_file_fails_the_batch_after_one_wait(
    database: Database,
) -> None:
    database.connection.execute("PRAGMA busy_timeout = 20")
    with closing(sqlite3.connect(database.path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        outcome = database.apply([accept(1), accept(2)])
        assert outcome.outage is not None
        assert "holds a lock" in outcome.outage
        assert not outcome.results
        failing = database._one_by_one([accept(1), accept(2)])
        assert [kind for _, kind, _ in failing.failures] == [UNAVAILABLE] * 2
    assert database.apply([accept(1)]).results[0][0] == 1
    assert database.pending == 1


def test_presence_is_that_of_this_gateway_process_only(tmp_path: Path) -> None:
    path = tmp_path / "db"
    with closing(Database(path, node="first")) as database:
        database.apply([("attach", DEVICE, NOW)])
    with closing(Database(path, node="first")) as database:
        assert database.apply([accept(1)]).results[0][1]
    with closing(Database(path, node="second")) as database:
        assert not database.apply([accept(2)]).results[0][1]
        assert database.apply([("attach", DEVICE, NOW)]).results[0][0] == 2


def test_every_query_is_served_by_an_index(database: Database) -> None:
    """Neither a scan of a table, nor a sort."""
    for name, statement in SQL.items():
        arguments = [1] * statement.count("?")
        plan = [
            detail
            for *_, detail in database.connection.execute(
                f"EXPLAIN QUERY PLAN {statement}", arguments
            )
        ]
        assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan), (name, plan)
    verbs_without_sql = {"accept", "probe", "clear", "acknowledge", "pending", "expire"}
    assert verbs_without_sql < set(VERBS)


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("replaceable", "COVERING INDEX notification_of_device (device=?)"),
        ("settle", "COVERING INDEX notification_of_device (device=?)"),
        ("fetch", "INDEX notification_of_device (device=? AND seq>?)"),
        ("expired", "COVERING INDEX notification_deadline (expires_at<?)"),
        ("present", "INDEX sqlite_autoindex_session_1 (device=?)"),
        ("acknowledge", "INTEGER PRIMARY KEY (rowid=?)"),
        ("stale", "INDEX seen_at (accepted_at<?)"),
    ],
)
def test_the_indexes_are_the_ones_meant(database: Database, name: str, index: str) -> None:
    arguments = [1] * SQL[name].count("?")
    plan = database.connection.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", arguments).fetchall()
    assert index in plan[0][3]


def test_the_durability_asked_for_is_in_force(database: Database) -> None:
    def pragma(name: str) -> object:
        return database.connection.execute(f"PRAGMA {name}").fetchone()[0]

    assert pragma("journal_mode") == "wal"
    assert pragma("synchronous") == 2, "FULL"
    assert pragma("busy_timeout") <= 2000
    assert pragma("journal_size_limit") == 64 * 1024 * 1024
    assert pragma("wal_autocheckpoint") == 1000
    assert pragma("user_version") == schema.VERSION


def test_an_existing_database_is_opened_as_it_is(tmp_path: Path) -> None:
    connect(tmp_path / "db").close()
    with closing(connect(tmp_path / "db")) as again:
        assert again.execute("SELECT count(*) FROM notification").fetchone() == (0,)


@pytest.mark.parametrize("version", range(1, schema.VERSION))
def test_a_database_of_an_older_version_is_brought_to_the_newest(
    tmp_path: Path, version: int
) -> None:
    with closing(sqlite3.connect(tmp_path / "db")) as old:
        old.executescript("".join(schema._STEPS[:version]))
        old.execute(f"PRAGMA user_version = {version}")
        values = (DEVICE, *row_of(notification()))
        old.execute(SQL["insert"], values)
        old.commit()
    with closing(connect(tmp_path / "new")) as new, closing(connect(tmp_path / "db")) as brought:
        assert [row[1:] for row in brought.execute("SELECT * FROM notification")] == [values]
        for question in ("PRAGMA user_version", "SELECT name, sql FROM sqlite_master ORDER BY 1"):
            assert brought.execute(question).fetchall() == new.execute(question).fetchall()


_REGISTRATIONS_OF_VERSION_1 = """
CREATE TABLE registration (
    token BLOB PRIMARY KEY,
    device TEXT NOT NULL,
    topic TEXT NOT NULL,
    environment TEXT NOT NULL,
    registered_at REAL NOT NULL,
    unregistered_at REAL
) WITHOUT ROWID;
INSERT INTO registration VALUES (x'00', 'phone', 'a.b', 'development', 1.0, 2.0);
CREATE TABLE seen (device TEXT, apns_id TEXT, accepted_at REAL, unique_id TEXT, seq INTEGER);
PRAGMA user_version = 1;
"""


def test_the_tokens_of_a_database_of_version_1_are_still_the_apps_own(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old")) as old:
        old.executescript(_REGISTRATIONS_OF_VERSION_1)
    with closing(connect(tmp_path / "old")) as old, closing(connect(tmp_path / "new")) as new:
        assert old.execute(SQL["registrations"], (b"", 9)).fetchall() == [
            (b"\x00", "phone", "a.b", "development", 1.0, 2.0, "", 0)
        ]
        columns = "PRAGMA table_info(registration)"
        assert old.execute(columns).fetchall() == new.execute(columns).fetchall()
        assert old.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)


def test_a_database_that_cannot_be_prepared_is_closed_again(tmp_path: Path) -> None:
    with closing(connect(tmp_path / "db")) as connection:
        connection.execute("DROP TABLE session")
    with pytest.raises(sqlite3.OperationalError, match="session"):
        Database(tmp_path / "db", node="gateway")
    with closing(connect(tmp_path / "db")) as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(RefusedError, match=f"version {schema.VERSION + 1}"):
        connect(tmp_path / "db")


def test_the_lock_names_its_holder_and_is_free_after_close(tmp_path: Path) -> None:
    holder = lock(tmp_path / "db")
    with pytest.raises(RefusedError, match=rf"db is in use .*\(pid {os.getpid()}\)"):
        lock(tmp_path / "db", wait_seconds=0.05)
    os.close(holder)
    os.close(lock(tmp_path / "db"))


def test_errors_say_what_happened_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path / "missing" / "db")
    assert re.search(
        r"/db: it cannot be opened: check .* \(unable to open",
        explain(caught.value, tmp_path / "db"),
    )
    assert "unexpected" in explain(RuntimeError("odd"), tmp_path)
