"""Whatever is said to be a snapshot is one, or is refused with a word on what was expected."""

from __future__ import annotations

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import example, given, settings
from hypothesis import strategies as st

from apnsim.snapshot.format import SnapshotError
from apnsim.snapshot.reading import Snapshot, read_snapshot
from protocol.plain import bytes_of, plain, text_of
from tests.builders import notification
from tests.e2e.test_snapshots import live
from tests.e2e.world import world
from tests.examples_drawn import examples

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@cache
def whole() -> bytes:
    """A true one, with something of everything."""

    async def taken() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            async with world(Path(folder), store="memory") as here:
                await live(here)
                return await here.running.snapshots.take(secrets=True)

    return trio.run(taken)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401
    """Where there is something in it."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, each in inner:
        found.append((*path, key))
        if isinstance(each, dict | list):
            found += places(each, (*path, key))
    return found


def outcome(raw: bytes) -> Snapshot | None:
    try:
        snapshot = read_snapshot(raw)
    except SnapshotError:
        return None
    use(snapshot)
    return snapshot


def use(snapshot: Snapshot) -> None:
    """What is believed can be loaded."""
    assert snapshot.contents is not None
    assert all(part.record.number for part in snapshot.records)
    assert all(part.entry.number for part in snapshot.rules)
    assert all(part.key.key for part in snapshot.keys)
    for device in snapshot.devices:
        assert device.state().device_id == device.device_id
        assert len([each.received for each in device.received]) == len(device.received)
        assert isinstance(device.app_events, dict)


@given(st.binary(max_size=200))
@example(b"[" * 100_000)
@example(b'{"format": "apnsim-snapshot", "version": true}')
@example(b'{"format": "apnsim-snapshot", "version": 99999999999999999999}')
def test_bytes(raw: bytes) -> None:
    assert outcome(raw) is None


@pytest.mark.takes_seconds(120)
@given(st.data())
def test_a_true_one_with_something_else_in_one_place(data: st.DataObject) -> None:
    told = json.loads(whole())
    path = data.draw(st.sampled_from(places(told)))
    inner = told
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = data.draw(JSON)
    outcome(json.dumps(told).encode())


@pytest.mark.takes_seconds(120)
@settings(max_examples=examples(50))
@given(st.data())
def test_a_true_one_without_something(data: st.DataObject) -> None:
    told = json.loads(whole())
    path = data.draw(st.sampled_from(places(told)))
    inner = told
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    outcome(json.dumps(told).encode())


def test_the_true_one_is_one() -> None:
    assert outcome(whole()) is not None


@given(st.binary(max_size=50))
def test_bytes_are_the_same_after_they_were_text(raw: bytes) -> None:
    told = json.loads(json.dumps(plain(notification(payload=raw))))
    assert bytes_of(told["payload"]) == raw
    assert bytes_of(text_of(raw)) == raw


@given(st.text(st.characters(exclude_categories=()), max_size=5))
def test_any_text_is_bytes_or_a_value_error(text: str) -> None:
    try:
        assert text_of(bytes_of(text)) == text or "\udc80" <= max(text) <= "\udcff"
    except ValueError:
        assert any("\ud800" <= letter <= "\udfff" for letter in text)
