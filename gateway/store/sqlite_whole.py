"""The verbs about all of the SQLite database: what is in it, and putting something else there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.store.queries import SQL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.store.sqlite import Database

    Rows = Sequence[Sequence[Any]]


def _waiting(database: Database, after: int, limit: int) -> Rows:
    """One page of ``(seq, device, *NotificationRow)``, in order."""
    return database.cursor.execute(SQL["waiting"], (after, limit)).fetchall()


def _refill(
    database: Database, waiting: Rows, registrations: Rows, channels: Rows, broadcasts: Rows
) -> None:
    _clear(database)
    many = database.cursor.executemany
    many(SQL["refill"], waiting)
    database.change += len(waiting)
    many(SQL["register"], registrations)
    many(SQL["create channel"], channels)
    many(SQL["publish"], broadcasts)


def _forget(database: Database, bundle_id: str, topics: Sequence[str]) -> None:
    # No index leads from topics to rows: that would cost each push, and resets are rare.
    execute, places = database.cursor.execute, ", ".join("?" * len(topics))
    execute(f"DELETE FROM notification WHERE topic IN ({places})", topics)
    database.change -= database.cursor.rowcount
    for table in ("registration", "seen"):
        execute(f"DELETE FROM {table} WHERE topic IN ({places})", topics)
    for table in ("channel", "broadcast"):
        execute(f"DELETE FROM {table} WHERE bundle_id = ?", (bundle_id,))


def _clear(database: Database) -> None:
    # sqlite_sequence stays: a session of before must not pass for a new one.
    for table in ("notification", "session", "registration", "seen", "channel", "broadcast"):
        database.cursor.execute(f"DELETE FROM {table}")
    database.change = -database.pending


WHOLE_VERBS: dict[str, Callable[..., Any]] = {
    "waiting": _waiting,
    "refill": _refill,
    "forget": _forget,
    "clear": _clear,
}
