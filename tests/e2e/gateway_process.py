"""A real ``apnsim serve`` in a process of its own, for tests that kill it."""

from __future__ import annotations

import json
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

from certs.provider_key import ProviderKey

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

START_SECONDS = 30
PORTS = (
    "provider-port",
    "courier-port",
    "console-port",
    "manage-port-development",
    "manage-port-production",
)
# Below what Linux gives to outgoing connections: while the gateway is down between a kill and its
# next start, no client of a test beside this one may be given its port.
PORT_RANGE = range(10_000, 32_768)


class GatewayProcess:
    """Starts, kills and restarts a gateway on the same ports and the same data directory."""

    def __init__(self, data_dir: Path, *options: str) -> None:
        self.data_dir = data_dir
        self.info: dict[str, Any] = {}
        self._options = options
        self._process: trio.Process | None = None
        self._ports = [word for name in PORTS for word in (f"--{name}", str(_free_port()))]

    @property
    def process(self) -> trio.Process:
        assert self._process is not None, "start() it first"
        return self._process

    async def start(self) -> None:
        ready = self.data_dir / "ready.json"
        ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "apnsim", "serve", "--data-dir", str(self.data_dir)]
        command += ["--ready-file", str(ready), *self._ports, *self._options]
        with (self.data_dir / "log").open("ab") as log:
            self._process = await trio.lowlevel.open_process(
                command, stdout=log, stderr=subprocess.STDOUT
            )
        with trio.fail_after(START_SECONDS):
            while not ready.exists():
                assert self.process.poll() is None, self.log
                await trio.sleep(0.02)
        self.info = json.loads(ready.read_text())
        host, courier_port = self.info["courier"].rsplit(":", 1)
        self.courier = (host, int(courier_port))

    @property
    def log(self) -> str:
        return (self.data_dir / "log").read_text()

    @property
    def store_pid(self) -> int:
        """The store process: the gateway's only child."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        [child] = "".join((task / "children").read_text() for task in tasks.iterdir()).split()
        return int(child)

    async def kill(self) -> None:
        """``kill -9``: no goodbye, no flush."""
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> int:
        """SIGTERM, as an init system does; the exit code."""
        self.process.terminate()
        with trio.fail_after(20):
            return await self.process.wait()


@asynccontextmanager
async def gateway_process(data_dir: Path, *options: str) -> AsyncIterator[GatewayProcess]:
    """One that is up, and is gone afterwards."""
    gateway = GatewayProcess(data_dir, *options)
    await gateway.start()
    try:
        yield gateway
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 10):
            if gateway.process.poll() is None:
                await gateway.kill()


def _free_port() -> int:
    while True:
        port = random.choice(PORT_RANGE)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def token_for(info: dict[str, Any]) -> str:
    """A provider token signed with the gateway's own key."""
    [key] = info["keys"]
    return ProviderKey.load(Path(key["key_file"]), key["team_id"]).sign(int(time.time()))
