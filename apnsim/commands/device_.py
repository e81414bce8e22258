"""``apnsim device``: a device daemon (apsd) in a process of its own."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import trio

from apnsim import logs, options
from apnsim.apsd_log import HEADER, ApsdFormatter
from apnsim.errors import CannotStartError, told_as
from apnsim.signals import cancel_on_signal
from certs.files import CredentialError
from devicesim.activation import ActivationError
from devicesim.local_socket.unix import LocalSocketError
from devicesim.program import DeviceSettings, run_device
from devicesim.state.files import StateError
from protocol.identifiers import DeviceId, InvalidIdentifierError
from protocol.notification import Environment

EPILOG = """\
examples:
  apnsim device                                     its state and socket in .apnsim-device
  apnsim device --state-dir phone1 --name "Anna's phone"
  apnsim app --socket phone1/apps.sock --bundle-id com.example.app
  apnsim device --watch                             its lock screen, link and log, live
  apnsim device --watch --of device-0123456789ab    a virtual device of a running gateway

The first start asks the gateway's control API for a certificate (the key never leaves the
device). The device keeps its identity, apps, tokens and undelivered pushes in its folder.
"""

MAX_PORT = 65535
MAX_INTERVAL_SECONDS = 24 * 3600.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who the device is and where its gateway."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", default=options.STATE_DIR, help="its folder"
    )
    parser.add_argument(
        "--socket", type=Path, metavar="FILE", help=f"where apps attach (DIR/{options.SOCKET_NAME})"
    )
    parser.add_argument("--name", default="iPhone", help="what a new device is called")
    parser.add_argument(
        "--device-id", type=_device_id, metavar="ID", help="id of a new device (default: drawn)"
    )
    parser.add_argument(
        "--environment", choices=[*map(str, Environment)], default=Environment.DEVELOPMENT
    )
    parser.add_argument(
        "--courier", type=_address, metavar="HOST:PORT", help="(default: as the gateway says)"
    )
    parser.add_argument(
        "--keep-alive-seconds",
        type=_interval,
        metavar="SECONDS",
        help="between two keep-alives (default: as long as the network bears, from 10 minutes on)",
    )
    parser.add_argument(
        "--watch", action="store_true", help="show the phone in the terminal instead of its log"
    )
    parser.add_argument(
        "--of",
        metavar="DEVICE_ID",
        help="with --watch: show this virtual device of a running gateway",
    )
    parser.add_argument(
        "--log-format",
        choices=("text", "json", "apsd"),
        default="text",
        help="apsd: in the columns of macOS's `log stream`",
    )
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info"
    )
    options.console(parser)


def run(parsed: argparse.Namespace) -> int:
    """Be a device until SIGINT or SIGTERM."""
    if parsed.of is not None:
        return _watch_other(parsed)
    with told_as(CannotStartError, ActivationError, StateError, CredentialError, LocalSocketError):
        if parsed.watch:
            _watch_own(parsed)
        else:
            _set_up_log(parsed)
            trio.run(_run, settings_of(parsed))
    return 0


def _watch_other(parsed: argparse.Namespace) -> int:
    from apnsim.watch.command import watch_other

    if not parsed.watch:
        raise CannotStartError("--of names whom to --watch: give both")
    watch_other(parsed.console_url, parsed.console_token, parsed.of)
    return 0


def _watch_own(parsed: argparse.Namespace) -> None:
    from apnsim.watch.command import watch_own

    watch_own(settings_of(parsed), parsed.log_level)


def _set_up_log(parsed: argparse.Namespace) -> None:
    if parsed.log_format == "apsd":
        sys.stderr.write(f"{HEADER}\n")
        logs.to_stderr(ApsdFormatter(), parsed.log_level)
    else:
        logs.set_up(parsed.log_format, parsed.log_level)


def settings_of(parsed: argparse.Namespace) -> DeviceSettings:
    """What the command line says of the device."""
    return DeviceSettings(
        parsed.state_dir,
        parsed.socket or parsed.state_dir / options.SOCKET_NAME,
        parsed.console_url,
        parsed.name,
        parsed.device_id,
        Environment(parsed.environment),
        parsed.courier,
        parsed.keep_alive_seconds,
        parsed.console_token,
    )


async def _run(settings: DeviceSettings) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(cancel_on_signal, nursery.cancel_scope)
        await nursery.start(run_device, settings)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= MAX_PORT:
        raise argparse.ArgumentTypeError(f"expected HOST:PORT, not {text!r}")
    return host.strip("[]"), int(port)


def _device_id(text: str) -> DeviceId:
    try:
        return DeviceId.parse(text)
    except InvalidIdentifierError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _interval(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 1.0 <= seconds <= MAX_INTERVAL_SECONDS:
        expected = f"expected 1 to {MAX_INTERVAL_SECONDS:g} seconds"
        raise argparse.ArgumentTypeError(f"{expected}, not {text!r}")
    return seconds
