"""``apnsim forward simctl``, proven by an ``xcrun`` that writes down what it is given."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import trio

from apnsim import simctl
from apnsim.client.views import Notification, read
from gateway.console.rendering import to_json
from gateway.console.views import push_view
from gateway.records import State
from protocol.identifiers import Topic
from protocol.notification import PushType
from tests.builders import PAYLOAD
from tests.e2e.world import until
from tests.gateway.console.consoles import Console

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.apnsim.conftest import Outcome

# Each run becomes a line: its arguments and what it read, as JSON.
XCRUN = """#!{python} -IS
import json, sys
body = sys.stdin.read()
with open({log!r}, "a") as log:
    print(json.dumps([sys.argv[1:], body]), file=log)
if "broken" in body:
    print("An error was encountered", file=sys.stderr)
    sys.exit("No devices are booted.")
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """What the stand-in on PATH was given."""
    log = tmp_path / "xcrun.log"
    program = tmp_path / "bin" / "xcrun"
    program.parent.mkdir()
    program.write_text(XCRUN.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    return lambda: [json.loads(line) for line in log.read_text().splitlines()]


def told(console: Console, number: int = 1, **changes: object) -> Notification:
    """A push as the client has it."""
    console.accept(number, State.PRESENTED, **changes)
    record = list(console.journal.records())[-1]
    return read(Notification, json.loads(to_json(push_view(record))))


def test_the_command_is_xcodes_and_the_payload_the_providers() -> None:
    made = simctl.simulator_push(told(Console()), "booted")
    assert made.command == ("xcrun", "simctl", "push", "booted", "com.example.app", "-")
    assert made.payload == PAYLOAD


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"push_type": PushType.VOIP}, "alerts only, not voip"),
        ({"push_type": PushType.BACKGROUND}, "alerts only, not background"),
        ({"payload": b"[]"}, "payloads with an aps dictionary only"),
        ({"payload": b'{"a":1}'}, "payloads with an aps dictionary only"),
        ({"payload": b'{"aps":{},"x":"%s"}' % (b"x" * 4090)}, "4096 bytes, not 4107"),
        ({"topic": Topic("-x.y")}, "would take -x.y for an option"),
    ],
)
def test_what_the_simulator_does_not_take_is_said(changes: dict[str, object], why: str) -> None:
    with pytest.raises(simctl.NotForSimulatorError, match=why):
        simctl.simulator_push(told(Console(), **changes), "booted")


def test_text_that_has_no_utf_8_stays_the_escape_that_it_was() -> None:
    push = replace(told(Console()), payload={"aps": {"alert": "\ud83d é"}})
    assert simctl.simulator_push(push, "x").payload == b'{"aps":{"alert":"\\ud83d \\u00e9"}}'


async def forwarded(
    apnsim: Callable[..., Outcome],
    console: Console,
    happens: Callable[[], None],
    *arguments: str,
    then: Callable[[], Awaitable[None]] | None = None,
) -> Outcome:
    """How the command ends that follows this console while something happens."""
    outcome: list[Outcome] = []

    def run(url: str) -> None:
        outcome.append(apnsim("forward", "simctl", "--console-url", url, *arguments))

    async with console.served() as url, trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, run, url)
        await until(lambda: bool(console.journal.viewers))
        happens()
        if then is not None:
            await then()
    return outcome[0]


def four_pushes(console: Console) -> None:
    console.accept(1, State.DELIVERED, State.PRESENTED)
    console.accept(2, State.DELIVERED, State.PRESENTED, push_type=PushType.BACKGROUND)
    console.accept(3, State.DELIVERED, State.NOT_PRESENTED)
    console.accept(4, State.DELIVERED, State.PRESENTED, topic=Topic("com.example.other"))


async def test_each_alert_that_is_presented_is_sent_once(
    apnsim: Callable[..., Outcome], runs: Callable[[], list[Any]]
) -> None:
    console = Console()
    arguments = ("--device", "iPhone 17", "--count", "2")
    outcome = await forwarded(apnsim, console, lambda: four_pushes(console), *arguments)
    assert outcome.code == 0, outcome.err
    assert runs() == [
        [["simctl", "push", "iPhone 17", "com.example.app", "-"], PAYLOAD.decode()],
        [["simctl", "push", "iPhone 17", "com.example.other", "-"], PAYLOAD.decode()],
    ]
    assert "skipped: the simulator takes alerts only, not background" in outcome.err
    assert outcome.out.count("sent to iPhone 17") == 2


async def test_only_pushes_to_the_app_are_sent_if_one_is_named(
    apnsim: Callable[..., Outcome], runs: Callable[[], list[Any]]
) -> None:
    console = Console()
    arguments = ("--bundle-id", "com.example.other", "--count", "1")
    outcome = await forwarded(apnsim, console, lambda: four_pushes(console), *arguments)
    assert outcome.code == 0
    assert [run[0][3] for run in runs()] == ["com.example.other"]


async def test_what_simctl_says_is_told_and_the_exit_code_is_1(
    apnsim: Callable[..., Outcome], runs: Callable[[], list[Any]]
) -> None:
    console = Console()

    def happens() -> None:
        console.accept(1, State.PRESENTED, payload=b'{"aps":{"alert":"broken"}}')

    outcome = await forwarded(apnsim, console, happens, "--count", "1")
    assert outcome.code == 1
    assert "not sent: No devices are booted." in outcome.err
    assert len(runs()) == 1


async def test_who_was_too_slow_looks_up_what_was_missed(
    apnsim: Callable[..., Outcome], runs: Callable[[], list[Any]]
) -> None:
    console = Console(viewer_capacity=2)

    def happens() -> None:
        for number in range(1, 9):  # at once: more than the viewer's queue holds
            console.accept(number, State.DELIVERED, State.PRESENTED)

    async def then() -> None:
        await until(lambda: bool(console.journal.viewers.dropped))
        await until(lambda: bool(console.journal.viewers))  # it follows again
        console.accept(9, State.PRESENTED)

    outcome = await forwarded(apnsim, console, happens, "--count", "9", then=then)
    assert outcome.code == 0
    assert len(runs()) == 9


async def test_it_ends_with_the_gateway(
    apnsim: Callable[..., Outcome], runs: Callable[[], list[Any]]
) -> None:
    del runs
    console = Console()
    outcome = await forwarded(apnsim, console, console.parts.closing.set)
    assert (outcome.code, outcome.err) == (0, "")


def test_an_xcrun_that_hangs_or_cannot_be_run_has_failed(
    runs: Callable[[], list[Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    del runs
    made = simctl.simulator_push(told(Console()), "booted")
    (tmp_path / "bin" / "xcrun").write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr(simctl, "RUN_SECONDS", 0.1)
    monkeypatch.setenv("PATH", "/bin:/usr/bin", prepend=":")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=":")
    with pytest.raises(simctl.SimulatorError, match=r"no end within 0\.1 s"):
        simctl.run(made)
    (tmp_path / "bin" / "xcrun").chmod(0o644)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(simctl.SimulatorError, match="xcrun: Permission denied"):
        simctl.run(made)
    (tmp_path / "bin" / "xcrun").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "bin" / "xcrun").chmod(0o755)
    with pytest.raises(simctl.SimulatorError, match="exit code 7"):
        simctl.run(made)


def test_without_xcrun_it_is_one_line_and_code_2(
    apnsim: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = apnsim("forward", "simctl")
    assert outcome.code == 2
    assert outcome.error.startswith("apnsim forward: there is no xcrun: simulators run on a Mac")


def test_a_device_that_would_be_an_option_is_bad_usage(apnsim: Callable[..., Outcome]) -> None:
    assert apnsim("forward", "simctl", "--device=-x").code == 2


def test_a_gateway_that_is_not_there_is_one_line(
    apnsim: Callable[..., Outcome], runs: Callable[[], list[Any]]
) -> None:
    del runs
    outcome = apnsim("forward", "simctl", "--console-url", "http://127.0.0.1:9")
    assert (outcome.code, "no gateway answers" in outcome.error) == (1, True)
