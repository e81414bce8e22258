"""pypush in a process of its own, linked to a gateway in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PROGRAM = Path(__file__).parents[2] / "interop" / "python" / "pypush_device.py"


class Pypush:
    """A device of Apple's wire."""

    def __init__(self, process: trio.Process, log: Path) -> None:
        self._process = process
        self._log = log
        self._heard = b""

    async def tells(self) -> dict[str, Any]:
        """Its next line."""
        assert self._process.stdout is not None
        while b"\n" not in self._heard:
            part = await self._process.stdout.receive_some()
            assert part, self._log.read_text()
            self._heard += bytes(part)
        line, _, self._heard = self._heard.partition(b"\n")
        answer = json.loads(line)
        assert isinstance(answer, dict)
        return answer

    async def does(self, what: str, **more: str) -> dict[str, Any]:
        """Its answer to what it is told to do."""
        assert self._process.stdin is not None
        await self._process.stdin.send_all(json.dumps({"do": what, **more}).encode() + b"\n")
        return await self.tells()


@asynccontextmanager
async def pypush(
    info: dict[str, Any], folder: Path, runs_on: str, certificate: Path | None = None
) -> AsyncIterator[Pypush]:
    """One that runs, and is gone afterwards; without a certificate it activates itself.

    Args:
        info: of the gateway, as ``GET /api/v1/info`` tells it.
        folder: for its log.
        runs_on: asyncio or trio.
        certificate: a file; its key lies beside it.
    """
    log = folder / "pypush.log"
    told = {"APNSIM_COURIER": info["courier"], "APNSIM_CONSOLE_URL": info["console_url"]}
    if certificate is not None:
        told["APNSIM_CERTIFICATE_FILE"] = str(certificate)
        told["APNSIM_KEY_FILE"] = str(certificate.with_name(f"{certificate.stem}-key.pem"))
    with log.open("wb") as errors:
        process = await trio.lowlevel.open_process(
            [sys.executable, str(PROGRAM), runs_on],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **told},
        )
    try:
        yield Pypush(process, log)
    finally:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
            process.kill()
            await process.wait()
