"""``apnsim doctor``: looks at machine, data directory and gateway, and says what to do."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

from apnsim import options, output
from apnsim.client import Apnsim
from apnsim.doctor.directory import signs_of_directory
from apnsim.doctor.gateway import signs_of_gateway
from apnsim.doctor.machine import signs_of_environment, signs_of_machine
from apnsim.doctor.sign import Health, in_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from apnsim.doctor.sign import Sign

EPILOG = """\
examples:
  apnsim doctor
  apnsim doctor --json
  apnsim doctor --data-dir /srv/apnsim --console-url http://127.0.0.1:2198

It changes nothing. A running gateway is tried as its clients would try it, with one push to a
token that nobody has. Exit codes: 0 nothing fails, 1 something does.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to look."""
    parser.epilog = EPILOG
    options.data_dir(parser)
    options.console(parser)
    parser.add_argument("--json", action="store_true", help="a JSON list")


def run(parsed: argparse.Namespace) -> int:
    """Look, and tell; 1 if something fails."""
    signs = list(_look(parsed))
    if parsed.json:
        output.say(json.dumps([asdict(sign) for sign in signs], indent=1))
    else:
        output.say_all(in_text(signs, output.Pen(output.wants_colour())))
    return int(any(sign.health is Health.FAILURE for sign in signs))


def _look(parsed: argparse.Namespace) -> Iterator[Sign]:
    yield from signs_of_machine()
    yield from signs_of_environment(os.environ)
    yield from signs_of_directory(parsed.data_dir)
    with Apnsim(parsed.console_url, token=parsed.console_token, timeout=5) as apnsim:
        yield from signs_of_gateway(apnsim, parsed.console_url, os.environ)
