"""A real ``apnsim serve`` in a process of its own, as users run it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from certs.provider_key import ProviderKey

if TYPE_CHECKING:
    from collections.abc import Iterator

START_SECONDS = 60


@contextmanager
def gateway(data_dir: Path, *options: str) -> Iterator[dict[str, Any]]:
    """One on free ports, with its info (as ``GET /api/v1/info``); stopped on the way out."""
    ready = data_dir / "ready.json"
    command = [sys.executable, "-m", "apnsim", "serve", "--data-dir", str(data_dir)]
    command += ["--provider-port", "0", "--courier-port", "0", "--console-port", "0"]
    command += ["--manage-port-development", "0", "--manage-port-production", "0"]
    command += ["--ready-file", str(ready), "--log-level", "warning", *options]
    process = subprocess.Popen(command)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("apnsim serve did not start; see above")
            time.sleep(0.05)
        yield json.loads(ready.read_text()) | {"pid": process.pid}
    finally:
        process.terminate()
        process.wait(30)


def processes_of(pid: int) -> dict[str, int]:
    """The gateway and its store process, by name."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = "".join((task / "children").read_text() for task in tasks).split()
    return {"gateway": pid, "store": int(children[0])}


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used, user and system."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def bearer_of(info: dict[str, Any]) -> str:
    """A provider token signed with the gateway's own key."""
    key = info["keys"][0]
    return ProviderKey.load(Path(key["key_file"]), key["team_id"]).sign(int(time.time()))
