"""``apnsim fleet``: a crowd of phones in a process of its own, for a gateway that runs."""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import trio

from apnsim import fleet_file, open_files, options, output
from apnsim.client import Apnsim, ApnsimError
from apnsim.errors import CannotStartError, CommandError, told_as
from apnsim.fleet_report import GatewayTime, Report, tokens_as_text
from apnsim.scenario.times import typed
from apnsim.signals import cancel_on_signal
from apnsim.toml.keys import keys_of_tables
from apnsim.toml.source import BadFileError
from certs.files import PUBLIC_MODE, CredentialError, write_credential
from devicesim.fleet.dials import activating_dials
from devicesim.fleet.fleet import Fleet

if TYPE_CHECKING:
    from devicesim.fleet.spec import FleetSpec

EPILOG = """\
examples:
  apnsim fleet --devices 1000 --tokens tokens.jsonl     their device tokens, for your backend
  apnsim fleet --app com.example.chat --away 0.2 --ramp "30 s"
  apnsim fleet crowd.toml --for "10 min" --json
  apnsim fleet --keys                                   every key of such a file

crowd.toml:
  devices = 1000
  away = 0.2                    # a fifth is away, each for two minutes on average
  away_for = "2 min"
  locked = 0.5
  [[app]]
  bundle_id = "com.example.chat"
  uninstalled = 0.05            # one in twenty tokens answers 410

The same file (name, seed) makes the same phones, with the tokens they had before. Exit codes:
0 done, 1 some phones got no tokens, 2 the file or the gateway cannot be used.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What the fleet is like, and what to tell of it."""
    parser.epilog = EPILOG
    parser.add_argument("file", nargs="?", type=Path, metavar="FILE", help="TOML; see below")
    parser.add_argument("--devices", type=options.count, metavar="N", help="phones (default: 100)")
    parser.add_argument(
        "--app",
        action="append",
        type=options.bundle_id,
        dest="apps",
        metavar="BUNDLE_ID",
        help="in place of those of the file (default: com.example.app)",
    )
    parser.add_argument("--name", help="their ids begin with it (default: fleet)")
    parser.add_argument("--seed", type=int, metavar="N", help="of all dice (default: 0)")
    parser.add_argument("--ramp", metavar="TIME", help="switch them on over so long")
    parser.add_argument("--away", metavar="SHARE", help="the part that is away, from 0 to 1")
    parser.add_argument("--tokens", type=Path, metavar="FILE", help="write their tokens there")
    parser.add_argument("--for", type=_time, dest="seconds", metavar="TIME", help="then end")
    parser.add_argument("--every", type=_time, default=5.0, metavar="TIME", help="between reports")
    parser.add_argument("--json", action="store_true", help="reports as JSON lines")
    parser.add_argument("--keys", action="store_true", help="print every key of a file, and end")
    options.console(parser)


def run(parsed: argparse.Namespace) -> int:
    """Be a fleet until SIGINT, SIGTERM or the end of ``--for``."""
    if parsed.keys:
        output.say_all(keys_of_tables(fleet_file.TABLES))
        return 0
    spec = _spec_of(parsed)
    open_files.allow_many()
    with Apnsim(parsed.console_url, token=parsed.console_token) as apnsim:
        try:
            gateway_time = GatewayTime(lambda: apnsim.clock().now)
        except ApnsimError as error:
            raise CannotStartError(str(error)) from None
        dials = activating_dials(parsed.console_url, parsed.console_token)
        fleet = Fleet(spec, dials, gateway_time.now)
        told = Report(fleet, spec.devices, as_json=parsed.json)
        trio.run(_run, parsed, fleet, told, gateway_time)
    output.say_all(told.summary())
    if fleet.failed:
        raise CommandError(f"{fleet.failed} of {spec.devices} phones got no tokens")
    return 0


async def _run(
    parsed: argparse.Namespace, fleet: Fleet, told: Report, gateway_time: GatewayTime
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_on_signal, nursery.cancel_scope)
        nursery.start_soon(gateway_time.follow)
        nursery.start_soon(_report, told, parsed.every)
        await nursery.start(fleet.run)
        if parsed.tokens is not None:
            _write(parsed.tokens, tokens_as_text(fleet.tokens))
        output.say_all(told.arrival(parsed.tokens))
        if parsed.seconds is not None:
            nursery.cancel_scope.deadline = trio.current_time() + parsed.seconds


async def _report(told: Report, seconds: float) -> None:
    while True:
        await trio.sleep(seconds)
        output.say(told.line(time.monotonic()))


def _spec_of(parsed: argparse.Namespace) -> FleetSpec:
    names = ("devices", "apps", "name", "seed", "ramp", "away")
    changes = {name: getattr(parsed, name) for name in names if getattr(parsed, name) is not None}
    file: Path | None = parsed.file
    try:
        text = "" if file is None else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        raise CannotStartError(f"{file}: {why}") from None
    try:
        return fleet_file.load("the command line" if file is None else str(file), text, changes)
    except BadFileError as error:
        raise CannotStartError(str(error)) from None


def _write(file: Path, text: str) -> None:
    """Under another name first: whoever sees the file, sees all of it."""
    with told_as(CommandError, CredentialError):
        write_credential(file, text.encode(), mode=PUBLIC_MODE, replace=True)


def _time(text: str) -> float:
    try:
        seconds = typed(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, not {text!r}") from None
    if not seconds > 0:
        raise argparse.ArgumentTypeError(f"expected more than 0 s, not {text!r}")
    return seconds
