"""``apnsim certs``: the local authority, what it issues and what it revokes."""

from __future__ import annotations

import argparse
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from apnsim import options, output
from apnsim.errors import CommandError
from certs.authority import PROVIDER_LIFETIME
from certs.files import CredentialError, CredentialFileError, read_credential
from certs.leaf import read_certificates
from certs.provider_certificate import Kind, ProviderCertificate
from gateway.home import Home
from protocol.identifiers import BundleId, InvalidIdentifierError, TeamId, Topic
from protocol.notification import Environment

EPILOG = """\
examples:
  apnsim certs ca                          print the path of the CA that clients must trust
  apnsim certs ca --pem                    print the CA itself
  apnsim certs device my-phone --out .     make my-phone.pem and my-phone-key.pem
  apnsim certs device my-mac --rsa         the same for clients of Apple's own wire, such as pypush
  apnsim certs server gw.test --out .      make gw.test.pem and gw.test-key.pem
  apnsim certs provider com.example.app    make com.example.app.pem and com.example.app-key.pem
  apnsim certs provider com.example.app --kind voip --environment production --p12 secret
  apnsim certs provider com.apple.mgmt.External.7b1e… --kind mdm
  apnsim certs provider com.example.app --expired    (or --revoked: what Apple refuses in TLS)
  apnsim certs revoke com.example.app.pem            a running gateway notices at once

kinds of provider certificates:
  universal   the app, its .voip and its .complication: each push names its topic
  app         the app alone: apns-topic may be left out, as with voip and mdm
"""

# Issued as of yesterday, so it is past its time.
EXPIRED = timedelta(hours=1)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The actions of ``apnsim certs``."""
    parser.epilog = EPILOG
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    authority = actions.add_parser("ca", help="make the authority if need be, and show it")
    authority.add_argument("--pem", action="store_true", help="print the certificate itself")
    authority.set_defaults(act=_ca)
    device = actions.add_parser("device", help="make a device certificate")
    device.add_argument("name", help="the device's id")
    device.add_argument(
        "--rsa", action="store_true", help="with an RSA key, as pypush and its like sign with"
    )
    device.set_defaults(act=_device)
    server = actions.add_parser("server", help="make a server certificate")
    server.add_argument("names", nargs="+", metavar="NAME", help="host names and addresses")
    server.set_defaults(act=_server)
    provider = actions.add_parser("provider", help="make a certificate to push with, of any kind")
    _add_provider_arguments(provider)
    provider.set_defaults(act=_provider)
    revoke = actions.add_parser("revoke", help="have a provider certificate refused from now on")
    revoke.add_argument("file", type=Path, help="the certificate in PEM")
    revoke.set_defaults(act=_revoke)
    for action in (device, server, provider):
        action.add_argument(
            "--out", type=Path, metavar="DIR", default=Path(), help="where to write the files"
        )
    for action in (authority, device, server, provider, revoke):
        options.data_dir(action)


def _add_provider_arguments(provider: argparse.ArgumentParser) -> None:
    provider.add_argument("name", help="the bundle id; of an MDM server its topic")
    provider.add_argument("--kind", choices=[*map(str, Kind)], default=Kind.UNIVERSAL)
    provider.add_argument(
        "--environment",
        choices=[*map(str, Environment)],
        help="the only one it is for (default: both)",
    )
    provider.add_argument(
        "--topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="one more topic, such as com.example.app.voip-ptt; may be given several times",
    )
    provider.add_argument("--team-id", metavar="ID", default="APNSIMTEAM", help="whose it is")
    provider.add_argument("--expired", action="store_true", help="one that ended yesterday")
    provider.add_argument("--revoked", action="store_true", help="one that is revoked at once")
    provider.add_argument(
        "--p12", type=_password, metavar="PASSWORD", help="write key and certificate as .p12, too"
    )


def _password(text: str) -> str:
    if not options.text(text):
        raise argparse.ArgumentTypeError("expected a password of one letter at least")
    return text


def run(parsed: argparse.Namespace) -> int:
    """Do what was asked."""
    try:
        parsed.act(parsed, Home(parsed.data_dir))
    except CredentialError as error:
        raise CommandError(str(error)) from None
    return 0


def _ca(parsed: argparse.Namespace, home: Home) -> None:
    pem = home.authority().certificate_pem.decode()
    output.say(pem.strip() if parsed.pem else str(home.ca_file.resolve()))


def _device(parsed: argparse.Namespace, home: Home) -> None:
    authority = home.authority()
    issue = authority.issue_rsa_device if parsed.rsa else authority.issue_device
    issue(parsed.name).write(parsed.out, parsed.name)
    output.say(str(parsed.out / f"{parsed.name}.pem"))


def _server(parsed: argparse.Namespace, home: Home) -> None:
    stem = parsed.names[0]
    home.authority().issue_server(parsed.names).write(parsed.out, stem)
    output.say(str(parsed.out / f"{stem}.pem"))


def _provider(parsed: argparse.Namespace, home: Home) -> None:
    lifetime = EXPIRED if parsed.expired else PROVIDER_LIFETIME
    leaf = home.authority().issue_provider(_certificate(parsed), lifetime=lifetime)
    stem = _stem(parsed)
    leaf.write(parsed.out, stem)
    if parsed.p12 is not None:
        leaf.write_p12(parsed.out, stem, parsed.p12)
    if parsed.revoked:
        home.revocations().revoke(leaf.chain[0])
    output.say(str(parsed.out / f"{stem}.pem"))


def _certificate(parsed: argparse.Namespace) -> ProviderCertificate:
    try:
        made = ProviderCertificate.of_kind(Kind(parsed.kind), BundleId.parse(parsed.name))
        more = tuple(map(Topic.parse, parsed.topic))
        team_id = TeamId.parse(parsed.team_id)
    except InvalidIdentifierError as error:
        raise CommandError(str(error)) from None
    return replace(
        made,
        topics=made.topics + more,
        for_development=parsed.environment in (None, Environment.DEVELOPMENT),
        for_production=parsed.environment in (None, Environment.PRODUCTION),
        team_id=team_id,
    )


def _stem(parsed: argparse.Namespace) -> str:
    """A file name for each kind, so that one folder can hold them all."""
    words = [
        parsed.name,
        "" if parsed.kind == Kind.UNIVERSAL else parsed.kind,
        parsed.environment,
        "expired" if parsed.expired else "",
        "revoked" if parsed.revoked else "",
    ]
    return "-".join(filter(None, words))


def _revoke(parsed: argparse.Namespace, home: Home) -> None:
    pem = read_credential(parsed.file)
    try:
        certificate = read_certificates(pem)[0]
        # Only providers are looked up in the list.
        ProviderCertificate.from_der(certificate.public_bytes(Encoding.DER))
    except CredentialError as error:
        raise CredentialFileError(parsed.file, str(error)) from None
    is_new = home.revocations().revoke(certificate)
    output.say(f"{parsed.file}  {'revoked' if is_new else 'was revoked before'}")
