"""``apnsim device``: a device daemon (apsd) in a process of its own."""

from __future__ import annotations

import argparse
import signal
from pathlib import Path

import trio

from apnsim import logs, options
from apnsim.errors import CannotStartError
from certs.files import CredentialError
from devicesim.activation import ActivationError
from devicesim.device import DeviceSettings, run_device
from devicesim.files import StateError
from devicesim.unix_listener import LocalSocketError
from protocol.notification import Environment

EPILOG = """\
examples:
  apnsim device                                     its state and socket in .apnsim-device
  apnsim device --state-dir phone1 --name "Anna's phone"
  apnsim app --socket phone1/apps.sock --bundle-id com.example.app

The first start asks the gateway's control API for a certificate (the key never leaves the
device). The device keeps its identity, apps, tokens and undelivered pushes in its folder.
"""

STATE_DIR = ".apnsim-device"
SOCKET_NAME = "apps.sock"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Who the device is and where its gateway."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--state-dir", type=Path, metavar="DIR", default=Path(STATE_DIR), help="its folder"
    )
    parser.add_argument(
        "--socket", type=Path, metavar="FILE", help=f"where apps attach (DIR/{SOCKET_NAME})"
    )
    parser.add_argument("--name", default="iPhone", help="what a new device is called")
    parser.add_argument("--device-id", metavar="ID", help="id of a new device (default: drawn)")
    parser.add_argument("--environment", choices=list(Environment), default=Environment.DEVELOPMENT)
    parser.add_argument(
        "--courier", type=_address, metavar="HOST:PORT", help="(default: as the gateway says)"
    )
    parser.add_argument("--keep-alive-seconds", type=float, metavar="SECONDS", default=600.0)
    parser.add_argument("--log-format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--log-level", choices=("debug", "info", "warning", "error"), default="info"
    )
    options.console_url(parser)


def run(parsed: argparse.Namespace) -> int:
    """Be a device until SIGINT or SIGTERM."""
    logs.set_up(parsed.log_format, parsed.log_level)
    try:
        trio.run(_run, settings_of(parsed))
    except* (ActivationError, StateError, CredentialError, LocalSocketError) as group:
        raise CannotStartError(options.first_line(group)) from None
    return 0


def settings_of(parsed: argparse.Namespace) -> DeviceSettings:
    """What the command line says of the device."""
    return DeviceSettings(
        parsed.state_dir,
        parsed.socket or parsed.state_dir / SOCKET_NAME,
        parsed.console_url,
        parsed.name,
        parsed.device_id,
        Environment(parsed.environment),
        parsed.courier,
        parsed.keep_alive_seconds,
    )


async def _run(settings: DeviceSettings) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_stop_on_signal, nursery.cancel_scope)
        await nursery.start(run_device, settings)


async def _stop_on_signal(scope: trio.CancelScope) -> None:
    with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            scope.cancel()


def _address(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdigit():
        raise argparse.ArgumentTypeError("expected HOST:PORT")
    return host.strip("[]"), int(port)
