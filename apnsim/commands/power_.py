"""``apnsim power``: lock, unlock or wake a device that runs in a process of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import trio

from apnsim import options, output
from apnsim.errors import CommandError, told_as
from devicesim.local_socket.app_connection import AppConnectionError
from devicesim.local_socket.power import tell_power
from devicesim.power import Power, WakeReason

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim power                    how it is
  apnsim power locked             nobody uses it: what can wait is held for it
  apnsim power cellular-call      wakes it for half a minute; if it gave up, it reconnects
  apnsim power awake              its user unlocks it

Devices of `apnsim serve` are changed by its control API: PATCH and POST …/wake.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What happens to which device."""
    parser.epilog = EPILOG
    words = [*map(str, Power), *map(str, WakeReason)]
    parser.add_argument("what", nargs="?", choices=words, metavar="WHAT", help=", ".join(words))
    options.device_socket(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object")


def run(parsed: argparse.Namespace) -> int:
    """Do it, and print how the device is then."""
    changes = {}
    if parsed.what is not None:
        changes["power" if parsed.what in list(Power) else "wake"] = str(parsed.what)
    with told_as(CommandError, AppConnectionError):
        told = trio.run(lambda: tell_power(parsed.socket, **changes))
    del told["say"]
    if parsed.json:
        output.say(json.dumps(told))
    else:
        link = "online" if told["online"] else "without a link"
        output.say(f"{told['power']}, assertion policy {told['assertion_policy']}, {link}")
    return 0
