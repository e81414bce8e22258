"""The screen survives a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devicesim.screen.memory import ScreenMemory
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateFiles
from protocol.notification import Environment
from tests.devicesim.screen.phone import CHAT, NEWS, ScreenPhone

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
async def phone(tmp_path: Path) -> ScreenPhone:
    files = StateFiles(tmp_path / "phone", is_synced=False)
    state = DeviceState("d", "Phone", Environment.DEVELOPMENT, files)
    await state.save()
    return ScreenPhone(state)


async def restarted(phone: ScreenPhone, tmp_path: Path) -> ScreenPhone:
    await phone.state.save()
    await phone.state.commit()
    state = DeviceState.load(StateFiles(tmp_path / "phone", is_synced=False))
    assert state is not None
    again = ScreenPhone(state)
    again.locked = phone.locked
    return again


async def test_notifications_badges_and_strings_come_back_as_they_were(
    phone: ScreenPhone, tmp_path: Path
) -> None:
    phone.center.strings.replace(NEWS, {"K": "text"})
    phone.push({"loc-key": "K"}, badge=3)
    phone.locked = True
    phone.push("1:0", collapse="score\udcff")
    phone.push("chat", to=CHAT, badge=1)
    phone.push("2:0", collapse="score\udcff")
    again = await restarted(phone, tmp_path)
    assert again.texts() == phone.texts() == (["2:0", "chat"], ["text"])
    assert again.see().badges == {NEWS: 3, CHAT: 1}
    # A second start reads what the first one has compacted.
    assert (await restarted(again, tmp_path)).texts() == phone.texts()


async def test_what_a_person_did_is_remembered(phone: ScreenPhone, tmp_path: Path) -> None:
    phone.locked = True
    phone.push("old")
    phone.unlock()
    phone.locked = True
    phone.push("new", badge=2)
    gone = phone.push("swiped", collapse="c\udcff")
    phone.center.screen.dismiss(gone.apns_id)
    phone.center.screen.set_badge(CHAT, 4)
    phone.center.screen.set_badge(CHAT, 0)
    again = await restarted(phone, tmp_path)
    assert (again.texts(), again.see().badges) == ((["new"], ["old"]), {NEWS: 2})


async def test_what_an_uninstalled_app_showed_does_not_come_back(
    phone: ScreenPhone, tmp_path: Path
) -> None:
    phone.push("news", badge=1)
    phone.push("chat", to=CHAT)
    phone.state.clear(NEWS)
    again = await restarted(phone, tmp_path)
    assert (again.texts(), again.see().badges) == (([], ["chat"]), {})


async def test_a_wiped_screen_is_empty(phone: ScreenPhone, tmp_path: Path) -> None:
    phone.push("news", badge=1)
    phone.state.screen.wipe()
    again = await restarted(phone, tmp_path)
    assert (again.texts(), again.see().badges) == (([], []), {})


def test_nothing_is_noted_when_nothing_changes() -> None:
    notes: list[object] = []
    kept = ScreenMemory(notes.append)
    kept.unlock()
    kept.remove([])
    assert notes == []
