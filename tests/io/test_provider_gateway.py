"""The provider front as the whole gateway runs it: what `serve` really switches on."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import partial
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from gateway.records import State
from tests.e2e.world import TOPIC, until
from tests.io.provider_desk import APNS_ID, TEAM, desk
from tests.io.provider_front import until_end

if TYPE_CHECKING:
    from pathlib import Path


async def test_settings_are_exactly_apples_and_the_stream_limit_rises_before_the_first_200(
    tmp_path: Path,
) -> None:
    """reference/apns-provider-api.md 1.3, measured: curl printed 1, then 1000, then the 200."""
    async with desk(tmp_path) as provider:
        line = await provider.dial()
        refused = await provider.ask(line, authorization=None)
        assert refused.status == 403
        said = [frame.settings for frame in line.frames if _is_settings(frame)]
        apples = {1: 4096, 3: 1, 4: 65_535, 5: 16_384, 6: 8000}
        assert said == [apples], "nobody has proved anything yet"
        before = len(line.frames)
        assert (await provider.ask(line)).status == 200
        raised, answer = line.frames[before:]
        assert raised.settings == {3: 1000}
        assert answer.stream_id == 3


def _is_settings(frame: object) -> bool:
    return type(frame).__name__ == "SettingsFrame" and "ACK" not in frame.flags  # type: ignore[attr-defined]


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command")
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
async def test_b7_every_provider_is_asked_for_a_certificate_and_needs_none(
    tmp_path: Path, version: str
) -> None:
    """Measured on Apple's servers: a CertificateRequest to everyone, an empty answer is fine."""
    async with desk(tmp_path) as provider:
        gateway = provider.here.gateway
        address = f"127.0.0.1:{gateway.provider_ports[0]}"
        command = ["openssl", "s_client", "-connect", address, version, "-alpn", "h2"]
        command += ["-CAfile", str(gateway.home.ca_file), "-verify_return_error"]
        run = partial(trio.run_process, command, stdin=b"", capture_stdout=True, check=False)
        said = (await run(stderr=subprocess.DEVNULL)).stdout.decode("latin-1")
        assert "Requested Signature Algorithms" in said, "only a CertificateRequest has them"
        assert "Verify return code: 0 (ok)" in said
        assert "ALPN protocol: h2" in said
        assert (await provider.ask()).status == 200


async def test_after_a_reset_a_repeated_apns_id_is_new(tmp_path: Path) -> None:
    """What expires at once is remembered by the router, not by the store."""
    async with desk(tmp_path, same_apns_id_seconds=3600) as provider:
        here = provider.here
        first = await provider.ask(apns_expiration="0")
        again = await provider.ask(apns_expiration="0")
        assert first.headers["apns-unique-id"] == again.headers["apns-unique-id"], "the same push"
        [phone] = here.devices.list_devices()
        await here.received(phone.id, 1)
        await here.gateway.state.reset()
        await until(lambda: phone.id in here.connected)
        provider.token = await here.install(phone.id, "com.example.fresh")
        answer = await provider.ask(apns_expiration="0", apns_topic="com.example.fresh")
        assert answer.status == 200
        assert answer.headers["apns-unique-id"] != first.headers["apns-unique-id"]
        await here.reached(APNS_ID, State.DELIVERED)


async def test_a_request_that_the_connection_refuses_itself_is_on_record(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        answer = await provider.ask(more=(("x-much", "y" * 9000),))
        assert (answer.status, answer.reason) == (431, "PayloadTooLarge")
        [shown] = await _get(provider.here.running.console_url, "/api/v1/requests")
        told = {name: shown[name] for name in ("status", "reason", "apns_id", "connection", "path")}
        assert told == {
            "status": 431,
            "reason": "PayloadTooLarge",
            "apns_id": APNS_ID,
            "connection": "provider-1",
            "path": f"/3/device/{provider.token}",
        }
        assert "8000" in shown["detail"]
        assert "y" * 100 not in json.dumps(shown), "what is too long is not kept"


async def test_a_provider_is_told_of_errors_by_its_streams_and_in_the_end_sent_away(
    tmp_path: Path,
) -> None:
    """Settings streams_after_error and max_errors: BadDeviceToken counts twice."""
    async with desk(tmp_path, streams_after_error=1, max_errors=6) as provider:
        line = await provider.dial()
        assert (await provider.ask(line)).status == 200
        for _ in range(3):
            answer = await provider.ask(line, path="/3/device/" + "00" * 32)
            assert answer.reason == "BadDeviceToken"
        await line.hear_out()
        said = [frame.settings[3] for frame in line.frames if _is_settings(frame)]
        assert said == [1, 1000, 1]
        assert [(f.error_code, f.additional_data) for f in line.goaways] == [(11, b"")]


async def test_the_port_may_say_the_environment_and_apples_host_names_say_it_louder(
    tmp_path: Path,
) -> None:
    ports = {"provider_port_production": (0,), "provider_port_development": (0,)}
    async with desk(tmp_path, environment="production", **ports) as provider:
        gateway = provider.here.gateway
        info = await _get(provider.here.running.console_url, "/api/v1/info")
        default, development, production = gateway.provider_ports
        assert info["provider_urls"] == {
            "production": f"https://127.0.0.1:{default}",
            "development": f"https://127.0.0.1:{development}",
        }
        for port, name, environment in (
            (default, "localhost", "production"),
            (development, "localhost", "development"),
            (production, "localhost", "production"),
            (development, "api.push.apple.com", "production"),
            (production, "api.sandbox.push.apple.com", "development"),
        ):
            await provider.dial(name, port=port)
            await until(lambda: bool(gateway.providers.statistics()))
            [shown] = gateway.providers.statistics()
            assert shown.facts.environment == environment
            await trio.aclose_forcefully(provider.opened.pop().stream)
            await until(lambda: not gateway.providers.statistics())


async def test_a_host_that_connects_too_often_is_blocked_on_every_port(tmp_path: Path) -> None:
    async with desk(tmp_path, provider_port=(0, 0), max_connections_per_minute=2) as provider:
        one, other = provider.here.gateway.provider_ports
        admitted = [await provider.dial(port=port) for port in (one, other)]
        for port in (one, other):
            refused = await provider.dial(port=port)
            assert await until_end(refused.stream)
        for line in admitted:
            assert (await provider.ask(line)).status == 200


async def test_the_console_shows_who_is_connected(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here = provider.here
        line = await provider.dial()
        await until(lambda: bool(here.gateway.providers.statistics()))
        [before] = (await _get(here.running.console_url, "/api/v1/connections"))["provider"]
        assert (before["authentication"], before["team_id"], before["key_id"]) == (
            "none yet",
            None,
            None,
        )
        assert (before["streams_open"], before["stream_limit"]) == (0, 1)
        number = line.core.get_next_available_stream_id()
        assert (await provider.ask(line)).status == 200
        unfinished = line.core.get_next_available_stream_id()
        assert unfinished > number
        line.core.send_headers(
            unfinished, [(":method", "POST"), (":scheme", "https"), (":path", "/")]
        )
        await line.flush()
        await line.settle()
        shown = await _get(here.running.console_url, "/api/v1/connections")
        [after] = shown["provider"]
        assert after["authentication"] == "token"
        assert (after["team_id"], after["key_id"]) == (provider.key.team_id, provider.key.key_id)
        assert after["topics"] is None
        assert (after["streams_open"], after["stream_limit"]) == (1, 1000)
        assert after["requests_answered"] == 1
        [courier] = shown["courier"]
        [phone] = here.devices.list_devices()
        assert courier["device"] == phone.id
        assert TOPIC in json.dumps(phone.apps, default=str)


async def test_the_console_shows_who_came_with_a_certificate(tmp_path: Path) -> None:
    async with desk(tmp_path) as provider:
        here = provider.here
        line = await provider.dial(certificate=provider.certificate())
        await line.settle()
        [shown] = (await _get(here.running.console_url, "/api/v1/connections"))["provider"]
        assert shown["authentication"] == "certificate"
        assert (shown["team_id"], shown["key_id"]) == (TEAM, None)
        assert shown["topics"] == [TOPIC, f"{TOPIC}.complication", f"{TOPIC}.voip"]
        assert (shown["streams_open"], shown["stream_limit"]) == (0, 1000)


async def _get(url: str, path: str) -> Any:  # noqa: ANN401 - JSON
    async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
        return (await client.get(path)).json()
