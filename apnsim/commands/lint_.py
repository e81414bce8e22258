"""``apnsim lint``: what APNs would refuse of a push, and what a phone would not show of it."""

from __future__ import annotations

import dataclasses
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from apnsim import lint_report, options, output
from apnsim.errors import CannotStartError
from apnsim.request_file import BadRequestFileError, read_request
from protocol.lint.finding import Level
from protocol.lint.judgement import lint
from protocol.lint.push import Push, as_headers
from protocol.provider.http import HttpRequest
from protocol.provider.request import DEVICE_PATH

if TYPE_CHECKING:
    import argparse

    from protocol.lint.judgement import Report

EPILOG = """\
examples:
  apnsim lint payload.json                              the payload alone
  apnsim lint payload.json --push-type background --priority 5
  apnsim lint - --format json                           from standard input, for a program
  apnsim lint --request push.http --strict              a whole request; warnings count, too
  apnsim lint --rules                                   every rule

A whole request is a line "POST /3/device/<token>", lines "apns-topic: com.example.app", an empty
line, the body; curl --verbose shows the head so. Of a payload alone nothing is missing: only the
headers that are given are judged.

exit codes: 0 APNs would accept it, 1 it would not (--strict: or there are warnings), 2 bad usage
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to judge, and what is known beside it."""
    parser.epilog = EPILOG
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="a payload in JSON, one or several; - is stdin"
    )
    parser.add_argument(
        "--request", action="store_true", help="FILE is a whole request: headers and body"
    )
    for name, header in options.PUSH_HEADERS.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=options.line,
            metavar="VALUE",
            help=f"the header {header}, whatever it says",
        )
    parser.add_argument("--strict", action="store_true", help="warnings fail, too")
    parser.add_argument("--format", choices=["text", "json"], default="text")
    parser.add_argument("--rules", action="store_true", help="print every rule instead")


def run(parsed: argparse.Namespace) -> int:
    """Judge each; 0 when APNs would accept them all."""
    pen = output.Pen(output.wants_colour())
    is_json = parsed.format == "json"
    if parsed.rules:
        output.say_all(lint_report.rules_in_json() if is_json else lint_report.rules_in_text(pen))
        return 0
    if not parsed.files:
        raise CannotStartError("which payload? give a file, or - for standard input")
    reports = [(name, lint(_push(name, parsed))) for name in parsed.files]
    for name, report in reports:
        if is_json:
            output.say(lint_report.in_json(name, report))
        else:
            output.say_all(lint_report.in_text(name, report, pen))
    return int(any(_fails(report, is_strict=parsed.strict) for _, report in reports))


def _fails(report: Report, *, is_strict: bool) -> bool:
    return bool(report.count(Level.ERROR) or (is_strict and report.findings))


def _push(name: str, parsed: argparse.Namespace) -> Push:
    """The file as a push; headers that are given replace those of the file."""
    raw = _read(name)
    request = HttpRequest("POST", DEVICE_PATH, (), raw)
    if parsed.request:
        try:
            request = read_request(raw)
        except BadRequestFileError as error:
            raise CannotStartError(f"{name}: {error}") from None
    given = options.push_headers(parsed)
    kept = tuple(each for each in request.headers if each[0] not in given)
    request = dataclasses.replace(request, headers=(*kept, *as_headers(given)))
    return Push(request, time.time(), is_whole=parsed.request)


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise CannotStartError(f"{name}: {error.strerror}") from None
