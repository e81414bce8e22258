"""``apnsim keys``: make, add, list and remove authentication keys; sign provider tokens."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from apnsim import credentials, options
from apnsim.errors import CommandError
from certs.files import CredentialError
from certs.provider_key import ProviderPublicKey
from gateway.home import Home
from gateway.provider.keys import KeyRing, RegisteredKey

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim keys list
  apnsim keys make --team-id ABCDE12345
  apnsim keys add AuthKey_ABC123DEFG.p8 --team-id ABCDE12345     (only its public half is kept)
  curl -H "authorization: bearer $(apnsim keys token)" …

A running gateway notices new keys at once; `remove` takes effect at its next start
(or at once with DELETE /api/v1/keys/{key_id}).
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of ``apnsim keys``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="show the keys that the gateway believes")
    listing.set_defaults(act=_list)
    make = actions.add_parser("make", help="make a .p8 key and register it")
    make.add_argument("--team-id", metavar="ID", default="APNSIMTEAM", help="whose key it is")
    make.add_argument("--key-id", metavar="ID", help="its name (default: drawn)")
    make.set_defaults(act=_make)
    add = actions.add_parser("add", help="register a key you have, private or public (PEM)")
    add.add_argument("file", type=Path, help="AuthKey_<KEYID>.p8, or a public key in PEM")
    add.add_argument("--team-id", metavar="ID", required=True, help="whose key it is")
    add.add_argument("--key-id", metavar="ID", help="its name (default: as the file is named)")
    add.set_defaults(act=_add)
    remove = actions.add_parser("remove", help="believe a key no longer")
    remove.add_argument("key_id", help="its key id")
    remove.set_defaults(act=_remove)
    token = actions.add_parser("token", help="print a provider token, good for one hour")
    credentials.add_key_options(token)
    token.set_defaults(act=_token)
    for action in (listing, make, add, remove, token):
        options.data_dir(action)


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked."""
    try:
        parsed.act(parsed)
    except (CredentialError, ValueError) as error:
        raise CommandError(str(error)) from None
    return 0


def _ring(parsed: argparse.Namespace) -> KeyRing:
    return Home(parsed.data_dir).key_ring()


def _list(parsed: argparse.Namespace) -> None:
    ring = _ring(parsed)
    if not len(ring):
        print(f"no keys in {parsed.data_dir} yet; see: apnsim keys make --help", file=sys.stderr)
    for registered in ring:
        key = registered.key
        print(f"{key.key_id}  team {key.team_id}  {registered.key_file or '(public half only)'}")


def _make(parsed: argparse.Namespace) -> None:
    registered = Home(parsed.data_dir).make_key(_ring(parsed), parsed.team_id, parsed.key_id)
    print(f"{registered.key.key_id}  team {registered.key.team_id}  {registered.key_file}")


def _add(parsed: argparse.Namespace) -> None:
    file: Path = parsed.file
    key_id = parsed.key_id or file.stem.removeprefix("AuthKey_")
    try:
        pem = file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: cannot be read ({error.strerror})") from None
    try:
        key = ProviderPublicKey.from_pem(pem, parsed.team_id, key_id)
    except CredentialError as error:
        raise CommandError(f"{file}: {error}") from None
    _ring(parsed).add(RegisteredKey(key))
    print(f"{key_id}  team {parsed.team_id}  registered")


def _remove(parsed: argparse.Namespace) -> None:
    if not _ring(parsed).remove(parsed.key_id):
        raise CommandError(f"no key {parsed.key_id} is registered in {parsed.data_dir}")
    print(f"{parsed.key_id}  removed")


def _token(parsed: argparse.Namespace) -> None:
    print(credentials.find_key(parsed).sign(int(time.time())))
