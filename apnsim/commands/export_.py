"""``apnsim export``: what providers sent and what became of it, as a file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apnsim import options, output
from apnsim.client import Apnsim
from apnsim.client.errors import ApnsimError
from apnsim.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator

EPILOG = """\
examples:
  apnsim export --format har pushes.har           for a browser's developer tools, Charles, k6 …
  apnsim export --format jsonl                    a push a line, from its request to its end
  apnsim export --format har --token HEX --since 1790000000 one-phone.har

Credentials are redacted; payloads and device tokens are not.
"""

_FILTERS = {
    "bundle_id": "only pushes to this app",
    "topic": "only pushes to this topic",
    "device": "only pushes to this device",
    "token": "only pushes to this device token",
    "apns_id": "only pushes of this apns-id",
    "text": "only pushes with this somewhere in the payload",
    "since": "only what was received at or after: UNIX seconds",
    "limit": "only the newest so many",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which pushes, and where to."""
    parser.epilog = EPILOG
    parser.add_argument(
        "file", nargs="?", default="-", metavar="FILE", help="- is standard output (the default)"
    )
    parser.add_argument("--format", choices=["har", "jsonl"], required=True)
    for name, about in _FILTERS.items():
        flag = f"--{name.replace('_', '-')}"
        parser.add_argument(flag, type=options.text, metavar="VALUE", help=about)
    parser.add_argument(
        "--state",
        action="append",
        type=options.text,
        metavar="STATE",
        help="only in this state; may be repeated",
    )
    parser.add_argument(
        "--payload",
        action="append",
        default=[],
        type=_value_by_path,
        metavar="PATH=VALUE",
        help="only pushes with this value in the payload, such as aps.badge=3; may be repeated",
    )
    options.console(parser)


def run(parsed: argparse.Namespace) -> int:
    """Export; a file is there whole, or not at all."""
    filters: dict[str, Any] = {name: getattr(parsed, name) for name in (*_FILTERS, "state")}
    filters["payload"] = dict(parsed.payload)
    try:
        with Apnsim(parsed.console_url, token=parsed.console_token) as apnsim:
            pieces = apnsim.export(parsed.format, **filters)
            if parsed.file == "-":
                _print(pieces)
            else:
                _write(Path(parsed.file), pieces)
    except ApnsimError as error:
        raise CommandError(error.detail) from None
    return 0


def _value_by_path(text: str) -> tuple[str, str]:
    path, sign, value = options.text(text).partition("=")
    if not (path and sign):
        raise argparse.ArgumentTypeError(f"expected PATH=VALUE, such as aps.badge=3, not {text!r}")
    return path, value


def _print(pieces: Iterator[bytes]) -> None:
    with output.taken():
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()


def _write(file: Path, pieces: Iterator[bytes]) -> None:
    part = Path(f"{file}.part")
    try:
        try:
            with part.open("wb") as stream:
                stream.writelines(pieces)
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
