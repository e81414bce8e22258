from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from apnsim import serve
from gateway.settings import Settings
from tests.e2e.world import world

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.apnsim.conftest import Outcome


async def test_a_gateway_with_nothing_in_flight_ends_at_once_when_asked_to(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        store="memory",
        provider_port=(0,),
        manage_port_development=0,
        manage_port_production=0,
        courier_port=0,
        console_port=0,
        drain_seconds=3600,
    )

    async def beside(running: serve.Running) -> None:
        running.stop()

    with trio.fail_after(30):  # for the start too; the drain may take an hour
        await serve._run(settings, beside)


async def test_the_console_answers_to_the_names_that_the_certificate_bears(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        store="memory",
        provider_port=(0,),
        manage_port_development=0,
        manage_port_production=0,
        courier_port=0,
        console_port=0,
        san=("apns.test",),
    )
    statuses: dict[str, int] = {}

    async def beside(running: serve.Running) -> None:
        async with httpx.AsyncClient(base_url=running.console_url, trust_env=False) as client:
            for name in ("apns.test:2198", "other.test:2198"):
                answer = await client.get("/api/v1/info", headers={"host": name})
                statuses[name] = answer.status_code
        running.stop()

    await serve._run(settings, beside)
    assert statuses == {"apns.test:2198": 200, "other.test:2198": 403}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_until_it_is_asked_to_stop_and_tells_where_everything_is(
    tmp_path: Path, apnsim: Callable[..., Outcome], number: int
) -> None:
    ready = tmp_path / "ready.json"
    found: list[dict[str, Any]] = []

    def stop_when_ready() -> None:
        while not ready.exists():
            time.sleep(0.01)
        found.append(json.loads(ready.read_text()))
        os.kill(os.getpid(), number)

    stopping = threading.Thread(target=stop_when_ready)
    stopping.start()
    ports = ("--provider-port", 0, "--courier-port", 0, "--console-port", 0)
    ports += ("--manage-port-development", 0, "--manage-port-production", 0)
    outcome = apnsim("serve", *ports, "--store", "memory", "--ready-file", ready)
    stopping.join()
    assert (outcome.code, outcome.out) == (0, "")
    [info] = found
    [key] = info["keys"]
    for told in (info["provider_url"], info["courier"], info["console_url"], info["ca_file"]):
        assert told in outcome.err
    assert f"sign with {key['key_file']}, team {info['team_id']}" in outcome.err
    manage = info["manage_ports"]
    assert (
        f"channel management on ports {manage['development']} for development,"
        f" {manage['production']} for production"
    ) in outcome.err
    assert outcome.err.splitlines()[-1].endswith("draining, at most 10 s")


def test_a_webhook_to_where_it_may_not_lead_is_one_line_and_code_2(
    apnsim: Callable[..., Outcome],
) -> None:
    ports = ("--provider-port", 0, "--courier-port", 0, "--console-port", 0)
    ports += ("--manage-port-development", 0, "--manage-port-production", 0)
    outcome = apnsim("serve", *ports, "--store", "memory", "--webhook", "http://10.0.0.1/x")
    assert outcome.code == 2
    last = outcome.err.splitlines()[-1]
    assert last.startswith("apnsim serve: url: 10.0.0.1:80 is no allowed target; allow it by --web")


def test_traces_without_the_extra_are_one_line_that_says_how_to_install_it(
    apnsim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    ports = ("--provider-port", 0, "--courier-port", 0, "--console-port", 0)
    ports += ("--manage-port-development", 0, "--manage-port-production", 0)
    asked = ("--store", "memory", "--otel-endpoint", "http://127.0.0.1:4318")
    outcome = apnsim("serve", *ports, *asked)
    assert outcome.code == 2
    assert outcome.err.splitlines()[-1] == (
        'apnsim serve: traces need OpenTelemetry\'s SDK, an extra: pip install "apnsim[otel]"'
    )


async def test_a_variable_that_may_be_for_others_is_no_reason_not_to_start(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:4318")
    async with world(tmp_path):
        pass
    assert "OTEL_EXPORTER_OTLP_ENDPOINT is set, but traces need" in caplog.text
