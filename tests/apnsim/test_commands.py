"""``exec``, ``demo``, ``device`` and ``app`` in this process; tests/e2e starts them for real."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
import trio

from apnsim.cli import _parser
from apnsim.commands import app_, demo_, device_
from apnsim.errors import CommandError
from apnsim.signals import that_end
from protocol.courier.messages import Push
from protocol.identifiers import ApnsId, CollapseId, Topic, UniqueId
from protocol.notification import Priority, PushType
from tests.builders import TOKEN
from tests.e2e.world import TOPIC, until, world

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from pathlib import Path

    from tests.apnsim.conftest import Outcome


def parse(*arguments: str) -> argparse.Namespace:
    return _parser([arguments[0]]).parse_args(arguments)


@pytest.mark.parametrize("status", [0, 3])
def test_exec_ends_with_the_status_of_its_command(
    apnsim: Callable[..., Outcome], tmp_path: Path, status: int
) -> None:
    note = tmp_path / "note"
    program = (
        "import os, sys; from pathlib import Path; "
        f"Path({str(note)!r}).write_text(os.environ['APNSIM_TEAM_ID']); sys.exit({status})"
    )
    settings = ("--store", "memory", "--team-id", "ABCDE12345")
    outcome = apnsim("exec", *settings, "--", sys.executable, "-c", program)
    assert (outcome.code, outcome.out, outcome.err) == (status, "", "")
    assert note.read_text() == "ABCDE12345"


@pytest.mark.usefixtures("hangup")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_exec_passes_a_signal_that_asks_for_the_end_on(
    apnsim: Callable[..., Outcome], number: signal.Signals
) -> None:
    # To the parent, which is this process; it hands it down.
    program = f"import os, time; os.kill(os.getppid(), {number:d}); time.sleep(60)"
    outcome = apnsim("exec", "--store", "memory", "--", sys.executable, "-c", program)
    assert outcome.code == 128 + number


@pytest.mark.usefixtures("hangup")
def test_what_nohup_has_ignored_stays_ignored() -> None:
    assert that_end() == (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert that_end() == (signal.SIGINT, signal.SIGTERM)


def test_exec_that_cannot_start_its_command_says_so(
    apnsim: Callable[..., Outcome], tmp_path: Path
) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF, but no more of it")
    program.chmod(0o700)
    outcome = apnsim("exec", "--store", "memory", "--", program)
    assert outcome.code == 2
    assert "program" in outcome.err
    assert "Traceback" not in outcome.err


async def test_the_demo_has_the_same_phones_at_the_next_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    banners: list[str] = []
    for _ in range(2):
        async with world(tmp_path, store="sqlite") as here:
            await demo_._show(here.running)
            banners.append(capsys.readouterr().out)
            names = [device.name for device in here.devices.list_devices()]
            assert names == list(demo_.PHONES)
            tokens = [device.apps[0].tokens["alert"] for device in here.devices.list_devices()]
            assert all(token in banners[-1] for token in tokens)
            await here.pushes(tokens[0], "Hello")
            await here.received(here.devices.list_devices()[0].id, 1)
            assert capsys.readouterr().out == (
                "Anna's iPhone: shown (alert)  com.example.app  " + '{"aps": {"alert": "Hello"}}\n'
            )
    tokens_of = [[line for line in banner.split() if len(line) == 64] for banner in banners]
    assert tokens_of[0] == tokens_of[1]


async def test_a_device_takes_in_what_comes_and_its_apps_print_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    socket = tmp_path / "phone" / "apps.sock"
    where = ("--socket", str(socket), "--bundle-id")
    async with world(tmp_path / "data") as here, trio.open_nursery() as nursery:
        url = here.running.console_url
        parsed = parse("device", "--state-dir", str(socket.parent), "--console-url", url)
        nursery.start_soon(device_._run, device_.settings_of(parsed))
        await until(socket.exists)
        both = ("--push-type", "alert", "--push-type", "background", "--count", "2")
        attending = parse("app", *where, TOPIC, "--json", *both)
        async with trio.open_nursery() as app:
            app.start_soon(app_._attend, attending, trio.CancelScope())
            tokens = await printed_tokens(capsys, 2)
            await here.pushes(tokens["alert"], "one")
            await here.pushes(tokens["alert"], "two")
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [line["payload"]["aps"]["alert"] for line in lines] == ["one", "two"]
        assert {line["topic"] for line in lines} == {TOPIC}
        assert lines[0]["priority"] == 10
        await here.pushes(tokens["alert"], "three")
        await app_._attend(parse("app", *where, TOPIC, "--count", "1"), trio.CancelScope())
        said = capsys.readouterr().out.splitlines()
        assert said[0] == f"alert token {tokens['alert']}"
        assert said[-1].startswith(f"alert {TOPIC} ")
        assert said[-1].endswith('{"aps": {"alert": "three"}}')
        await app_._attend(parse("app", *where, TOPIC, "--uninstall"), trio.CancelScope())
        assert (await here.push(tokens["alert"])).status_code == 410
        os.kill(os.getpid(), signal.SIGTERM)  # which ends the device, in an orderly way
    assert not socket.exists()


async def printed_tokens(capsys: pytest.CaptureFixture[str], count: int) -> dict[str, str]:
    printed = ""

    def is_complete() -> bool:
        nonlocal printed
        printed += capsys.readouterr().out
        return printed.count("\n") == count

    await until(is_complete)
    entries = [json.loads(line) for line in printed.splitlines()]
    return {entry["push_type"]: entry["token"] for entry in entries}


@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        (b'{"aps": {"alert": "\xc3\xa4"}}', '{"aps": {"alert": "ä"}}'),
        (b'{"aps": {"alert": "\\ud800"}}', "ud800"),
        (b"no JSON \xff", '"no JSON \ufffd"'),
    ],
)
@pytest.mark.parametrize("option", [(), ("--json",)])
def test_whatever_arrives_can_be_printed(
    payload: bytes,
    shown: str,
    option: tuple[str, ...],
) -> None:
    push = Push(
        message_id=UniqueId.from_random(bytes(16)),
        token=TOKEN,
        topic=Topic(TOPIC),
        payload=payload,
        apns_id=ApnsId.from_random(bytes(16)),
        push_type=PushType.ALERT,
        priority=Priority.IMMEDIATE,
        collapse_id=CollapseId("no UTF-8: \udcff"),
        expires_at=0.0,
        sent_at=0.0,
    )
    file = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    with contextlib.redirect_stdout(file):
        app_._say(parse("app", "--bundle-id", TOPIC, *option), *app_._described(push))
    printed = file.buffer.getvalue().decode()  # type: ignore[attr-defined]
    assert shown in printed
    assert printed.count("\n") == 1


def test_an_app_that_the_device_refuses_says_why(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no device daemon answers"):
        app_.run(parse("app", "--socket", str(tmp_path / "none"), "--bundle-id", TOPIC))
