"""``apnsim send``: one push over HTTP/2, as a provider sends it."""

from __future__ import annotations

import json
import os
import ssl
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import httpx

from apnsim import credentials, options, output
from apnsim.errors import CannotStartError, CommandError
from certs.files import CredentialError
from certs.leaf import Leaf
from protocol.notification import Priority, PushType

if TYPE_CHECKING:
    import argparse

EPILOG = """\
examples:
  apnsim send --token 0f3a… --topic com.example.app --alert Hello
  apnsim send --token 0f3a… --topic com.example.app --push-type background --priority 5
  apnsim send --token 0f3a… --topic com.example.app --payload payload.json   (or - for stdin)
  apnsim send --token 0f3a… --certificate com.example.app-app.pem --alert Hello
"""

_IS_IT = "; is that the provider API? `apnsim serve` says where it is"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to send, where, and as whom."""
    parser.epilog = EPILOG
    parser.add_argument(
        "--token", required=True, type=options.line, metavar="HEX", help="the device token"
    )
    parser.add_argument(
        "--topic",
        type=options.line,
        help="the app's bundle id (with its suffix); a certificate of one topic needs none",
    )
    parser.add_argument(
        "--alert", type=options.text, metavar="TEXT", help="an alert with this text"
    )
    parser.add_argument("--payload", metavar="FILE", help="the whole payload, JSON; - is stdin")
    parser.add_argument("--push-type", choices=[*map(str, PushType)], help="(default: alert)")
    parser.add_argument("--priority", choices=[str(int(p)) for p in Priority])
    parser.add_argument(
        "--expiration", type=options.line, metavar="SECONDS", help="UNIX time; 0 = try once"
    )
    parser.add_argument("--collapse-id", type=options.line, metavar="ID")
    parser.add_argument("--apns-id", type=options.line, metavar="UUID")
    parser.add_argument(
        "--url",
        type=options.url,
        default=os.environ.get("APNSIM_PROVIDER_URL", "https://127.0.0.1:2197"),
        help="the gateway (default: $APNSIM_PROVIDER_URL or https://127.0.0.1:2197)",
    )
    parser.add_argument(
        "--ca-file",
        type=Path,
        metavar="FILE",
        default=os.environ.get("APNSIM_CA_FILE"),
        help="the CA to trust (default: $APNSIM_CA_FILE, or ca.pem of the data directory)",
    )
    credentials.add_key_options(parser)
    parser.add_argument(
        "--certificate",
        type=Path,
        metavar="FILE",
        help="push with this certificate instead of a key; FILE-key.pem lies beside FILE.pem,"
        " as `apnsim certs provider` writes them",
    )
    options.data_dir(parser)


def run(parsed: argparse.Namespace) -> int:
    """Send; 0 when the gateway answered 200."""
    if parsed.topic is None and parsed.certificate is None:
        raise CannotStartError("--topic is missing: the app's bundle id (with its suffix)")
    body = _payload(parsed)
    headers = {name: value for name, value in options.push_headers(parsed).items() if value}
    headers.setdefault("apns-push-type", PushType.ALERT)
    if parsed.certificate is None:
        headers["authorization"] = f"bearer {credentials.find_key(parsed).sign(int(time.time()))}"
    answer = _post(parsed, headers, body)
    output.say(
        f"{answer.status_code} apns-id {answer.headers.get('apns-id')} {answer.text}".rstrip()
    )
    return 0 if answer.status_code == httpx.codes.OK else 1


def _post(parsed: argparse.Namespace, headers: dict[str, str], body: bytes) -> httpx.Response:
    # Whatever was typed goes out: saying what is wrong with it is the gateway's business.
    url = f"{parsed.url}/3/device/{quote(parsed.token, safe='')}"
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    try:
        with httpx.Client(http2=True, verify=_tls(parsed), trust_env=False) as client:
            return client.post(url, content=body, headers=raw)
    except httpx.ConnectError as error:
        raise CommandError(_unreachable(parsed, error)) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CommandError(f"{parsed.url}: {_last_words(error)}") from None


def _last_words(error: Exception) -> str:
    """What the gateway said in GOAWAY, as of a bad certificate; else what httpx makes of it."""
    for event in error.__cause__.args if error.__cause__ else ():
        if said := getattr(event, "additional_data", None):
            return f"the gateway ended the connection: {said.decode(errors='replace')}"
    said = str(error).rstrip(".") or type(error).__name__
    if isinstance(error, httpx.RemoteProtocolError):
        said += _IS_IT
    return said


def _unreachable(parsed: argparse.Namespace, error: httpx.ConnectError) -> str:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return (
            f"{parsed.url}: its certificate was not issued by {_ca_file(parsed)}, or not for this"
            " host; give the CA of that gateway with --ca-file"
        )
    if "WRONG_VERSION_NUMBER" in str(error):
        return f"what listens at {parsed.url} speaks no TLS{_IS_IT}"
    return f"cannot reach {parsed.url} ({error}); is `apnsim serve` up?"


def _payload(parsed: argparse.Namespace) -> bytes:
    if parsed.payload == "-":
        return sys.stdin.buffer.read()
    if parsed.payload is not None:
        try:
            return Path(parsed.payload).read_bytes()
        except OSError as error:
            raise CannotStartError(f"{parsed.payload}: {error.strerror}") from None
    if parsed.alert is not None:
        return json.dumps({"aps": {"alert": parsed.alert}}, ensure_ascii=False).encode()
    if parsed.push_type == PushType.BACKGROUND:
        return b'{"aps":{"content-available":1}}'
    raise CannotStartError("nothing to send: give --alert TEXT or --payload FILE")


def _tls(parsed: argparse.Namespace) -> ssl.SSLContext:
    file: Path | None = parsed.certificate
    try:
        leaf = None if file is None else Leaf.load(file.parent, file.stem)
    except CredentialError as error:
        raise CannotStartError(str(error)) from None
    context = _trust(parsed)
    if leaf is not None:
        leaf.configure(context)
    return context


def _trust(parsed: argparse.Namespace) -> ssl.SSLContext:
    ca_file = _ca_file(parsed)
    try:
        return ssl.create_default_context(cafile=ca_file)
    except ssl.SSLError:
        raise CannotStartError(f"CA file {ca_file}: holds no certificate in PEM form") from None
    except OSError as error:
        raise CannotStartError(f"CA file {ca_file}: {error.strerror}") from None


def _ca_file(parsed: argparse.Namespace) -> Path:
    return Path(parsed.ca_file or parsed.data_dir / "ca.pem")
