"""The folder of a host when all its devices are replaced, and somebody pulls the plug."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from devicesim.host.document import DevicePart
from devicesim.host.folder import NEXT, STAGED, HostFolder
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateError
from protocol.notification import Environment

if TYPE_CHECKING:
    from pathlib import Path

NEW = ["a", "b", "c"]


def part(device_id: str) -> DevicePart:
    """A device that has nothing yet."""
    lists = [
        "apps",
        "doomed",
        "expired",
        "retired",
        "acknowledged",
        "inbox",
        "activities",
        "received",
    ]
    empty: dict[str, list[str]] = {name: [] for name in lists}
    switches = {
        "online": True,
        "serial": 1,
        "network": "wifi",
        "conditions": {},
        "power": "awake",
        "assertion_policy": None,
    }
    told = {"device_id": device_id, "name": f"new {device_id}", "environment": "development"}
    screen = {"notifications": [], "badges": {}}
    return DevicePart.model_validate(
        {**told, **empty, "switches": switches, "screen": screen, "events": {}}
    )


@pytest.fixture
async def folder(tmp_path: Path) -> HostFolder:
    """With two devices: one that is to go, and one of whose name there will be another."""
    made = HostFolder(tmp_path)
    for device_id in ("old", "b"):
        files = await made.make(device_id)
        await DeviceState(device_id, f"old {device_id}", Environment.DEVELOPMENT, files).save()
    return made


def in_it(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def names(folder: Path) -> list[str]:
    """Those that the next start finds."""
    return sorted(state.name for state in await HostFolder(folder).load())


async def test_staged_devices_are_none_until_they_replace_the_others(
    folder: HostFolder, tmp_path: Path
) -> None:
    states = await folder.stage(list(map(part, NEW)))
    assert in_it(tmp_path) == [STAGED, "b", "old"]
    await folder.replace(states)
    assert in_it(tmp_path) == NEW
    await states[0].save()
    assert await names(tmp_path) == ["new a", "new b", "new c"]


async def test_what_was_staged_and_never_meant_is_forgotten(
    folder: HostFolder, tmp_path: Path
) -> None:
    await folder.stage(list(map(part, NEW)))
    assert await names(tmp_path) == ["old b", "old old"]
    assert not (tmp_path / STAGED).exists()


@pytest.mark.parametrize("moved", range(4))
async def test_a_replacement_that_was_begun_is_completed_at_the_next_start(
    folder: HostFolder, tmp_path: Path, moved: int
) -> None:
    await folder.stage(list(map(part, NEW)))
    (tmp_path / STAGED).rename(tmp_path / NEXT)
    for device_id in NEW[:moved]:  # and then the process was killed
        shutil.rmtree(tmp_path / device_id, ignore_errors=True)
        (tmp_path / NEXT / device_id).rename(tmp_path / device_id)
    assert await names(tmp_path) == ["new a", "new b", "new c"]
    assert not (tmp_path / NEXT).exists()


@pytest.mark.parametrize("device_id", ["lock", "devices.json", "device.json"])
async def test_no_device_has_the_name_of_what_else_is_in_the_folder(
    folder: HostFolder, tmp_path: Path, device_id: str
) -> None:
    with folder.locked():
        await folder.replace(await folder.stage([part(device_id)]))
    assert await names(tmp_path) == [f"new {device_id}"]


async def test_a_replacement_that_failed_is_not_in_the_way_of_another(
    folder: HostFolder, tmp_path: Path
) -> None:
    states = await folder.stage(list(map(part, NEW)))
    (tmp_path / "c").touch()  # not a folder
    with pytest.raises(StateError, match="cannot be changed"):
        await folder.replace(states)
    await folder.replace(await folder.stage([part("d")]))
    assert await names(tmp_path) == ["new d"]


async def test_nobody_may_be_left(folder: HostFolder, tmp_path: Path) -> None:
    await folder.replace(await folder.stage([]))
    assert await names(tmp_path) == []


async def test_a_folder_that_makes_no_sense_is_named(tmp_path: Path) -> None:
    (tmp_path / NEXT).mkdir()
    with pytest.raises(StateError, match=r"\.next: cannot be used"):
        await HostFolder(tmp_path).load()
