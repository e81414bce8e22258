"""Options that several commands share, so that they are spelled and explained once."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from apnsim.errors import CannotStartError
from gateway import configuration, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.settings import Settings

# The options that are headers of a push: their name in the parsed command line, and the header's.
PUSH_HEADERS = {
    "topic": "apns-topic",
    "push_type": "apns-push-type",
    "priority": "apns-priority",
    "expiration": "apns-expiration",
    "collapse_id": "apns-collapse-id",
    "apns_id": "apns-id",
}

# Where a device daemon is, unless told.
STATE_DIR = Path(".apnsim-device")
SOCKET_NAME = "apps.sock"

_METAVARS: dict[Callable[[Any], Any], str] = {
    values.count: "N",
    values.whole_number: "N",
    values.server_name: "NAME",
}

# Where neither the kind of the value nor the end of its name says what it is.
_NAMED: dict[str, str] = {
    "broadcast_disabled": "BUNDLE_ID",
    "export_on_exit": "FILE",
    "import": "FILE",
    "otel_endpoint": "URL",
    "rule": "WORDS",
    "san": "NAME",
    "webhook": "URL",
    "webhook_allow": "HOST",
}


def data_dir(parser: argparse.ArgumentParser) -> None:
    """``--data-dir``, for commands that work on the gateway's files."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=Path(os.environ.get("APNSIM_DATA_DIR", ".apnsim")),
        help="the gateway's data directory (default: .apnsim)",
    )


def device_socket(parser: argparse.ArgumentParser) -> None:
    """``--socket``, for commands that talk to a running device daemon."""
    default = STATE_DIR / SOCKET_NAME
    parser.add_argument(
        "--socket",
        type=Path,
        metavar="FILE",
        default=default,
        help=f"the daemon's socket (default: {default})",
    )


def url(text: str) -> str:
    """Argparse's type for the address of a gateway: scheme, host, perhaps a port."""
    import httpx  # which whoever has this option loads anyway

    try:
        parts = urlsplit(text)
        host = httpx.URL(text).host
        is_address = parts.scheme in ("http", "https") and bool(host) and parts.port != 0
        host.encode("idna")  # as it is asked for of the resolver
    except (ValueError, httpx.InvalidURL):
        is_address = False
    if not is_address:
        raise argparse.ArgumentTypeError(f"expected http(s)://HOST:PORT, not {text!r}")
    return text.rstrip("/")


def text(given: str) -> str:
    """Argparse's type for what is sent as UTF-8."""
    try:
        given.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"expected a text in UTF-8, not {given!r}") from None
    return given


def line(given: str) -> str:
    """Argparse's type for the value of a header: a text without control characters."""
    if any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in text(given)):
        raise argparse.ArgumentTypeError(f"expected one line, not {given!r}")
    return given


def push_headers(parsed: argparse.Namespace) -> dict[str, str]:
    """The headers of a push that were given: those of :data:`PUSH_HEADERS`."""
    values = {header: getattr(parsed, name) for name, header in PUSH_HEADERS.items()}
    return {header: value for header, value in values.items() if value is not None}


def bearer(given: str) -> str | None:
    """Argparse's type for a bearer token, which no complaint repeats; an empty one is none."""
    try:
        return values.bearer(given) if given else None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def bundle_id(text: str) -> str:
    """Argparse's type for the name of an app."""
    try:
        return values.bundle_id(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, not {text!r}") from None


def count(text: str) -> int:
    """Argparse's type for a number of things."""
    try:
        return values.count(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{error}, not {text!r}") from None


def console(parser: argparse.ArgumentParser) -> None:
    """``--console-url`` and ``--console-token``, for commands that ask a running gateway."""
    parser.add_argument(
        "--console-url",
        type=url,
        metavar="URL",
        default=os.environ.get("APNSIM_CONSOLE_URL", "http://127.0.0.1:2198"),
        help="the gateway's control API (default: $APNSIM_CONSOLE_URL or http://127.0.0.1:2198)",
    )
    parser.add_argument(
        "--console-token",
        type=bearer,
        metavar="TOKEN",
        default=os.environ.get("APNSIM_CONSOLE_TOKEN"),
        help="its bearer token, if it has one (default: $APNSIM_CONSOLE_TOKEN)",
    )


def gateway_settings(parser: argparse.ArgumentParser) -> None:
    """Every setting of the gateway as an option."""
    parser.add_argument(
        "--config",
        type=Path,
        metavar="FILE",
        default=os.environ.get("APNSIM_CONFIG") or None,
        help="settings in TOML (default: $APNSIM_CONFIG)",
    )
    for option in configuration.options():
        about = option.about + _default_of(option)
        # Not argparse's ``choices``: values are judged together, so that all mistakes are told.
        kind: dict[str, Any] = {"action": "append"} if option.is_repeatable else {}
        parser.add_argument(
            option.flag, help=about.replace("%", "%%"), metavar=_metavar_of(option), **kind
        )


def read_settings(parsed: argparse.Namespace, defaults: dict[str, Any] | None = None) -> Settings:
    """The settings from file, environment and command line.

    Args:
        parsed: the command line.
        defaults: what this command prefers where the command line is silent.

    Raises:
        CannotStartError: something in them is wrong; names all of it.
    """
    names = [option.name for option in configuration.options()]
    given = {name: getattr(parsed, name) for name in names if getattr(parsed, name) is not None}
    try:
        file = None if parsed.config is None else Path(parsed.config)
        return configuration.load(file, os.environ, {**(defaults or {}), **given})
    except configuration.SettingsError as error:
        if len(error.problems) == 1:
            raise CannotStartError(error.problems[0]) from None
        raise CannotStartError(
            "\n  ".join(["these settings cannot be used:", *error.problems])
        ) from None


def _metavar_of(option: configuration.Option) -> str:
    if option.choices:
        return f"{{{','.join(option.choices)}}}"
    if "_port" in option.name:  # provider_port_development, too
        return "PORT"
    named = _NAMED.get(option.name) or _METAVARS.get(option.convert)
    return named or option.name.rsplit("_", 1)[-1].upper()


def _default_of(option: configuration.Option) -> str:
    if option.default in (None, ()):
        return ""
    shown = option.default[0] if isinstance(option.default, tuple) else option.default
    return f" (default: {shown:g})" if isinstance(shown, float) else f" (default: {shown})"
