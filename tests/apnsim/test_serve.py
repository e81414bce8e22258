from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from apnsim import serve
from gateway.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_gateway_with_nothing_in_flight_ends_at_once_when_asked_to(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        store="memory",
        provider_port=(0,),
        courier_port=0,
        console_port=0,
        drain_seconds=3600,
    )

    async def beside(running: serve.Running) -> None:
        running.stop()

    with trio.fail_after(30):  # for the start too; the drain may take an hour
        await serve._run(settings, beside)
