"""Where a command finds the key with which it signs provider tokens."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from apnsim.errors import CommandError
from certs.files import CredentialError
from certs.provider_key import ProviderKey
from gateway.home import Home

if TYPE_CHECKING:
    import argparse


def add_key_options(parser: argparse.ArgumentParser) -> None:
    """``--key-file``, ``--key-id`` and ``--team-id``."""
    parser.add_argument(
        "--key-file",
        type=Path,
        metavar="FILE",
        default=os.environ.get("APNSIM_KEY_FILE"),
        help="the .p8 key (default: $APNSIM_KEY_FILE, or the first one of the data directory)",
    )
    parser.add_argument("--key-id", metavar="ID", help="its key id (default: as the file is named)")
    parser.add_argument("--team-id", metavar="ID", help="its team id (default: as registered)")


def find_key(parsed: argparse.Namespace) -> ProviderKey:
    """The key that the options name, or the first one that the data directory has.

    Raises:
        CommandError: there is none, or it cannot be used.
    """
    try:
        if parsed.key_file is not None:
            return _named_key(parsed)
        for registered in Home(parsed.data_dir).key_ring().at_hand():
            if parsed.key_id in (None, registered.key.key_id):
                assert registered.key_file is not None
                key = registered.key
                return ProviderKey.load(registered.key_file, key.team_id, key.key_id)
    except (CredentialError, ValueError) as error:
        raise CommandError(str(error)) from None
    which = "no key" if parsed.key_id is None else f"no .p8 of the key {parsed.key_id}"
    raise CommandError(
        f"{which} in {parsed.data_dir}: start the gateway once, call 'apnsim keys make', or give"
        " --key-file and --team-id; if the gateway runs in another folder, --data-dir names that"
        " one's .apnsim"
    )


def _named_key(parsed: argparse.Namespace) -> ProviderKey:
    key_id = parsed.key_id or os.environ.get("APNSIM_KEY_ID")
    team_id = parsed.team_id or os.environ.get("APNSIM_TEAM_ID")
    if team_id is None:
        raise CommandError("--key-file needs --team-id (or APNSIM_TEAM_ID)")
    return ProviderKey.load(Path(parsed.key_file), team_id, key_id)
