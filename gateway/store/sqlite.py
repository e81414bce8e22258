"""The store's verbs as plain functions over one SQLite connection, and batches of them.

:meth:`Database.apply` is the group commit: many operations, one transaction, one fsync. It is
synchronous and knows neither sockets nor tasks; ``process.py`` puts it into a process of its own.
The promises are those of ``store.Store``; rows and answers are plain values (``wire``).
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from gateway.store.queries import SQL
from gateway.store.schema import connect, explain
from gateway.store.sqlite_channels import CHANNEL_VERBS
from gateway.store.sqlite_whole import WHOLE_VERBS
from gateway.store.store import SAME_ID_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from gateway.store.wire import NotificationRow

Operation: TypeAlias = "Sequence[Any]"
"""A verb and its arguments."""

UNAVAILABLE: Final = "unavailable"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a batch.

    ``results`` has one entry per operation (``None`` where it failed); ``failures`` says which
    failed: ``(index, UNAVAILABLE | REFUSED, text)``. With an ``outage`` nothing was committed.
    """

    results: Sequence[Any] = ()
    failures: Sequence[tuple[int, str, str]] = ()
    outage: str | None = None


class Database:
    """One open database file on behalf of one gateway process.

    Args:
        path: the file; see :func:`gateway.store.schema.connect`.
        node: names the gateway process. Presence left behind by any other one is void.
        max_bytes: how large the file may grow.
    """

    def __init__(self, path: Path, *, node: str, max_bytes: int | None = None) -> None:
        self.path = path
        self.node = node
        self.transactions = 0
        self.pending = 0
        self.change = 0  # of ``pending``, by the transaction in hand
        self.connection = connect(path, max_bytes=max_bytes)
        self.cursor = self.connection.cursor()
        try:
            self.cursor.execute("DELETE FROM session WHERE node <> ?", (node,))
            (self.pending,) = self.cursor.execute("SELECT count(*) FROM notification").fetchone()
        except BaseException:
            self.connection.close()
            raise

    def close(self) -> None:
        """Close the file; SQLite folds its write-ahead log into it."""
        self.connection.close()

    def apply(self, operations: Sequence[Operation]) -> Outcome:
        """Do all of these in one transaction; when it returns, they are durable.

        An operation that fails leaves no trace and does not fail its neighbours: then each gets a
        transaction of its own. (No savepoints: SQLite ends the whole transaction when the disk is
        full, and that is when devices must still be able to acknowledge beside failing pushes.)
        """
        try:
            return Outcome(self._transaction(operations))
        except _FAILURES as error:
            if _is_locked(error):
                return Outcome(outage=explain(error, self.path))
        return self._one_by_one(operations)

    def _transaction(self, operations: Sequence[Operation]) -> list[Any]:
        self.change = 0
        self.cursor.execute("BEGIN IMMEDIATE")
        try:
            results = [_perform(self, operation) for operation in operations]
            self.cursor.execute("COMMIT")
        except _FAILURES:
            if self.connection.in_transaction:
                self.cursor.execute("ROLLBACK")
            raise
        self.pending += self.change
        self.transactions += 1
        return results

    def _one_by_one(self, operations: Sequence[Operation]) -> Outcome:
        results: list[Any] = []
        failures: list[tuple[int, str, str]] = []
        locked: Exception | None = None
        for index, operation in enumerate(operations):
            try:
                if locked is not None:
                    raise locked  # waiting for the lock once is enough
                results += self._transaction([operation])
            except _FAILURES as error:
                locked = error if _is_locked(error) else None
                results.append(None)
                failures.append((index, *self._blame(error)))
        return Outcome(results, failures)

    def _blame(self, error: Exception) -> tuple[str, str]:
        if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, _OUR_MISTAKES):
            return UNAVAILABLE, explain(error, self.path)
        return REFUSED, f"{type(error).__name__}: {error}"


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


_OUR_MISTAKES = (
    sqlite3.IntegrityError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
    sqlite3.NotSupportedError,
)
_FAILURES = (sqlite3.Error, TypeError, ValueError, LookupError, OverflowError)


def _perform(database: Database, operation: Operation) -> Any:  # noqa: ANN401 - plain values
    verb, *arguments = operation
    if verb not in VERBS:
        raise ValueError(f"no such verb: {verb!r}")
    return VERBS[verb](database, *arguments)


def _accept(
    database: Database, device: str, row: NotificationRow, same_id_since: float | None
) -> tuple[int, bool, list[str], str | None]:
    """Answers ``(seq, is_present, replaced, duplicate_of)``."""
    execute = database.cursor.execute
    if same_id_since is not None:
        seen = execute(SQL["seen"], (device, row[1], same_id_since)).fetchone()
        if seen is not None:
            is_present = execute(SQL["present"], (device,)).fetchone() is not None
            return seen[0], is_present, [], seen[1]
    is_present = execute(SQL["present"], (device,)).fetchone() is not None
    replaced = [] if is_present else _replace(database, device, row)
    seq = execute(SQL["insert"], (device, *row)).lastrowid
    assert seq is not None
    database.change += 1
    if same_id_since is not None:
        execute(SQL["see"], (device, row[1], row[6], row[0], seq, row[3]))
        # Two go for each that comes: what is kept never grows beyond what is needed.
        _forget_seen(database, row[6] - SAME_ID_SECONDS, 2)
    return seq, is_present, replaced, None


def _replace(database: Database, device: str, row: NotificationRow) -> list[str]:
    # What has expired already is left for the sweep, which reports it as expired.
    older = database.cursor.execute(SQL["replaceable"], (device, row[3], row[6])).fetchall()
    return _delete(database, [seq for (seq,) in older]) if older else []


def _delete(database: Database, seqs: Sequence[int]) -> list[str]:
    """Forget these; says which they were."""
    execute = database.cursor.execute
    names: list[str] = []
    for seq in seqs:
        names.append(execute(SQL["name"], (seq,)).fetchone()[0])
        execute(SQL["delete"], (seq,))
    database.change -= len(seqs)
    return names


def _forget_seen(database: Database, before: float, limit: int) -> None:
    stale = database.cursor.execute(SQL["stale"], (before, limit)).fetchall()
    database.cursor.executemany(SQL["forget"], stale)


def _attach(database: Database, device: str, now: float) -> tuple[int, list[str], list[str]]:
    """Answers ``(fence, replaced, expired)``."""
    fence = database.cursor.execute(SQL["attach"], (device, database.node)).lastrowid
    assert fence is not None
    newest: dict[str, int] = {}
    older: list[int] = []
    expired: list[int] = []
    for seq, topic, expires_at in database.cursor.execute(SQL["settle"], (device,)):
        if expires_at <= now:
            expired.append(seq)
            continue
        if topic in newest:
            older.append(newest[topic])
        newest[topic] = seq
    return fence, _delete(database, older), _delete(database, expired)


def _detach(database: Database, device: str, fence: int) -> bool:
    return database.cursor.execute(SQL["detach"], (device, fence)).rowcount > 0


def _fetch(
    database: Database, device: str, fence: int, after: int, limit: int, now: float
) -> list[tuple[Any, ...]] | None:
    """Answers rows of ``(seq, *NotificationRow)``, or ``None`` for a fence that is void."""
    execute = database.cursor.execute
    if execute(SQL["current"], (device, fence)).fetchone() is None:
        return None
    return execute(SQL["fetch"], (device, after, now, limit)).fetchall()


def _acknowledge(database: Database, device: str, seqs: Sequence[int]) -> None:
    database.cursor.executemany(SQL["acknowledge"], [(seq, device) for seq in seqs])
    database.change -= max(0, database.cursor.rowcount)


def _register(database: Database, *row: Any) -> None:  # noqa: ANN401 - plain values
    database.cursor.execute(SQL["register"], row)


def _unregister(database: Database, token: bytes, at: float, is_expired: bool) -> None:
    database.cursor.execute(SQL["unregister"], (at, is_expired, token))


def _registrations(database: Database, after: bytes, limit: int) -> list[tuple[Any, ...]]:
    """One page, in the order of the tokens."""
    return database.cursor.execute(SQL["registrations"], (after, limit)).fetchall()


def _pending(database: Database, device: str | None) -> int:
    if device is None:
        return database.pending + database.change  # counting a million rows takes its time
    (count,) = database.cursor.execute(SQL["count"], (device,)).fetchone()
    return int(count)


def _expire(database: Database, now: float, limit: int) -> list[str]:
    gone = database.cursor.execute(SQL["expired"], (now, limit)).fetchall()
    _forget_seen(database, now - SAME_ID_SECONDS, limit)
    return _delete(database, [seq for (seq,) in gone])


def _next_expiry(database: Database) -> tuple[float | None]:
    (at,) = database.cursor.execute(SQL["next expiry"]).fetchone()
    return (at,)


def _probe(database: Database) -> None:
    """Find out whether there is room for a notification."""
    database.cursor.execute("INSERT INTO probe (room) VALUES (zeroblob(8192))")
    database.cursor.execute("DELETE FROM probe")


VERBS: dict[str, Callable[..., Any]] = {
    "accept": _accept,
    "attach": _attach,
    "detach": _detach,
    "fetch": _fetch,
    "acknowledge": _acknowledge,
    "register": _register,
    "unregister": _unregister,
    "registrations": _registrations,
    "pending": _pending,
    "expire": _expire,
    "next_expiry": _next_expiry,
    "probe": _probe,
    **CHANNEL_VERBS,
    **WHOLE_VERBS,
}
