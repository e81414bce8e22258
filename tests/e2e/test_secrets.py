"""Keys and bearer tokens of a gateway: where they may be, and that they are nowhere else."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.e2e.gateway_process import GatewayProcess, gateway_process, token_for
from tests.e2e.world import TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRET = "t0k3n-of-the-console"
# What says itself that it is a secret.
NAMED_SO = {"/api/v1/snapshot", "/api/v1/keys/{key_id}/p8"}


@pytest.fixture
async def gateway(tmp_path: Path) -> AsyncIterator[GatewayProcess]:
    """One whose console token is neither in its command line nor in its environment."""
    settings = tmp_path / "apnsim.toml"
    settings.write_text(f"console_token = {json.dumps(SECRET)}\n")
    async with gateway_process(tmp_path, "--config", str(settings)) as made:
        yield made


def console(gateway: GatewayProcess) -> httpx.AsyncClient:
    url, headers = gateway.info["console_url"], {"authorization": f"Bearer {SECRET}"}
    return httpx.AsyncClient(base_url=url, headers=headers, trust_env=False, timeout=20)


async def test_no_answer_of_the_console_tells_a_key_or_a_bearer_token(
    gateway: GatewayProcess,
) -> None:
    bearer = token_for(gateway.info)
    async with console(gateway) as client:
        phone = (await client.post("/api/v1/devices", json={})).json()
        apps = f"/api/v1/devices/{phone['id']}/apps"
        app = (await client.post(apps, json={"bundle_id": TOPIC})).json()
        async with httpx.AsyncClient(http2=True, verify=False, trust_env=False) as provider:
            for token in (app["tokens"]["alert"], "ab" * 32):
                await provider.post(
                    f"{gateway.info['provider_url']}/3/device/{token}",
                    json={"aps": {"alert": "Hello"}},
                    headers={"authorization": f"bearer {bearer}", "apns-topic": TOPIC},
                )
        wrong = await client.post("/api/v1/devices", content=b"{", headers={"x-key": bearer})
        document = (await client.get("/api/v1/openapi.json")).json()
        [pushed] = (await client.get("/api/v1/notifications")).json()
        values = {
            "device_id": phone["id"],
            "bundle_id": TOPIC,
            "apns_id": pushed["apns_id"],
            "key_id": gateway.info["keys"][0]["key_id"],
            "number": "1",
        }
        told = {"openapi": json.dumps(document), "a mistake": wrong.text}
        for path, operations in document["paths"].items():
            if "get" in operations and path not in NAMED_SO | {"/api/v1/events"}:
                for query in ("?format=har", "?format=jsonl") if path.endswith("export") else ("",):
                    asked = path.format_map(_Known(values)) + query
                    told[asked] = (await client.get(asked)).text
    assert len(told) > 20
    for where, text in told.items():
        _assert_clean(where, text, bearer, gateway)


class _Known(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return "1"


def _assert_clean(where: str, text: str, bearer: str, gateway: GatewayProcess) -> None:
    assert SECRET not in text, where
    assert "PRIVATE KEY" not in text, where
    assert bearer.split(".")[2] not in text, where
    for file in (Path(gateway.info["keys"][0]["key_file"]), gateway.data_dir / "ca-key.pem"):
        assert not any(line in text for line in file.read_text().splitlines()[1:-1]), where


async def test_log_ready_file_and_process_list_do_not_tell_the_console_token(
    gateway: GatewayProcess,
) -> None:
    async with console(gateway) as client:
        assert (await client.get("/api/v1/info")).status_code == 200
        refused = await client.get("/api/v1/info", headers={"authorization": f"Bearer {SECRET}x"})
    assert refused.status_code == 401
    assert SECRET not in refused.text
    assert SECRET not in gateway.log
    assert SECRET not in json.dumps(gateway.info)
    if sys.platform == "linux":
        process = Path(f"/proc/{gateway.process.pid}")
        assert SECRET.encode() not in (process / "cmdline").read_bytes()


async def test_private_files_are_for_their_owner_alone_and_nothing_is_left_half_written(
    gateway: GatewayProcess,
) -> None:
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in gateway.data_dir.rglob("*")
        if path.is_file() and path.name not in ("apnsim.toml", "log")
    }
    private = {name for name in modes if name.endswith(("key.pem", ".p8"))}
    assert private >= {"ca-key.pem", Path(gateway.info["keys"][0]["key_file"]).name}
    assert {modes[name] for name in private} == {0o600}
    assert modes["ready.json"] == 0o644, "it holds nothing that is secret"
    assert [name for name in modes if "tmp" in name or name.endswith("~")] == []
