"""The tutorial "Run a fleet" does what it says, with fewer phones."""

from __future__ import annotations

import ast
import json
import os
import shlex
import signal
import sys
from typing import TYPE_CHECKING

import trio

from tests.e2e.command import command
from tests.e2e.gateway_process import gateway_process
from tests.e2e.world import until
from tests.tutorials.page import Page

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def test_a_fleet_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page("fleet")
    monkeypatch.chdir(tmp_path)
    page.write(tmp_path)
    crowd = tmp_path / "crowd.toml"
    crowd.write_text(page.files["crowd.toml"].replace("1000", "60").replace("1 min", "1 s"))
    serve, run_fleet, push, *_ = map(shlex.split, page.commands)
    assert serve == ["apnsim", "serve"]
    async with gateway_process(tmp_path) as gateway:
        monkeypatch.setenv("APNSIM_CONSOLE_URL", gateway.info["console_url"])
        async with command(tmp_path, "fleet", *run_fleet[1:], "--every", "100 ms") as fleet:
            await fleet.says("tokens in tokens.jsonl")
            assert push[0] == "python"
            pushed = await trio.run_process(
                [sys.executable, *push[1:]], capture_stdout=True, env=os.environ, cwd=tmp_path
            )
            answers = ast.literal_eval(pushed.stdout.decode())
            gone = [line for line in _lines("tokens.jsonl") if not line["is_registered"]]
            assert answers[410, "Unregistered"] == len(gone) > 0
            assert answers[200, ""] == 60 - len(gone)
            await until(lambda: "from storage" in fleet.said)
            assert await fleet.ends(signal.SIGINT) == 0
            assert fleet.lines[-1].startswith("in all: ")


def _lines(file: str) -> list[dict[str, object]]:
    with open(file) as text:  # noqa: PTH123 - as the tutorial does
        return [json.loads(line) for line in text]
