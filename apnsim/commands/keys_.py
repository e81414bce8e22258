"""``apnsim keys``: make, add, list and remove authentication keys; sign provider tokens."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from apnsim import credentials, options, output
from apnsim.errors import CommandError
from certs.files import CredentialError
from certs.provider_key import ProviderPublicKey
from gateway.home import Home
from gateway.provider.key_kinds import KeyKind
from gateway.provider.keys import KeyRing, RegisteredKey
from protocol.identifiers import Topic
from protocol.notification import Environment

if TYPE_CHECKING:
    import argparse

    from gateway.provider.key_kinds import KeyLimits

EPILOG = """\
examples:
  apnsim keys list
  apnsim keys make --team-id ABCDE12345
  apnsim keys make --environment production                      (team-scoped)
  apnsim keys make --environment production --topic com.example.app --key-id ABC123DEFG
  apnsim keys make --environment production --topic com.example.two --related ABC123DEFG
  apnsim keys add AuthKey_ABC123DEFG.p8 --team-id ABCDE12345     (only its public half is kept)
  curl -H "authorization: bearer $(apnsim keys token)" …

kinds, and how many Apple allows per team and environment:
  team            every topic, both environments: what there was before 2025
  team-scoped     every topic, one environment: 2
  topic-specific  up to 400 topics, one environment: 200, each with one related key at most

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
    for action in (make, add):
        _add_limits(action)
    remove = actions.add_parser("remove", help="believe a key no longer")
    remove.add_argument("key_id", help="its key id")
    remove.set_defaults(act=_remove)
    token = actions.add_parser("token", help="print a provider token, good for one hour")
    credentials.add_key_options(token)
    token.set_defaults(act=_token)
    for action in (listing, make, add, remove, token):
        options.data_dir(action)


def _add_limits(action: argparse.ArgumentParser) -> None:
    action.add_argument(
        "--environment",
        choices=[*map(str, Environment)],
        help="the only one it is for (default: both)",
    )
    action.add_argument(
        "--topic",
        action="append",
        metavar="TOPIC",
        help="one that it is for; may be given several times (default: all of its team)",
    )
    action.add_argument(
        "--related", metavar="ID", help="the topic-specific key that serves beside it"
    )


def _limits(parsed: argparse.Namespace) -> KeyLimits:
    only = parsed.environment
    return {
        "environments": frozenset([Environment(only)]) if only else None,
        "topics": frozenset(map(Topic.parse, parsed.topic)) if parsed.topic else None,
        "related_key_id": parsed.related,
    }


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
        output.say(
            f"{key.key_id}  team {key.team_id}  {registered.key_file or '(public half only)'}"
        )
        if registered.kind is not KeyKind.TEAM:
            output.say(f"    {_told(registered)}")


def _told(registered: RegisteredKey) -> str:
    """What a key is limited to, in full."""
    words: list[str] = [registered.kind, *sorted(registered.environments or ())]
    words += sorted(registered.topics or ())
    if registered.related_key_id is not None:
        words.append(f"related to {registered.related_key_id}")
    return ", ".join(words)


def _make(parsed: argparse.Namespace) -> None:
    home = Home(parsed.data_dir)
    registered = home.make_key(home.key_ring(), parsed.team_id, parsed.key_id, **_limits(parsed))
    output.say(f"{registered.key.key_id}  team {registered.key.team_id}  {registered.key_file}")


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
    _ring(parsed).add(RegisteredKey(key, **_limits(parsed)))
    output.say(f"{key_id}  team {parsed.team_id}  registered")


def _remove(parsed: argparse.Namespace) -> None:
    if not _ring(parsed).remove(parsed.key_id):
        raise CommandError(f"no key {parsed.key_id} is registered in {parsed.data_dir}")
    output.say(f"{parsed.key_id}  removed")


def _token(parsed: argparse.Namespace) -> None:
    output.say(credentials.find_key(parsed).sign(int(time.time())))
