"""The ``apnsim`` command: finds the command, runs it, turns its errors into one line."""

from __future__ import annotations

import argparse
import gc
import sys
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

from apnsim import output
from apnsim.errors import CommandError, told_as

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType

COMMANDS = {
    "serve": "run the gateway and its virtual devices",
    "demo": "run the gateway with two demo devices and show what arrives",
    "device": "run a device daemon: one link to the gateway for all its apps",
    "app": "attach an emulated app to a running device daemon and print its pushes",
    "power": "lock, unlock or wake a running device daemon",
    "fleet": "a crowd of phones for a running gateway: some away, some locked, some gone",
    "send": "send a push, as a provider would",
    "lint": "judge a payload: what APNs would refuse, what a phone would not show",
    "scenario": "play a timeline of pushes and phones on virtual time, and judge it",
    "export": "save what providers sent and what became of it: HAR or JSON lines",
    "forward": "show on a simulator, too, what emulated phones present",
    "clock": "show, freeze, hurry or move the time of a running gateway",
    "snapshot": "save the whole state of a running gateway, or load it",
    "exec": "run a command against a gateway made just for it",
    "rules": "show and change the faults of a running gateway",
    "keys": "make, list and use authentication keys (.p8)",
    "doctor": "look at this machine and a running gateway, and say what does not work",
    "certs": "make and show certificates of the local authority",
}

PROG = "apnsim"

EPILOG = """\
first steps:
  apnsim demo                          a gateway, two phones, and a curl line to paste
  apnsim send --token HEX --topic com.example.app --alert Hello
  apnsim scenario airplane-mode        what a phone does in a minute, an hour, a day; in a second
  apnsim lint payload.json             is it as Apple wants it? would a person see it?
  apnsim exec -- pytest                your tests, with APNSIM_PROVIDER_URL and friends set

exit codes: 0 done, 1 it failed, 2 bad usage or it cannot start
"""


class Parser(argparse.ArgumentParser):
    """argparse, but a mistake costs one line instead of a page of usage and a line."""

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and where to read on; exit code 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def parse_known_args(  # type: ignore[override] # argparse's has overloads for its Namespace
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        """As argparse's, but the command itself says what it does not know, not ``apnsim``."""
        parsed, unknown = super().parse_known_args(args, namespace)
        if unknown:
            meant = _meant(unknown[0].partition("=")[0], self._option_string_actions)
            self.error(f"unrecognized arguments: {' '.join(unknown)}{meant}")
        return parsed, unknown

    def _check_value(self, action: argparse.Action, value: object) -> None:
        try:
            super()._check_value(action, value)
        except argparse.ArgumentError as error:
            meant = _meant(str(value), map(str, action.choices or ()))
            raise argparse.ArgumentError(action, error.message + meant) from None


def _meant(word: str, known: Iterable[str]) -> str:
    """The nearest of those that there are, if it is near."""
    from protocol.lint.words import did_you_mean

    near = did_you_mean(word, known)
    return f" (did you mean {near}?)" if near else ""


class _Version(argparse.Action):
    """``--version``: only who asks for it waits until the metadata are found and read."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        output.say(f"{PROG} {version(PROG)}")
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code is 0 (done), 1 (failed) or 2 (bad usage, cannot start)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    output.open_what_is_closed()
    try:
        with told_as(output.LostError, output.LostError):  # from within nurseries, too
            try:
                # Ctrl-C is no mistake while a command is imported, either.
                parsed = _parser(arguments[:1]).parse_args(arguments)
                return int(parsed.run(parsed))
            finally:
                output.flush()
    except CommandError as error:
        if str(error):
            print(f"apnsim {arguments[0]}: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


def _parser(first: list[str]) -> argparse.ArgumentParser:
    parser = Parser(
        prog=PROG,
        description="An APNs-compatible push gateway with phones: see what a device really got.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and end")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, about in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=about,
            description=about[0].upper() + about[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        # Only the chosen command is imported: `apnsim send` need not load the gateway.
        if [name] == first:
            module = _module_of(name)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser


@cache
def _module_of(command: str) -> ModuleType:
    """What runs it. Modules live as long as the process: nobody need look for garbage in them.

    While they are imported, that took an eighth of the gateway's start.
    """
    gc.disable()
    try:
        return import_module(f"apnsim.commands.{command}_")
    finally:
        gc.freeze()
        gc.enable()


if __name__ == "__main__":
    sys.exit(main())
