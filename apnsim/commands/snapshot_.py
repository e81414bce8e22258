"""``apnsim snapshot``: the whole state of a running gateway into a file, and out of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apnsim import options, output
from apnsim.client import Apnsim
from apnsim.client.errors import ApnsimError
from apnsim.errors import CommandError
from certs.files import PRIVATE_MODE, PUBLIC_MODE, CredentialError, write_credential

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim snapshot save state.json                 phones, tokens, what waits, rules, the journal …
  apnsim snapshot save --secrets state.json       with private keys; only its owner can read it
  apnsim snapshot load state.json                 all of it in place of what is there
  apnsim serve --import state.json --export-on-exit state.json

docs/snapshots.md says what a snapshot holds. It has the payloads and the device tokens.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which way, and the file."""
    parser.epilog = EPILOG
    parser.add_argument("action", choices=["save", "load"], help="write it, or put it in place")
    parser.add_argument("file", type=Path, metavar="FILE", help="JSON")
    parser.add_argument(
        "--secrets",
        action="store_true",
        help="save private keys and the credentials of requests, too",
    )
    options.console(parser)


def run(parsed: argparse.Namespace) -> int:
    """Save or load; a file is there whole, or not at all."""
    file: Path = parsed.file
    try:
        with Apnsim(parsed.console_url, token=parsed.console_token) as apnsim:
            if parsed.action == "save":
                raw = apnsim.snapshots.take(secrets=parsed.secrets)
                mode = PRIVATE_MODE if parsed.secrets else PUBLIC_MODE
                write_credential(file, raw, mode=mode, replace=True)
                output.say(f"saved {len(raw):,} bytes in {file}")
            else:
                apnsim.snapshots.load(file.read_bytes())
                output.say(f"loaded {file}")
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    except ApnsimError as error:
        raise CommandError(error.detail) from None
    except CredentialError as error:
        raise CommandError(str(error)) from None
    return 0
