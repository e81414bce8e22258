"""``apnsim exec -- COMMAND``: a gateway on free ports for as long as the command runs."""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import signal
import tempfile
from typing import TYPE_CHECKING, Any

import trio

from apnsim import options, serve
from apnsim.errors import CannotStartError
from apnsim.signals import that_end
from gateway.ports import url_host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

EPILOG = """\
examples:
  apnsim exec -- pytest
  apnsim exec --auth lenient -- npm test

COMMAND finds the gateway in APNSIM_PROVIDER_URL, APNSIM_MANAGE_URL (broadcast channels),
APNSIM_CONSOLE_URL, APNSIM_CA_FILE, APNSIM_KEY_FILE, APNSIM_KEY_ID, APNSIM_TEAM_ID and
APNSIM_COURIER, and where they are set in APNSIM_PROXY_URL (--proxy-port 0) and
APNSIM_CONSOLE_TOKEN. The gateway lives in a temporary directory unless --data-dir is
given, and ends with COMMAND, whose exit status becomes that of apnsim.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the gateway, then the command."""
    parser.epilog = EPILOG
    options.gateway_settings(parser)
    parser.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- COMMAND ...")


def run(parsed: argparse.Namespace) -> int:
    """Start the gateway, run the command, stop the gateway; the command's exit status."""
    argv = parsed.argv[1:] if parsed.argv[:1] == ["--"] else parsed.argv
    if not argv:
        raise CannotStartError("no command: apnsim exec [options] -- COMMAND …")
    if shutil.which(argv[0]) is None:
        raise CannotStartError(f"{argv[0]}: no such command")
    with tempfile.TemporaryDirectory(prefix="apnsim-") as directory:
        defaults: dict[str, Any] = {
            "provider_port": ["0"],
            "manage_port_development": "0",
            "manage_port_production": "0",
            "courier_port": "0",
            "console_port": "0",
            "data_dir": directory,
            "log_level": "warning",
        }
        settings = options.read_settings(parsed, defaults)
        outcome: list[int] = []
        serve.run(settings, functools.partial(_run_command, argv, outcome))
        return outcome[0] if outcome else 1


async def _run_command(argv: list[str], outcome: list[int], running: serve.Running) -> None:
    environment = {**os.environ, **variables(running)}
    start = functools.partial(trio.run_process, argv, env=environment, check=False, stdin=None)
    with trio.open_signal_receiver(*that_end()) as signals:
        async with trio.open_nursery() as nursery:
            process = await nursery.start(start)
            nursery.start_soon(_pass_on, signals, process)
            code = await process.wait()
            nursery.cancel_scope.cancel()
    outcome.append(code if code >= 0 else 128 - code)
    running.stop()


async def _pass_on(signals: AsyncIterator[int], process: trio.Process) -> None:
    """The command decides what a signal means; the gateway is there until it has ended."""
    async for number in signals:
        # Ctrl-C has reached it already, being in the terminal's foreground group.
        if number != signal.SIGINT:
            process.send_signal(number)


def variables(running: serve.Running) -> dict[str, str]:
    """What the command finds in its environment about the gateway."""
    registered = running.signing_key()
    info, settings = running.info(), running.gateway.settings
    optional = {
        "APNSIM_PROXY_URL": info["proxy_url"],
        "APNSIM_CONSOLE_TOKEN": settings.console_token,
    }
    manage_port = info["manage_ports"][settings.environment]
    return {
        "APNSIM_PROVIDER_URL": info["provider_url"],
        "APNSIM_MANAGE_URL": f"https://{url_host(settings.host)}:{manage_port}",
        "APNSIM_CONSOLE_URL": info["console_url"],
        "APNSIM_CA_FILE": info["ca_file"],
        "APNSIM_KEY_FILE": str(registered.key_file),
        "APNSIM_KEY_ID": registered.key.key_id,
        "APNSIM_TEAM_ID": registered.key.team_id,
        "APNSIM_COURIER": info["courier"],
        **{name: value for name, value in optional.items() if value},
    }
