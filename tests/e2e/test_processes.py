"""Gateway, device, apps and commands, each a process of its own, as users start them."""

from __future__ import annotations

import json
import shutil
import signal
import ssl
import stat
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from certs.provider_key import ProviderKey
from tests.e2e.command import PORTS, command
from tests.e2e.gateway_process import gateway_process, token_for
from tests.e2e.world import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from tests.e2e.command import Command
    from tests.e2e.gateway_process import GatewayProcess

TOPIC, OTHER_TOPIC = "com.example.app", "com.example.other"


async def _push(
    gateway: GatewayProcess, token: str, topic: str, text: str, push_type: str = "alert"
) -> None:
    trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
    headers = {"authorization": f"bearer {token_for(gateway.info)}", "apns-topic": topic}
    async with httpx.AsyncClient(http2=True, verify=trust, trust_env=False) as client:
        answer = await client.post(
            f"{gateway.info['provider_url']}/3/device/{token}",
            content=json.dumps({"aps": {"alert": text}}),
            headers={**headers, "apns-push-type": push_type},
        )
    assert answer.status_code == 200, answer.text


def _texts(app: Command) -> list[str]:
    return [json.loads(line)["payload"]["aps"]["alert"] for line in app.lines if "payload" in line]


async def _token(app: Command) -> str:
    await app.says("\n")
    token: str = json.loads(app.lines[0])["token"]
    return token


class Phone:
    """A device daemon in a process of its own, and the apps that attach to it."""

    def __init__(self, folder: Path, gateway: GatewayProcess, *options: str) -> None:
        self.state = folder / "phone"
        self.socket = self.state / "apps.sock"
        self._folder = folder
        self._options = options
        self._console_url = gateway.info["console_url"]

    @asynccontextmanager
    async def daemon(self, name: str) -> AsyncIterator[Command]:
        where = ("--state-dir", str(self.state), "--console-url", self._console_url)
        async with command(self._folder, name, "device", *where, *self._options) as daemon:
            await daemon.says("apps attach at")
            await daemon.says("courier link established")
            yield daemon
        assert "Traceback" not in daemon.said
        assert "ERROR" not in daemon.said

    def app(self, name: str, bundle_id: str, *options: str) -> AbstractAsyncContextManager[Command]:
        attach = ("app", "--json", "--socket", str(self.socket), "--bundle-id", bundle_id)
        return command(self._folder, name, *attach, *options)


@pytest.mark.takes_seconds(90)
async def test_each_app_gets_its_own_and_what_comes_for_a_dead_one_waits(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        phone = Phone(tmp_path, gateway)
        async with phone.daemon("device") as device, phone.app("other", OTHER_TOPIC) as other:
            assert stat.S_IMODE(phone.socket.stat().st_mode) == 0o600
            assert stat.S_IMODE(phone.state.stat().st_mode) == 0o700
            others = await _token(other)
            async with phone.app("first", TOPIC) as first:
                token = await _token(first)
                await _push(gateway, token, TOPIC, "one")
                await _push(gateway, others, OTHER_TOPIC, "for the other")
                await first.says('"one"')
                await first.ends(signal.SIGKILL)  # no goodbye
            await _push(gateway, token, TOPIC, "two")
            await _push(gateway, token, TOPIC, "three")
            await _push(gateway, others, OTHER_TOPIC, "the daemon lives")
            await other.says("the daemon lives")
            async with phone.app("again", TOPIC) as again:
                await again.says('"three"')
                assert await _token(again) == token
            # "one" may come again, if its app was killed before it could say that it has it.
            assert _texts(again)[-2:] == ["two", "three"]
            assert await other.ends(signal.SIGTERM) == 0
            assert _texts(other) == ["for the other", "the daemon lives"]
            # Who is killed is missed, who is asked to leave says goodbye.
            await device.says("detached")
            await device.says("without detaching", times=2)
            assert device.said.count("without detaching") == 2


async def test_an_app_that_reports_its_calls_lives_and_one_that_does_not_is_terminated(
    tmp_path: Path,
) -> None:
    topic, options = f"{TOPIC}.voip", ("--push-type", "voip")
    async with gateway_process(tmp_path) as gateway:
        phone = Phone(tmp_path, gateway)
        async with phone.daemon("device") as device:
            async with phone.app("good", TOPIC, *options) as good:
                token = await _token(good)
                for text in ("ring", "ring again"):
                    await _push(gateway, token, topic, text, "voip")
                    await good.says(f'"{text}"')
                heard = json.loads(good.lines[-1])
                assert heard["must_report"] is True
                assert heard["handler"].startswith("pushRegistry(_:didReceiveIncomingVoIPPush")
                assert await good.ends(signal.SIGTERM) == 0
            async with phone.app("bad", TOPIC, *options, "--no-report-calls") as bad:
                await _token(bad)
                await _push(gateway, token, topic, "ring", "voip")
                assert await bad.ends() == 1
                assert "terminated the app: Killing app because it never posted" in bad.said
            await device.says("Killing app because it never posted an incoming call")


@pytest.mark.takes_seconds(90)
async def test_a_device_comes_back_with_its_identity_its_apps_and_what_waited(
    tmp_path: Path,
) -> None:
    async with gateway_process(tmp_path) as gateway:
        phone = Phone(tmp_path, gateway)
        async with phone.daemon("device") as device, phone.app("app", TOPIC) as app:
            token = await _token(app)
            assert await device.ends(signal.SIGTERM) == 0
            assert await app.ends() == 1
            assert app.lines[-1].startswith("apnsim app: the device daemon is gone")
        await _push(gateway, token, TOPIC, "while nobody was there")
        async with phone.daemon("device-again"), phone.app("app-again", TOPIC, "--count=1") as app:
            assert await app.ends() == 0
            assert await _token(app) == token
            assert _texts(app) == ["while nobody was there"]
            async with phone.app("uninstaller", TOPIC, "--uninstall") as uninstaller:
                assert await uninstaller.ends() == 0
        with pytest.raises(AssertionError, match="Unregistered"):
            await _push(gateway, token, TOPIC, "for nobody")
        assert "Traceback" not in gateway.log


@pytest.mark.takes_seconds(90)
async def test_behind_a_console_token_a_running_app_says_the_token_it_gets_after_a_reset(
    tmp_path: Path,
) -> None:
    secret = ("--console-token", "sesame")
    async with gateway_process(tmp_path, "--store", "memory", *secret) as gateway:
        phone = Phone(tmp_path, gateway, *secret)
        async with phone.daemon("device"), phone.app("app", TOPIC, "--count=1") as app:
            before = await _token(app)
            async with httpx.AsyncClient(trust_env=False) as client:
                url = f"{gateway.info['console_url']}/api/v1/reset"
                answer = await client.post(url, headers={"authorization": "Bearer sesame"})
            assert answer.is_success
            await app.says('"token"', times=2)
            token = json.loads(app.lines[1])["token"]
            assert token != before
            await _push(gateway, token, TOPIC, "found again")
            assert await app.ends() == 0
            assert _texts(app) == ["found again"]


async def test_exec_tells_the_command_where_the_gateway_is_and_ends_with_its_status(
    tmp_path: Path,
) -> None:
    program = (
        "import json, os, sys; "
        "print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('APNSIM_')})); "
        "sys.exit(7)"
    )
    arguments = ("exec", "--store", "memory", "--", sys.executable, "-c", program)
    async with command(tmp_path, "exec", *arguments) as run:
        assert await run.ends() == 7
    [line] = run.lines
    told: dict[str, Any] = json.loads(line)
    assert set(told) == {
        f"APNSIM_{name}"
        for name in (
            *("PROVIDER_URL", "MANAGE_URL", "CONSOLE_URL", "COURIER", "CA_FILE"),
            *("KEY_FILE", "KEY_ID", "TEAM_ID"),
        )
    }
    for name in ("APNSIM_PROVIDER_URL", "APNSIM_MANAGE_URL"):
        assert told[name].startswith("https://127.0.0.1:")
    assert told["APNSIM_MANAGE_URL"] != told["APNSIM_PROVIDER_URL"]
    assert told["APNSIM_CONSOLE_URL"].startswith("http://127.0.0.1:")
    # Nothing is left of it.
    assert not Path(told["APNSIM_KEY_FILE"]).parent.exists()
    with pytest.raises(OSError, match="connect"):
        await trio.open_tcp_stream("127.0.0.1", int(told["APNSIM_CONSOLE_URL"].rsplit(":")[-1]))


async def test_exec_passes_sigterm_on_and_waits_for_the_command(tmp_path: Path) -> None:
    program = (
        "import os, signal, sys, time; "
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('goodbye')); "
        "os.write(1, b'ready\\n'); time.sleep(60)"
    )
    arguments = ("exec", "--store", "memory", "--", sys.executable, "-c", program)
    async with command(tmp_path, "exec", *arguments) as run:
        await run.says("ready")
        assert await run.ends(signal.SIGTERM) == 1
    assert run.lines == ["ready", "goodbye"]


async def test_exec_tells_death_by_a_signal_as_shells_do(tmp_path: Path) -> None:
    program = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
    arguments = ("exec", "--store", "memory", "--", sys.executable, "-c", program)
    async with command(tmp_path, "exec", *arguments) as run:
        assert await run.ends() == 128 + signal.SIGKILL


async def test_the_demo_shows_what_the_line_that_it_prints_has_sent(tmp_path: Path) -> None:
    arguments = ("demo", "--data-dir", str(tmp_path / "a b"), *PORTS)
    async with command(tmp_path, "demo", *arguments) as demo:
        await demo.says("Ctrl-C ends it.")
        curl, send = (
            block.partition("\n\n")[0]
            for block in (
                demo.said.partition("another terminal:\n\n")[2],
                demo.said.partition("without curl:\n\n")[2],
            )
        )
        if shutil.which("curl"):
            pasted = await trio.run_process(
                ["bash", "-c", curl], capture_stdout=True, capture_stderr=True, check=False
            )
            assert pasted.stdout.startswith(b"HTTP/2 200"), pasted
            await demo.says("Anna's iPhone: shown")
        sent = await trio.run_process(["bash", "-c", send], capture_stdout=True)
        assert sent.stdout.startswith(b"200 apns-id ")
        await demo.says("Ben's iPhone: shown")
        assert await demo.ends(signal.SIGINT) == 0
    assert demo.lines[-1] == (
        "Ben's iPhone: shown (alert)  com.example.app  " + '{"aps": {"alert": "Hello"}}'
    )
    assert "WARNING" not in demo.said
    assert "Traceback" not in demo.said


async def test_nothing_secret_is_in_the_log_however_much_is_logged(tmp_path: Path) -> None:
    secret = "t0k3n-of-the-console"
    options = ("--log-level", "debug", "--console-token", secret)
    async with gateway_process(tmp_path, *options) as gateway:
        bearer = token_for(gateway.info)
        [key] = gateway.info["keys"]
        async with httpx.AsyncClient(
            base_url=gateway.info["console_url"],
            headers={"authorization": f"Bearer {secret}"},
            trust_env=False,
            timeout=30,
        ) as console:
            made = await console.post("/api/v1/devices", json={})
            app = await console.post(
                f"/api/v1/devices/{made.json()['id']}/apps", json={"bundle_id": TOPIC}
            )
            await _push(gateway, app.json()["tokens"]["alert"], TOPIC, "Hello")
            # One that nobody believes, with a signature that must not be told either.
            stranger = ProviderKey.generate("ABCDE12345").sign(int(time.time()))
            trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
            async with httpx.AsyncClient(http2=True, verify=trust, trust_env=False) as client:
                refused = await client.post(
                    f"{gateway.info['provider_url']}/3/device/{'ab' * 32}",
                    content=b"{}",
                    headers={"authorization": f"bearer {stranger}", "apns-topic": TOPIC},
                )
            assert refused.json() == {"reason": "InvalidProviderToken"}
        await until(lambda: "Delivered to Device" in gateway.log)
        assert await gateway.stop() == 0
    log = gateway.log
    assert "Delivered to Device" in log
    assert "InvalidProviderToken" in log
    assert "authorization" not in log.lower()
    assert secret not in log
    for token in (bearer, stranger):
        head, claims, signature = token.split(".")
        assert not any(part in log for part in (claims, signature))
        assert f"{head}." not in log
    assert "PRIVATE KEY" not in log
    for file in (Path(key["key_file"]), tmp_path / "ca-key.pem"):
        body = file.read_text().splitlines()[1:-1]
        assert not any(line in log for line in body)


async def test_the_ready_file_is_what_info_says_and_never_an_old_one(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    ready.write_text('{"provider_url": "of yesterday"}')
    data = ("--data-dir", str(tmp_path), "--store", "memory", "--log-format", "json")
    async with command(tmp_path, "serve", "serve", *data, *PORTS, "--ready-file", str(ready)) as s:
        await until(lambda: not ready.exists())
        await until(ready.exists)
        info = json.loads(ready.read_text())
        async with httpx.AsyncClient(trust_env=False) as console:
            asked = (await console.get(f"{info['console_url']}/api/v1/info")).json()
        assert {**asked, "time": 0} == {**info, "time": 0}
        assert stat.S_IMODE(ready.stat().st_mode) == 0o644
        assert await s.ends(signal.SIGTERM) == 0
    entries = [json.loads(line) for line in s.lines]
    assert all({"time", "level", "logger", "message"} <= entry.keys() for entry in entries)
    assert any("draining" in entry["message"] for entry in entries)
