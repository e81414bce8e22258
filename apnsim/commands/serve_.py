"""``apnsim serve``: the gateway and its virtual devices, until it is told to stop."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import trio

from apnsim import options, serve

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim serve                                    everything in .apnsim, on the usual ports
  apnsim serve --config apnsim.toml --log-format json
  apnsim serve --provider-port 2197 --provider-port 443 --san gateway.test
  apnsim serve --store memory --provider-port 0 --ready-file ready.json    for scripts
  apnsim serve --until-eof --ready-file ready.json    for programs: gone when they are, also killed

Every option is also a key of the TOML file (provider_port = 2197) and an environment
variable (APNSIM_PROVIDER_PORT). The command line wins over the environment, the
environment over the file. Ctrl-C, SIGTERM or a closed terminal drains and exits 0.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The settings of the gateway, and what to end with."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--until-eof",
        action="store_true",
        help="end when standard input does: with the program at the pipe's other end, however that"
        " program ends",
    )
    options.gateway_settings(parser)


def run(parsed: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM, or until standard input ends."""
    beside = _stop_at_eof if parsed.until_eof else None
    serve.run(options.read_settings(parsed), beside)
    return 0


async def _stop_at_eof(running: serve.Running) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_read_to_the_end, running)
        await running.stopping()
        nursery.cancel_scope.cancel()


async def _read_to_the_end(running: serve.Running) -> None:
    # In a thread, abandoned if the gateway ends first: standard input may be what no poll() knows.
    # With a limiter of its own: whoever waits until no thread is at work does not mean this one.
    limiter = trio.CapacityLimiter(1)
    while await trio.to_thread.run_sync(_read_some, abandon_on_cancel=True, limiter=limiter):
        pass
    running.stop()


def _read_some() -> bytes:
    # Not by way of sys.stdin, whose lock the abandoned thread would keep to itself.
    return os.read(sys.__stdin__.fileno(), 4096) if sys.__stdin__ else b""
