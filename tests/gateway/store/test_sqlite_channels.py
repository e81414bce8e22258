"""The synchronous core of channels: the verbs, and the plans of their queries."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from gateway.store.queries import SQL
from gateway.store.sqlite import REFUSED, Database
from gateway.store.wire import row_of_broadcast, row_of_channel
from tests.builders import CHANNEL, NOW, broadcast, channel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "db", node="gateway")) as opened:
        yield opened


def done(database: Database, *operations: tuple[Any, ...]) -> Any:  # noqa: ANN401 - plain values
    """The result of the last of them."""
    outcome = database.apply(operations)
    assert not outcome.failures
    assert outcome.outage is None
    return outcome.results[-1]


def test_a_channel_and_its_message_are_one_row_each(database: Database) -> None:
    publish = [("publish", row_of_broadcast(broadcast(number))) for number in (1, 3, 2)]
    done(database, ("create_channel", row_of_channel(channel())), *publish)
    assert done(database, ("channels", "", 10)) == [row_of_channel(channel(checkpoint=3))]
    assert done(database, ("broadcasts", "", 10)) == [row_of_broadcast(broadcast(3))]
    assert done(database, ("channels", CHANNEL, 10), ("broadcasts", CHANNEL, 10)) == []
    assert database.pending == 0, "a message of a channel waits for nobody in particular"


def test_a_message_that_may_not_wait_leaves_its_place_behind(database: Database) -> None:
    once = broadcast(2, expires_at=NOW)
    published = [("publish", row_of_broadcast(each)) for each in (broadcast(1), once, broadcast(1))]
    done(database, ("create_channel", row_of_channel(channel())), *published)
    assert done(database, ("broadcasts", "", 10)) == []
    assert done(database, ("channels", "", 10)) == [row_of_channel(channel(checkpoint=2))]


def test_a_deleted_channels_message_is_forgotten_with_its_time(database: Database) -> None:
    done(database, ("create_channel", row_of_channel(channel())))
    done(database, ("publish", row_of_broadcast(broadcast())), ("delete_channel", CHANNEL))
    assert done(database, ("channels", "", 10)) == []
    assert len(done(database, ("forget_broadcasts", NOW), ("broadcasts", "", 10))) == 1
    assert done(database, ("forget_broadcasts", NOW + 3600), ("broadcasts", "", 10)) == []


def test_a_channel_that_is_there_already_is_a_mistake_of_ours(database: Database) -> None:
    create = ("create_channel", row_of_channel(channel()))
    outcome = database.apply([create, create])
    [(index, kind, text)] = outcome.failures
    assert (index, kind) == (1, REFUSED)
    assert "UNIQUE" in text


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("channels", "PRIMARY KEY"),
        ("broadcasts", "sqlite_autoindex_broadcast"),
        ("unpublish", "sqlite_autoindex_broadcast"),
        ("forget broadcasts", "broadcast_deadline"),
        ("delete channel", "PRIMARY KEY"),
        ("advance", "PRIMARY KEY"),
    ],
)
def test_the_indexes_are_the_ones_meant(database: Database, name: str, index: str) -> None:
    arguments = [1] * SQL[name].count("?")
    plan = database.connection.execute(f"EXPLAIN QUERY PLAN {SQL[name]}", arguments).fetchall()
    assert index in plan[0][3], plan
