from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from apnsim import cli
from gateway import configuration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.apnsim.conftest import Outcome

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ACTIONS = [
    ("keys", action) for action in ("list", "make", "add", "remove", "token")
] + [("certs", action) for action in ("ca", "device", "server")]  # fmt: skip


def test_the_first_help_names_every_command_and_the_first_steps(
    apnsim: Callable[..., Outcome],
) -> None:
    outcome = apnsim("--help")
    assert outcome.code == 0
    for command, about in cli.COMMANDS.items():
        assert re.search(rf"^    {command}\s+{re.escape(about[:40])}", outcome.out, re.MULTILINE)
    assert "first steps:" in outcome.out
    assert "exit codes: 0 done, 1 it failed, 2 bad usage or it cannot start" in outcome.out


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_the_help_of_each_command_teaches_by_example(
    apnsim: Callable[..., Outcome], command: str
) -> None:
    outcome = apnsim(command, "--help")
    assert outcome.code == 0
    assert f"examples:\n  apnsim {command}" in outcome.out
    assert not outcome.err


@pytest.mark.parametrize(("command", "action"), ACTIONS)
def test_the_help_of_each_action_says_where_the_files_are(
    apnsim: Callable[..., Outcome], command: str, action: str
) -> None:
    outcome = apnsim(command, action, "--help")
    assert outcome.code == 0
    assert "--data-dir DIR" in outcome.out


@pytest.mark.parametrize("command", ["serve", "demo", "exec"])
def test_every_setting_is_an_option_with_its_meaning_and_its_default(
    apnsim: Callable[..., Outcome], command: str
) -> None:
    text = " ".join(apnsim(command, "--help").out.split())
    for option in configuration.options():
        assert option.flag in text
        assert option.about.split(";")[0] in text.replace("- ", "-")
    assert "port of the provider API; may be given several times" in text
    assert "--provider-port PORT" in text
    assert "--manage-port-development PORT" in text
    assert "(default: 2197)" in text
    assert "--auth {strict,lenient}" in text
    assert "(default: strict)" in text
    assert "--drain-seconds SECONDS" in text
    assert "--streams N" in text
    assert "(default: 3600)" in text


def commands_in(text: str) -> Iterator[list[str]]:
    """Every ``apnsim …`` at the beginning of a line, or between backquotes."""
    for line in re.findall(r"^ {0,2}apnsim [a-z].*$|`apnsim [a-z][^`]*`", text, re.MULTILINE):
        command = re.split(r"\s{3,}|\s#|\s\(", line.strip().strip("`"))[0]
        yield shlex.split(command)[1:]


def documented() -> Iterator[list[str]]:
    yield from commands_in(README)
    yield from commands_in((ROOT / "docs" / "unmodifiable-clients.md").read_text())
    yield from commands_in(cli.EPILOG)
    for command in cli.COMMANDS:
        module = __import__(f"apnsim.commands.{command}_", fromlist=["EPILOG"])
        yield from commands_in(module.EPILOG)


@pytest.mark.parametrize("arguments", list(documented()), ids=" ".join)
def test_every_command_in_the_readme_and_in_the_help_can_be_given_like_that(
    arguments: list[str],
) -> None:
    parsed = cli._parser(arguments[:1]).parse_args(arguments)
    assert callable(parsed.run)


def test_commands_are_found_in_the_documentation() -> None:
    found = {arguments[0] for arguments in documented()}
    assert found == set(cli.COMMANDS)


def test_what_the_readme_says_of_variables_is_true() -> None:
    for variable in re.findall(r"APNSIM_[A-Z_]+", README):
        known = {option.variable for option in configuration.options()}
        by_exec = {"APNSIM_PROVIDER_URL", "APNSIM_MANAGE_URL", "APNSIM_CA_FILE"}
        assert variable in known | by_exec | {"APNSIM_"}


def test_the_version_is_that_of_the_distribution(apnsim: Callable[..., Outcome]) -> None:
    outcome = apnsim("--version")
    assert (outcome.code, outcome.out) == (0, "apnsim 0.1.0\n")


def test_python_m_apnsim_is_apnsim() -> None:
    command = [sys.executable, "-m", "apnsim", "--version"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (finished.returncode, finished.stdout, finished.stderr) == (0, "apnsim 0.1.0\n", "")


def test_a_reader_that_leaves_early_is_no_error_of_ours(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        finished = subprocess.run(
            [sys.executable, "-m", "apnsim", "keys", "make", "--data-dir", str(tmp_path)],
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (finished.returncode, finished.stderr) == (1, b"")


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_stream_that_is_closed_is_no_error_of_ours(closed: str, tmp_path: Path) -> None:
    words = shlex.join(
        [sys.executable, "-m", "apnsim", "keys", "make", "--data-dir", str(tmp_path)]
    )
    finished = subprocess.run(
        ["sh", "-c", f"{words} {closed}"], stderr=subprocess.PIPE, check=False
    )
    assert (finished.returncode, finished.stderr) == (0, b"")


_PORTS = ("provider", "courier", "console", "manage-port-development", "manage-port-production")
_ON_FREE_PORTS = " ".join(f"--{name}{'' if 'port' in name else '-port'} 0" for name in _PORTS)


@pytest.mark.parametrize("is_buffered", [True, False])
@pytest.mark.parametrize(
    "command",
    [
        "scenario --list",
        "lint --rules",
        "keys make",
        "certs ca",
        f"demo --store memory {_ON_FREE_PORTS}",  # prints from within a nursery
    ],
)
def test_what_standard_output_does_not_take_is_one_line(
    command: str, *, is_buffered: bool, tmp_path: Path
) -> None:
    environment = {**os.environ, "PYTHONUNBUFFERED": "" if is_buffered else "1"}
    with Path("/dev/full").open("wb") as full:
        finished = subprocess.run(
            [sys.executable, "-m", "apnsim", *command.split()],
            env={**environment, "APNSIM_DATA_DIR": str(tmp_path)},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    [line] = finished.stderr.splitlines()
    name = command.split()[0]
    assert (finished.returncode, line) == (
        1,
        f"apnsim {name}: standard output: No space left on device",
    )


@pytest.mark.parametrize(
    ("command", "unneeded"),
    [
        ("lint --rules", {"trio", "httpx", "gateway.serve", "importlib.metadata"}),
        ("scenario --list", {"httpcore", "gateway.serve", "devicesim.host.device_host"}),
        ("app --help", {"httpx", "gateway.serve", "devicesim.program"}),
        ("power --help", {"httpx", "gateway.serve", "devicesim.program"}),
        ("device --help", {"gateway.serve", "apnsim.watch"}),
        ("rules --help", {"pydantic", "cryptography", "trio"}),
        # What a gateway needs once it is sent something, told to look back, or asked for figures.
        ("serve --help", {"httpcore", "apnsim.snapshot.reading", "prometheus_client"}),
        ("serve --help", {"trio.testing", "pytest"}),
    ],
)
def test_a_command_loads_no_more_than_it_needs(command: str, unneeded: set[str]) -> None:
    program = (
        "import sys; from apnsim.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    finished = subprocess.run(
        [sys.executable, "-c", program, *command.split()],
        capture_output=True,
        text=True,
        check=True,
    )
    assert unneeded.isdisjoint(finished.stderr.split())
