"""``apnsim clock``: what time it is for a running gateway, and moving it."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apnsim import options, output
from apnsim.client import Apnsim
from apnsim.client.errors import ApnsimError
from apnsim.errors import CannotStartError, CommandError
from apnsim.scenario.times import spoken, typed

if TYPE_CHECKING:
    import argparse

    from apnsim.client.views import Clock

EPILOG = """\
examples:
  apnsim clock                    what time it is there
  apnsim clock advance 2h         moves it; returns when all that was due has happened
  apnsim clock freeze             it stands still …
  apnsim clock resume             … and goes on from there
  apnsim clock rate 60            a minute in a second, until `apnsim clock rate 1`
  apnsim clock reset              the machine's time again

What follows the clock, and what does not: docs/time.md.
"""

_SAY = {
    "advance": "by how much, such as 2h, 61min or 30 days",
    "rate": "how fast, from 0.1 to 1000",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is done to the clock."""
    parser.epilog = EPILOG
    words = ["show", "advance", "freeze", "resume", "rate", "reset"]
    parser.add_argument(
        "what", nargs="?", choices=words, default="show", metavar="WHAT", help=", ".join(words)
    )
    said = "; ".join(f"{word}: {how}" for word, how in _SAY.items())
    parser.add_argument("how", nargs="*", metavar="HOW", help=said)
    parser.add_argument("--json", action="store_true", help="one JSON object, as the API's")
    options.console(parser)


def run(parsed: argparse.Namespace) -> int:
    """Do it, and print how the clock is then."""
    what, how = parsed.what, " ".join(parsed.how)
    amount = _amount(what, how)
    try:
        with Apnsim(parsed.console_url, token=parsed.console_token) as apnsim:
            match what:
                case "advance":
                    clock = apnsim.advance_clock(amount)
                case "rate":
                    clock = apnsim.set_clock(rate=amount)
                case "reset":
                    clock = apnsim.reset_clock()
                case "show":
                    clock = apnsim.clock()
                case _:
                    clock = apnsim.set_clock(frozen=what == "freeze")
    except ApnsimError as error:
        raise CommandError(error.detail) from None
    output.say(json.dumps(asdict(clock)) if parsed.json else _told(clock))
    return 0


def _amount(what: str, how: str) -> float:
    """The number that belongs to the word.

    Raises:
        CannotStartError: there is none, or one too many.
    """
    if (what in _SAY) != bool(how):
        say = f"say {_SAY[what]}" if what in _SAY else f"{how!r} is not expected"
        raise CannotStartError(f"{what}: {say}")
    try:
        if what == "advance":
            return typed(how)
        if not math.isfinite(rate := float(how or 0)):
            raise ValueError  # noqa: TRY301 - told as what is no number at all
        return rate
    except ValueError as error:
        expected = error if what == "advance" else f"expected {_SAY[what]}"
        raise CannotStartError(f"{what} {how}: {expected}") from None


def _told(clock: Clock) -> str:
    said = [datetime.fromtimestamp(clock.now, UTC).isoformat(" ", "seconds")]
    if abs(clock.ahead_seconds) >= 1:
        way = "ahead of" if clock.ahead_seconds > 0 else "behind"
        said.append(f"{spoken(abs(clock.ahead_seconds))} {way} this machine's clock")
    if clock.rate != 1:
        said.append(f"rate {clock.rate:g}")
    if clock.frozen:
        said.append("frozen")
    return ", ".join(said)
