"""What a device remembers, and what is left of it after a crash."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import msgpack
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from devicesim.pushes import message_key, push_from_map, push_to_map
from devicesim.state import device_state as state_module
from devicesim.state import files as files_module
from devicesim.state import inbox as inbox_module
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateError, StateFiles, locked_directory
from devicesim.state.inbox import Inbox, RecentIds
from devicesim.token_keys import TokenKey
from protocol.courier.channels import ChannelMark
from protocol.courier.messages import StorageFlags
from protocol.identifiers import ChannelId, CollapseId, DeviceId, DeviceToken, Topic
from protocol.notification import Environment
from tests.devicesim.scripted_gateway import push_to

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.courier.messages import Push

NEWS = "com.example.news"


def a_push(payload: bytes = b"{}") -> Push:
    return push_to(DeviceToken(b"t"), NEWS, payload)


def new_state(directory: Path, *, is_synced: bool = False, remembered: int = 1024) -> DeviceState:
    files = StateFiles(directory, is_synced=is_synced)
    return DeviceState("phone-1", "Phone", Environment.PRODUCTION, files, remembered)


def reload(directory: Path, remembered: int = 1024) -> DeviceState:
    state = DeviceState.load(StateFiles(directory, is_synced=False), remembered)
    assert state is not None
    return state


@pytest.fixture(params=[False, True], ids=["unsynced", "synced"])
async def state(request: pytest.FixtureRequest, tmp_path: Path) -> DeviceState:
    state = new_state(tmp_path / "phone", is_synced=request.param)
    await state.save()
    return state


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_identity_apps_and_tokens_come_back(state: DeviceState, tmp_path: Path) -> None:
    app = state.apps.install(NEWS, ["alert"])
    state.apps.mint(app, TokenKey(Topic(NEWS)), DeviceToken(b"a"))
    state.extras = {"network": "wifi"}
    await state.save()
    again = reload(tmp_path / "phone")
    assert (again.device_id, again.name, again.environment) == (
        DeviceId("phone-1"), "Phone", Environment.PRODUCTION,
    )  # fmt: skip
    assert again.apps.describe() == state.apps.describe()
    assert again.extras == {"network": "wifi"}


async def test_the_folder_and_its_files_are_private(state: DeviceState, tmp_path: Path) -> None:
    state.acknowledge(a_push().message_id)
    await state.commit()
    assert mode(tmp_path / "phone") == 0o700
    names = sorted(path.name for path in (tmp_path / "phone").iterdir())
    assert names == ["device.json", "pushes.log"]
    assert {mode(tmp_path / "phone" / name) for name in names} == {0o600}


async def test_committed_pushes_wait_in_order_after_a_kill(
    state: DeviceState, tmp_path: Path
) -> None:
    pushes = [a_push(b'{"n":%d}' % n) for n in range(5)]
    for push in pushes:
        state.keep(NEWS, push)
    await state.commit()
    assert state.taken(NEWS, pushes[1].message_id)
    assert not state.taken(NEWS, pushes[1].message_id)
    await state.commit()
    # The process is gone without another word; only the files are left.
    again = reload(tmp_path / "phone")
    assert [push for _, push in again.inbox.after(NEWS, 0)] == [pushes[0], *pushes[2:]]
    assert all(again.has_acknowledged(push.message_id) for push in pushes)


async def test_what_was_not_committed_was_not_acknowledged_and_is_not_there(
    state: DeviceState, tmp_path: Path
) -> None:
    push = a_push()
    state.keep(NEWS, push)
    again = reload(tmp_path / "phone")
    assert len(again.inbox) == 0
    assert not again.has_acknowledged(push.message_id)


async def test_an_uninstalled_apps_pushes_are_gone_for_good(
    state: DeviceState, tmp_path: Path
) -> None:
    state.keep(NEWS, a_push())
    state.clear(NEWS)
    await state.commit()
    assert len(reload(tmp_path / "phone").inbox) == 0


@pytest.mark.parametrize("lost_bytes", [1, 20, 100])
async def test_a_record_cut_short_by_a_crash_costs_itself_only(
    state: DeviceState, tmp_path: Path, lost_bytes: int
) -> None:
    first, second = a_push(), a_push()
    state.keep(NEWS, first)
    await state.commit()
    state.keep(NEWS, second)
    await state.commit()
    path = tmp_path / "phone" / "pushes.log"
    path.write_bytes(path.read_bytes()[:-lost_bytes])
    again = reload(tmp_path / "phone")
    assert [push for _, push in again.inbox.after(NEWS, 0)] == [first]
    third = a_push()
    again.keep(NEWS, third)
    await again.commit()
    assert [push for _, push in reload(tmp_path / "phone").inbox.after(NEWS, 0)] == [first, third]


async def test_a_damaged_log_is_read_up_to_the_damage_and_the_log_says_so(
    state: DeviceState, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    push = a_push()
    state.keep(NEWS, push)
    await state.commit()
    path = tmp_path / "phone" / "pushes.log"
    for damage in (b"\xc1\xc1", msgpack.packb([9]), msgpack.packb(7), msgpack.packb([1, "a", {}])):
        path.write_bytes(path.read_bytes() + damage)
        caplog.clear()
        assert [each for _, each in reload(tmp_path / "phone").inbox.after(NEWS, 0)] == [push]
        assert "unreadable from byte" in caplog.text


async def test_a_long_log_is_compacted_and_forgets_nothing_that_is_true(
    state: DeviceState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state_module, "_COMPACT_BYTES", 2000)
    state._compact_bytes = 2000
    waiting = a_push()
    state.keep(NEWS, waiting)
    pushes = [a_push() for _ in range(400)]
    for push in pushes:
        state.keep(NEWS, push)
        await state.commit()
        state.taken(NEWS, push.message_id)
        await state.commit()
    size = (tmp_path / "phone" / "pushes.log").stat().st_size
    assert size < 60_000, "400 pushes of 300 bytes would be 120,000"
    again = reload(tmp_path / "phone")
    assert [push for _, push in again.inbox] == [waiting]
    assert all(again.has_acknowledged(push.message_id) for push in pushes)


async def test_a_full_disk_loses_nothing_and_the_next_commit_tries_again(
    state: DeviceState, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = a_push(), a_push()
    state.keep(NEWS, first)
    await state.commit()
    state.keep(NEWS, second)
    write = os.write
    monkeypatch.setattr(files_module.os, "write", lambda fd, data: write(fd, data[:7]))
    with pytest.raises(StateError, match=r"pushes\.log: cannot be written \(No space left"):
        await state.commit()
    assert [push for _, push in reload(tmp_path / "phone").inbox] == [first]
    monkeypatch.setattr(files_module.os, "write", write)
    await state.commit()
    assert [push for _, push in reload(tmp_path / "phone").inbox] == [first, second]


async def test_a_commit_waits_for_one_that_carries_its_records(tmp_path: Path) -> None:
    state = new_state(tmp_path / "phone", is_synced=True)
    await state.save()
    push = a_push()
    state.keep(NEWS, push)
    durable = []

    async def commit() -> None:
        await state.commit()
        durable.append([each for _, each in reload(tmp_path / "phone").inbox] == [push])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(commit)
        nursery.start_soon(commit)
    assert durable == [True, True]


async def test_a_state_without_files_keeps_nothing_and_costs_nothing() -> None:
    state = DeviceState("phone-1", "Phone", Environment.PRODUCTION)
    push = a_push()
    state.keep(NEWS, push)
    state.acknowledge(a_push().message_id)
    await state.save()
    await state.commit()
    assert state._pending == []
    assert state.has_acknowledged(push.message_id)


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", '{"format": 2}', '{"format": 1}',
        '{"format": 1, "device_id": "a", "name": "b", "environment": "moon"}',
        '{"format": 1, "device_id": "a", "name": "b", "environment": "production", "apps": []}',
        '{"format": 1, "device_id": "?", "name": "b", "environment": "production", "apps": {}}',
    ],
)  # fmt: skip
def test_a_folder_of_something_else_is_refused_readably(tmp_path: Path, text: str) -> None:
    (tmp_path / "device.json").write_text(text)
    with pytest.raises(StateError, match=str(tmp_path)):
        DeviceState.load(StateFiles(tmp_path, is_synced=False))


def test_an_empty_folder_holds_no_device(tmp_path: Path) -> None:
    assert DeviceState.load(StateFiles(tmp_path / "new", is_synced=False)) is None


def test_a_folder_that_others_can_read_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(StateError, match=r"open to others \(mode 755\).*chmod 700"):
        StateFiles(tmp_path, is_synced=False)
    assert mode(tmp_path) == 0o755


def test_a_folder_that_cannot_be_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="cannot be a device's folder"):
        StateFiles(tmp_path / "file" / "phone", is_synced=False)


async def test_unwritable_and_unreadable_places_are_named(tmp_path: Path) -> None:
    files = StateFiles(tmp_path / "phone", is_synced=False)
    (tmp_path / "phone" / ".device.json.new").mkdir()
    with pytest.raises(StateError, match=r"device\.json: cannot be written"):
        files.write_description({})
    (tmp_path / "phone" / "pushes.log").mkdir()
    with pytest.raises(StateError, match=r"pushes\.log: cannot be read"):
        files.read_log()


def test_two_daemons_cannot_share_a_folder(tmp_path: Path) -> None:
    with (
        locked_directory(tmp_path / "a"),
        pytest.raises(StateError, match="in use by another device daemon"),
        locked_directory(tmp_path / "a"),
    ):
        pass
    with locked_directory(tmp_path / "a"):
        pass


def test_recent_ids_forget_the_oldest() -> None:
    ids = RecentIds(3)
    pushes = [a_push() for _ in range(5)]
    for push in [*pushes, pushes[4]]:
        ids.add(message_key(push.message_id))
    assert [push.message_id in ids for push in pushes] == [False, False, True, True, True]
    assert len(list(ids)) == 3


def test_an_inbox_is_bounded_per_app_and_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox_module, "MAX_WAITING_PER_APP", 2)
    monkeypatch.setattr(inbox_module, "MAX_WAITING", 3)
    box = Inbox()
    box.put("a", a_push())
    box.put("a", a_push())
    assert not box.has_room("a")
    assert box.has_room("b")
    box.put("b", a_push())
    assert not box.has_room("b")
    box.clear("a")
    box.clear("nobody")
    assert len(box) == 1
    assert box.has_room("a")


def test_a_push_waits_once_and_readers_go_on_where_they_were() -> None:
    box, pushes = Inbox(), [a_push() for _ in range(3)]
    for push in [*pushes, pushes[0]]:
        box.put("a", push)
    assert len(box) == 3
    numbers = [number for number, _ in box.after("a", 0)]
    assert [push for _, push in box.after("a", numbers[0])] == pushes[1:]
    assert list(box.after("b", 0)) == []
    assert box.take("a", pushes[0].message_id)
    assert [push for _, push in box.after("a", 0)] == pushes[1:]


@given(
    payload=st.binary(max_size=5120),
    collapse_id=st.none()
    | st.binary(max_size=64).map(lambda raw: CollapseId(raw.decode("utf-8", "surrogateescape"))),
    storage=st.sampled_from([StorageFlags(n) for n in range(4)]),
)
def test_a_push_survives_its_map(
    payload: bytes, collapse_id: CollapseId | None, storage: StorageFlags
) -> None:
    push = push_to(DeviceToken(b"t"), NEWS, payload, collapse_id=collapse_id, storage=storage)
    assert push_from_map(msgpack.unpackb(msgpack.packb(push_to_map(push)))) == push


def test_a_broadcast_survives_its_map_and_an_older_map_has_none() -> None:
    mark = ChannelMark(ChannelId("AA=="), 2**60)
    push = push_to(None, NEWS, b"{}", channel=mark)
    assert push_from_map(msgpack.unpackb(msgpack.packb(push_to_map(push)))) == push
    older = push_to_map(a_push())
    del older["channel"]
    assert push_from_map(older).channel is None


maps = st.dictionaries(
    st.sampled_from([*push_to_map(a_push())]),
    st.none() | st.integers() | st.text() | st.binary() | st.lists(st.integers()) | st.floats(),
)


@given(change=maps, drop=st.sampled_from([None, *push_to_map(a_push())]))
def test_any_other_map_is_a_value_error(change: dict[str, object], drop: str | None) -> None:
    told = push_to_map(a_push()) | change
    if drop is not None:
        del told[drop]
    try:
        push_from_map(told)
    except ValueError:
        return
    assert drop in (None, "channel")
