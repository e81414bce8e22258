"""``apnsim scenario``: play a timeline against a gateway and phones, on virtual time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apnsim import output
from apnsim.errors import CannotStartError
from apnsim.scenario import library, plan, report
from apnsim.scenario.folding import folded
from apnsim.scenario.steps import VERBS
from apnsim.toml.source import BadFileError

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim scenario --list
  apnsim scenario voip-dead-zone                    one that is shipped, by name
  apnsim scenario --show voip-dead-zone             its text: save it, change it
  apnsim scenario mine.toml                         your own
  apnsim scenario mine.toml --quiet                 the verdict alone
  apnsim scenario --keys                            what can stand in such a file

exit codes: 0 everything came as expected, 1 it did not, 2 the file cannot be used
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which one, and what to print."""
    parser.epilog = EPILOG
    parser.add_argument(
        "scenario", nargs="?", metavar="FILE", help="a TOML file, or the name of a shipped one"
    )
    amount = parser.add_mutually_exclusive_group()
    amount.add_argument("--quiet", action="store_true", help="print the verdict, not the log")
    amount.add_argument(
        "--verbose",
        action="store_true",
        help="log keep-alives and repetitions, too",
    )
    about = parser.add_mutually_exclusive_group()
    about.add_argument("--list", action="store_true", help="the scenarios that are shipped")
    about.add_argument("--show", metavar="NAME", help="print a shipped one")
    about.add_argument("--keys", action="store_true", help="every key of such a file")


def run(parsed: argparse.Namespace) -> int:
    """Play it; 0 when everything came as expected, 1 when not."""
    if parsed.list:
        return _list()
    if parsed.keys:
        return _keys()
    if parsed.show:
        output.say(library.read(parsed.show)[1].rstrip())
        return 0
    if not parsed.scenario:
        raise CannotStartError("which scenario? give a file or a name; see apnsim scenario --list")
    level = logging.DEBUG if parsed.verbose else logging.INFO
    return _play(_load(parsed.scenario), level, is_quiet=parsed.quiet)


def _load(wanted: str) -> plan.Scenario:
    try:
        return plan.load(*library.read(wanted))
    except BadFileError as error:
        if len(error.faults) == 1:
            raise CannotStartError(str(error)) from None
        faults = map(str, error.faults)
        raise CannotStartError(
            "\n  ".join([f"{len(error.faults)} things in {wanted} cannot be:", *faults])
        ) from None


def _play(scenario: plan.Scenario, level: int, *, is_quiet: bool) -> int:
    from apnsim.scenario import player  # the gateway itself, which --list and --keys do without

    pen = output.Pen(output.wants_colour())
    outcome = player.play(scenario, level)
    if not is_quiet:
        output.say_all(report.opening(scenario, pen))
        lines = outcome.lines if level < logging.INFO else folded(outcome.lines)
        output.say_all(report.log_line(line, scenario, pen) for line in lines)
        output.say("")
    output.say_all(report.verdict(scenario, outcome, pen))
    return 0 if outcome.is_met else 1


def _list() -> int:
    width = max(map(len, library.names()))
    for name in library.names():
        output.say(f"{name:{width}}  {plan.load(*library.read(name)).title}")
    return 0


def _keys() -> int:
    output.say_all(report.keys(plan.TABLES, VERBS))
    return 0
