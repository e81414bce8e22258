"""Certificates from the command line, beside a gateway in a process of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from apnsim.cli import main
from tests.e2e.gateway_process import gateway_process

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

APP = "com.example.app"


async def test_a_running_gateway_heeds_what_is_issued_and_revoked_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def apnsim(*arguments: str) -> str:
        """What a command says, wherever it says it."""
        await trio.to_thread.run_sync(main, [*arguments, "--data-dir", str(tmp_path)])
        return "".join(capsys.readouterr())

    async with gateway_process(tmp_path, "--store", "memory") as gateway:
        push = ["send", "--url", gateway.info["provider_url"], "--token", "ab" * 32, "--alert", "x"]
        out = ["--out", str(tmp_path)]
        await apnsim("certs", "provider", APP, "--kind", "app", *out)
        await apnsim("certs", "provider", APP, "--revoked", *out)
        issued = str(tmp_path / f"{APP}-app.pem")
        revoked = str(tmp_path / f"{APP}-revoked.pem")
        assert "BadDeviceToken" in await apnsim(*push, "--certificate", issued), "else it is fine"
        assert "certificate revoked" in await apnsim(*push, "--certificate", revoked)
        await apnsim("certs", "revoke", issued)
        assert "certificate revoked" in await apnsim(*push, "--certificate", issued)
        await apnsim("certs", "provider", APP, *out)
        fresh = str(tmp_path / f"{APP}.pem")
        assert "MissingTopic" in await apnsim(*push, "--certificate", fresh)
