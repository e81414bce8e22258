"""Snapshots as files: at the start, on exit, and by the command line."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest
import trio

from apnsim.client import Apnsim
from tests.e2e.command import PORTS, command
from tests.e2e.gateway_process import gateway_process

if TYPE_CHECKING:
    from pathlib import Path


async def ask(info: dict[str, Any], work: Any) -> Any:  # noqa: ANN401
    """Have the synchronous client do something."""

    def do() -> Any:  # noqa: ANN401
        with Apnsim(info["console_url"]) as apnsim:
            return work(apnsim)

    return await trio.to_thread.run_sync(do)


def made(apnsim: Apnsim) -> str:
    return str(apnsim.create_device(name="Anna's phone").install("com.example.app").token)


async def test_what_one_leaves_behind_another_begins_with(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    async with gateway_process(folders[0], "--export-on-exit", str(file)) as one:
        token = await ask(one.info, made)
        await ask(one.info, lambda apnsim: apnsim.set_clock(frozen=True))
        frozen = await ask(one.info, lambda apnsim: apnsim.clock().now)
        assert not file.exists()
        assert await one.stop() == 0
    told = json.loads(file.read_text())
    assert (told["secrets"], told["clock"]["frozen"]) == (False, True)
    async with gateway_process(folders[1], "--import", str(file), "--store", "memory") as other:
        [phone] = await ask(other.info, lambda apnsim: apnsim.devices())
        assert (phone.name, phone.apps[0].token, phone.online) == ("Anna's phone", token, True)
        assert (await ask(other.info, lambda apnsim: apnsim.clock())).now == frozen


async def test_kill_9_leaves_the_file_of_before(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    file.write_text("of before")
    async with gateway_process(tmp_path, "--export-on-exit", str(file)) as gateway:
        await ask(gateway.info, made)
        gateway.process.send_signal(signal.SIGTERM)
        await gateway.kill()
    text = file.read_text()
    assert text == "of before" or json.loads(text)["format"] == "apnsim-snapshot"


@pytest.mark.usefixtures("hangup")
async def test_a_terminal_that_is_closed_is_an_end_in_order(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    async with gateway_process(tmp_path, "--export-on-exit", str(file)) as gateway:
        await ask(gateway.info, made)
        for _ in ("the shell", "the kernel"):
            gateway.process.send_signal(signal.SIGHUP)
        assert await gateway.process.wait() == 0
    assert json.loads(file.read_text())["devices"]


async def test_a_file_that_is_no_snapshot_is_one_readable_line(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    start = ("serve", "--data-dir", str(tmp_path / "data"), *PORTS, "--import", str(file))
    for content, expected in (
        (None, "state.json: cannot be read (No such file or directory)"),
        ("{", "state.json: not JSON"),
        ('{"format": "apnsim-snapshot", "version": 9}', "state.json: version: 9 is newer than 1"),
    ):
        if content is not None:
            file.write_text(content)
        async with command(tmp_path, "serve", *start) as serve:
            assert await serve.ends() == 2
            [line] = [each for each in serve.lines if each.startswith("apnsim")]
            assert expected in line
            assert "Traceback" not in serve.said


async def test_who_could_not_leave_a_file_behind_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "text").touch()
    for target in (tmp_path, tmp_path / "text" / "state.json"):
        more = ("--data-dir", str(tmp_path / "data"), "--export-on-exit", str(target))
        async with command(tmp_path, "serve", "serve", *PORTS, *more) as serve:
            assert await serve.ends() == 2
            [line] = [each for each in serve.lines if each.startswith("apnsim")]
            assert f"{target}: cannot be written at the end" in line


async def test_the_command_line_saves_and_loads(tmp_path: Path) -> None:
    file, secret = tmp_path / "state.json", tmp_path / "secret.json"
    async with gateway_process(tmp_path) as gateway:
        url = ("--console-url", gateway.info["console_url"])
        token = await ask(gateway.info, made)
        async with command(tmp_path, "save", "snapshot", "save", str(file), *url) as save:
            assert await save.ends() == 0, save.said
        more = ("--secrets", *url)
        async with command(tmp_path, "save", "snapshot", "save", str(secret), *more) as save:
            assert await save.ends() == 0, save.said
        assert (secret.stat().st_mode & 0o777, "PRIVATE KEY" in secret.read_text()) == (0o600, True)
        assert "PRIVATE KEY" not in file.read_text()
        await ask(gateway.info, lambda apnsim: apnsim.reset())
        async with command(tmp_path, "load", "snapshot", "load", str(file), *url) as load:
            assert await load.ends() == 0, load.said
        [phone] = await ask(gateway.info, lambda apnsim: apnsim.devices())
        assert phone.apps[0].token == token
        file.write_text("{}")
        async with command(tmp_path, "load", "snapshot", "load", str(file), *url) as load:
            assert await load.ends() == 1
            assert "not a snapshot" in load.said
