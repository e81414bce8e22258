"""``serve --until-eof``: a gateway that a program started for itself ends with that program."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import trio

from tests.e2e.command import PORTS
from tests.e2e.world import until

# A program that starts a gateway, prints its pid, and does nothing else, not even clean up.
PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
print(child.pid, flush=True)
sys.stdin.read()
"""


def _serve(folder: Path) -> list[str]:
    command = [sys.executable, "-m", "apnsim", "serve", "--until-eof", *PORTS, "--store", "memory"]
    return [*command, "--data-dir", str(folder), "--ready-file", str(folder / "ready.json")]


async def test_it_drains_and_ends_well_when_its_standard_input_does(tmp_path: Path) -> None:
    process = await trio.lowlevel.open_process(_serve(tmp_path), stdin=subprocess.PIPE)
    assert process.stdin is not None
    await until((tmp_path / "ready.json").exists)
    await process.stdin.send_all(b"what is said does not matter\n")
    await process.stdin.aclose()
    assert await process.wait() == 0


async def test_it_still_ends_at_once_by_a_signal(tmp_path: Path) -> None:
    process = await trio.lowlevel.open_process(_serve(tmp_path), stdin=subprocess.PIPE)
    await until((tmp_path / "ready.json").exists)
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0


async def test_it_does_not_outlive_a_program_that_was_killed(tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log:
        parent = await trio.lowlevel.open_process(
            [sys.executable, "-c", PARENT, *_serve(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
        )
    assert parent.stdout is not None
    gateway = int(await parent.stdout.receive_some())
    await until((tmp_path / "ready.json").exists)
    parent.kill()
    await parent.wait()
    await until(lambda: "draining" in (tmp_path / "log").read_text())
    await until(lambda: not _is_alive(gateway))


def _is_alive(pid: int) -> bool:
    """Neither gone nor a zombie that nobody waits for."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        return stat.rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
