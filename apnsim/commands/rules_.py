"""``apnsim rules``: list, add, remove the fault rules of a running gateway."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from apnsim import options, output
from apnsim.client import Apnsim, ApnsimError
from apnsim.client.rules import Rule
from apnsim.errors import CannotStartError, CommandError
from gateway.faults.words import RuleError, from_words, to_words
from protocol.plain import json_of

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim rules add answer status=503 times=2 match.topic=com.example.app
  apnsim rules add goaway reason=Shutdown match.nth_on_connection=3
  apnsim rules add tls how=expired
  apnsim rules add '{"action": [{"type": "answer", "status": 503}, {"type": "pass"}]}'
  apnsim rules list              what there is, how often it struck; or why not
  apnsim rules remove 1
  apnsim rules clear

docs/faults.md has every action and what real clients make of it. From the start on:
`apnsim serve --rule 'WORDS'`, or [[rule]] in the file of --config.
"""

# What a rule has unless it says otherwise.
_SILENT = {"times": None, "probability": 1, "after": 0, "priority": 0, "seed": None}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of ``apnsim rules``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="what", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="show them, in the order in which they are asked")
    listing.add_argument("--json", action="store_true", help="as GET /api/v1/rules")
    listing.set_defaults(act=_list)
    add = actions.add_parser("add", help="make one: TYPE NAME=VALUE …, or its JSON")
    add.add_argument(
        "words",
        nargs="+",
        type=options.text,
        metavar="WORD",
        help="answer status=503 times=2 match.topic=com.example.app, also in quotes, or JSON: as"
        " after --rule of apnsim serve; docs/faults.md has every TYPE and NAME",
    )
    add.set_defaults(act=_add)
    remove = actions.add_parser("remove", help="end some of them")
    remove.add_argument(
        "ids", nargs="+", type=options.text, metavar="ID", help="as `list` names it"
    )
    remove.set_defaults(act=_remove)
    clear = actions.add_parser("clear", help="end all of them")
    clear.set_defaults(act=lambda apnsim, _: apnsim.rules.clear())
    for action in (listing, add, remove, clear):
        options.console(action)


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked."""
    try:
        with Apnsim(parsed.console_url, token=parsed.console_token) as apnsim:
            parsed.act(apnsim, parsed)
    except ApnsimError as error:
        raise CommandError(error.detail) from None
    return 0


def _list(apnsim: Apnsim, parsed: argparse.Namespace) -> None:
    if parsed.json:
        output.say(json.dumps(apnsim.call("GET", "rules"), indent=2))
        return
    for rule in apnsim.rules:
        output.say(f"{rule.id}  {_written(rule)}\n    {_fared(rule)}")


def _add(apnsim: Apnsim, parsed: argparse.Namespace) -> None:
    [first, *more] = parsed.words
    try:
        if first.startswith("{"):
            body = json_of(first)
        else:  # a single word may be all of them in quotes, as after `serve --rule`
            body = from_words(parsed.words if more else first.split())
    except RuleError as error:
        raise CannotStartError(str(error)) from None
    except ValueError as error:
        raise CannotStartError(f"not JSON: {error}") from None
    rule = Rule(apnsim, apnsim.call("POST", "rules", body=body))
    output.say(f"{rule.id}  {_written(rule)}")


def _remove(apnsim: Apnsim, parsed: argparse.Namespace) -> None:
    for rule_id in parsed.ids:
        apnsim.rules.get(rule_id).delete()


def _written(rule: Rule) -> str:
    """As `add` takes it."""
    told: dict[str, Any] = {"action": rule.action, "match": rule.match}
    told |= {name: value for name, value in rule.limits.items() if value != _SILENT[name]}
    return shlex.join(to_words(told))


def _fared(rule: Rule) -> str:
    if not rule.seen and not rule.missed:
        return "nothing has come yet that it could be for"
    told = f"struck {rule.hits} of the {rule.seen} that it was for" + ", spent" * rule.spent
    return told + f"; not for the last one: {rule.missed}" * bool(rule.missed)
