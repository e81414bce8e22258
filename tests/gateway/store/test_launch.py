"""Store processes that do not come up as they should."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.store import launch as launching
from gateway.store.launch import StoreCommand, launch
from gateway.store.store import StoreUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "import socket, sys, time; link = socket.socket(fileno=int(sys.argv[1]))\n"
SAY = "link.sendall(b'\\x00\\x00\\x00' + bytes([len(body)]) + body)\n"


@dataclass(frozen=True)
class Program(StoreCommand):
    """Another program in place of the store process."""

    text: str = ""

    def arguments(self, descriptor: int) -> list[str]:
        return [sys.executable, "-S", "-c", HEAD + self.text, str(descriptor)]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("sys.exit(3)", r"exit code 3.*said nothing"),
        ("body = b'\\xc1'\n" + SAY, "not msgpack"),
        ("body = b'\\xa5hello'\n" + SAY, "something else"),
        ("body = b'\\x92\\xa7refused\\xa2no'\n" + SAY, r"^no$"),
        ("import os\nos.kill(os.getpid(), 9)", "SIGKILL"),
    ],
)
async def test_a_process_that_does_not_say_ready_is_an_outage(
    tmp_path: Path, text: str, complaint: str
) -> None:
    with pytest.raises(StoreUnavailableError, match=complaint):
        await launch(Program(tmp_path / "db", "node", text=text))


async def test_a_process_that_says_nothing_in_time_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "START_SECONDS", 0.1)
    monkeypatch.setattr(launching, "EXIT_SECONDS", 0.1)
    with pytest.raises(StoreUnavailableError, match=r"SIGKILL.*nothing was heard within 0.1 s"):
        await launch(Program(tmp_path / "db", "node", text="time.sleep(60)"))


async def test_a_program_that_is_not_there_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(StoreUnavailableError, match=r"not run.*No such file"):
        await launch(StoreCommand(tmp_path / "db", "node"))


async def test_a_start_that_is_cancelled_leaves_nothing_behind(tmp_path: Path) -> None:
    with trio.move_on_after(0.1) as scope:
        await launch(Program(tmp_path / "db", "node", text="time.sleep(60)"))
    assert scope.cancelled_caught  # a process left behind would be a ResourceWarning: an error


async def test_a_process_that_does_not_leave_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launching, "EXIT_SECONDS", 0.1)
    text = "body = b'\\x92\\xa5ready\\x07'\n" + SAY + "time.sleep(60)"
    process = await launch(Program(tmp_path / "db", "node", text=text))
    assert process.pending == 7
    assert await process.leave() == "killed by SIGKILL"


async def test_the_users_own_packages_are_not_taken_for_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("gateway", "protocol"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('the user\\'s own')")
    monkeypatch.chdir(tmp_path)
    process = await launch(StoreCommand(tmp_path / "db", "node", max_bytes=10**6))
    assert await process.leave() == "exit code 0"
