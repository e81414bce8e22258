"""The verbs of broadcast channels over the SQLite connection; see ``sqlite.py``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.store.queries import SQL

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gateway.store.sqlite import Database
    from gateway.store.wire import BroadcastRow, ChannelRow


def _create(database: Database, row: ChannelRow) -> None:
    database.cursor.execute(SQL["create channel"], row)


def _delete(database: Database, channel_id: str) -> None:
    database.cursor.execute(SQL["delete channel"], (channel_id,))


def _channels(database: Database, after: str, limit: int) -> Sequence[ChannelRow]:
    """One page, in the order of the ids."""
    return database.cursor.execute(SQL["channels"], (after, limit)).fetchall()


def _publish(database: Database, row: BroadcastRow) -> None:
    execute = database.cursor.execute
    channel_id, checkpoint, received_at, expires_at = row[0], row[3], row[7], row[8]
    (newest,) = execute(SQL["newest"], (channel_id, channel_id)).fetchone()
    if newest is not None and newest >= checkpoint:
        return
    execute(SQL["unpublish"], (channel_id,))
    if expires_at > received_at:
        execute(SQL["publish"], row)
    execute(SQL["advance"], (checkpoint, channel_id))


def _broadcasts(database: Database, after: str, limit: int) -> Sequence[BroadcastRow]:
    """One page, in the order of the channel ids."""
    return database.cursor.execute(SQL["broadcasts"], (after, limit)).fetchall()


def _forget(database: Database, now: float) -> None:
    database.cursor.execute(SQL["forget broadcasts"], (now,))


CHANNEL_VERBS: dict[str, Callable[..., Any]] = {
    "create_channel": _create,
    "delete_channel": _delete,
    "channels": _channels,
    "publish": _publish,
    "broadcasts": _broadcasts,
    "forget_broadcasts": _forget,
}
