"""``apnsim certs``: the local authority and what it issues."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from apnsim import options
from apnsim.errors import CommandError
from certs.files import CredentialError
from gateway.home import Home

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim certs ca                          print the path of the CA that clients must trust
  apnsim certs ca --pem                    print the CA itself
  apnsim certs device my-phone --out .     make my-phone.pem and my-phone-key.pem
  apnsim certs server gw.test --out .      make gw.test.pem and gw.test-key.pem
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of ``apnsim certs``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    authority = actions.add_parser("ca", help="make the authority if need be, and show it")
    authority.add_argument("--pem", action="store_true", help="print the certificate itself")
    authority.set_defaults(act=_ca)
    device = actions.add_parser("device", help="make a device certificate")
    device.add_argument("name", help="the device's id")
    device.set_defaults(act=_device)
    server = actions.add_parser("server", help="make a server certificate")
    server.add_argument("names", nargs="+", metavar="NAME", help="host names and addresses")
    server.set_defaults(act=_server)
    for action in (device, server):
        action.add_argument(
            "--out", type=Path, metavar="DIR", default=Path(), help="where to write the files"
        )
    for action in (authority, device, server):
        options.data_dir(action)


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked."""
    try:
        parsed.act(parsed, Home(parsed.data_dir))
    except CredentialError as error:
        raise CommandError(str(error)) from None
    return 0


def _ca(parsed: argparse.Namespace, home: Home) -> None:
    pem = home.authority().certificate_pem.decode()
    print(pem.strip() if parsed.pem else home.ca_file.resolve())


def _device(parsed: argparse.Namespace, home: Home) -> None:
    home.authority().issue_device(parsed.name).write(parsed.out, parsed.name)
    print(parsed.out / f"{parsed.name}.pem")


def _server(parsed: argparse.Namespace, home: Home) -> None:
    stem = parsed.names[0]
    home.authority().issue_server(parsed.names).write(parsed.out, stem)
    print(parsed.out / f"{stem}.pem")
