"""``apnsim fleet``: a crowd of phones in a process of its own, against a gateway in another."""

from __future__ import annotations

import json
import signal
import ssl
from collections import Counter
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from apnsim.cli import main
from tests.e2e.command import command
from tests.e2e.gateway_process import gateway_process, token_for
from tests.e2e.world import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.command import Command
    from tests.e2e.gateway_process import GatewayProcess

CROWD = """
devices = 12
name = "crowd"
seed = 3
[[app]]
bundle_id = "com.example.chat"
push_types = ["alert", "voip"]
[[app]]
bundle_id = "com.example.gone"
uninstalled = 1.0
[[app]]
bundle_id = "com.example.quiet"
denied = 1.0
"""


async def _tokens_in(file: Path) -> list[dict[str, Any]]:
    await until(file.exists)
    text = await trio.Path(file).read_text()
    return [json.loads(line) for line in text.splitlines()]


async def _push_to_all(gateway: GatewayProcess, tokens: list[dict[str, Any]]) -> Counter[int]:
    """One push to each; how often each status was answered."""
    trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
    bearer = f"bearer {token_for(gateway.info)}"
    answers: Counter[int] = Counter()
    async with httpx.AsyncClient(http2=True, verify=trust, trust_env=False) as client:
        for each in tokens:
            answer = await client.post(
                f"{gateway.info['provider_url']}/3/device/{each['token']}",
                content=b'{"aps":{"alert":"Hello"}}',
                headers={
                    "authorization": bearer,
                    "apns-topic": each["topic"],
                    "apns-push-type": each["push_type"],
                },
            )
            answers[answer.status_code] += 1
    return answers


async def _discarded(gateway: GatewayProcess) -> int:
    url = f"{gateway.info['console_url']}/api/v1/notifications?state=Discarded - Disabled"
    async with httpx.AsyncClient(trust_env=False) as client:
        return len((await client.get(url)).json())


def _last_report(fleet: Command) -> dict[str, Any]:
    reports = [json.loads(line) for line in fleet.lines if line.startswith("{")]
    last: dict[str, Any] = reports[-1] if reports else {}
    return last


async def test_a_backend_pushes_to_a_crowd(tmp_path: Path) -> None:
    (tmp_path / "crowd.toml").write_text(CROWD)
    file = tmp_path / "tokens.jsonl"
    async with gateway_process(tmp_path) as gateway:
        options = (str(tmp_path / "crowd.toml"), "--console-url", gateway.info["console_url"])
        options += ("--tokens", str(file), "--json", "--every", "100 ms")
        async with command(tmp_path, "fleet", "fleet", *options) as fleet:
            tokens = await _tokens_in(file)
            assert len(tokens) == 12 * 4
            assert await _push_to_all(gateway, tokens) == {200: 36, 410: 12}
            await until(lambda: _last_report(fleet).get("received") == 24)
            told = _last_report(fleet)
            assert (told["devices"], told["online"], told["from_storage"]) == (12, 12, 0)
            assert await _discarded(gateway) == 12, "those whose owner wants no notifications"
            assert 0 < told["p50_ms"] <= told["p99_ms"] < 10_000
            assert await fleet.ends(signal.SIGINT) == 0
            assert _last_report(fleet)["seconds"] > 0
        # The same file makes the same phones, and the gateway knows them.
        file.rename(tmp_path / "before")
        async with command(tmp_path, "again", "fleet", *options) as again:
            came_back = {each["token"] for each in await _tokens_in(file) if each["is_registered"]}
            assert came_back == {each["token"] for each in tokens if each["is_registered"]}
            assert await again.ends(signal.SIGTERM) == 0


@pytest.mark.takes_seconds(60)  # phones come back within half a minute
async def test_a_crowd_outlives_its_gateway(tmp_path: Path) -> None:
    file = tmp_path / "tokens.jsonl"
    async with gateway_process(tmp_path) as gateway:
        options = ("--console-url", gateway.info["console_url"], "--devices", "10", "--json")
        options += ("--every", "100 ms", "--tokens", str(file))
        async with command(tmp_path, "fleet", "fleet", *options) as fleet:
            tokens = await _tokens_in(file)
            await gateway.kill()
            await until(lambda: _last_report(fleet).get("online") == 0)
            await gateway.start()
            assert await _push_to_all(gateway, tokens) == {200: 10}
            await until(lambda: _last_report(fleet).get("received") == 10)
            assert await fleet.ends(signal.SIGINT) == 0
        assert "Traceback" not in fleet.said


async def test_it_ends_by_itself_when_its_time_is_up(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        options = ("--console-url", gateway.info["console_url"], "--devices", "3", "--for", "0.1")
        async with command(tmp_path, "fleet", "fleet", *options) as fleet:
            assert await fleet.ends() == 0
        assert "3 phones made in" in fleet.said
        assert fleet.lines[-1] == "in all: 0 received"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--away", "2"], "the command line: away: expected a share from 0 to 1"),
        (["--away", "1"], "nobody would ever come back"),
        (["--name", "Anna's"], "a device id is"),
        (["--app", "no bundle"], "argument --app: "),
        (["--for", "soon"], "expected a duration"),
        (["nowhere.toml"], "nowhere.toml: No such file"),
        (["--console-url", "http://127.0.0.1:1"], "http://127.0.0.1:1"),
    ],
)
def test_a_mistake_costs_one_line(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = main(["fleet", *arguments])
    except SystemExit as stopped:
        code = int(str(stopped.code))
    error = capsys.readouterr().err
    assert code == 2
    assert told in error
    assert error.count("\n") == 1


def test_every_mistake_in_a_file_is_told_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crowd.toml"
    file.write_text('devices = "many"\n[[app]]\nbundle_id = "com.example.a"\ndenid = 1\n')
    assert main(["fleet", str(file)]) == 2
    error = capsys.readouterr().err
    assert f"{file}:1: devices: expected a whole number" in error
    assert f"{file}:4: app 1, denid: there is no such key; did you mean denied?" in error


@pytest.mark.parametrize("key", ["away_for", "storm_every"])
def test_what_makes_no_sense_is_told_by_the_key_that_says_it(
    key: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "crowd.toml"
    file.write_text(f'away = 0.5\n{key} = "0 s"\n')
    assert main(["fleet", str(file)]) == 2
    assert f"the file: {key}: " in capsys.readouterr().err


def test_every_key_of_a_file_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["fleet", "--keys"]) == 0
    assert "uninstalled" in capsys.readouterr().out
