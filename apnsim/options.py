"""Options that several commands share, so that they are spelled and explained once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apnsim.errors import CannotStartError
from gateway import settings

if TYPE_CHECKING:
    import argparse


def data_dir(parser: argparse.ArgumentParser) -> None:
    """``--data-dir``, for commands that work on the gateway's files."""
    parser.add_argument(
        "--data-dir",
        type=Path,
        metavar="DIR",
        default=Path(os.environ.get("APNSIM_DATA_DIR", ".apnsim")),
        help="the gateway's data directory (default: .apnsim)",
    )


def console_url(parser: argparse.ArgumentParser) -> None:
    """``--console-url``, for commands that ask a running gateway."""
    parser.add_argument(
        "--console-url",
        metavar="URL",
        default=os.environ.get("APNSIM_CONSOLE_URL", "http://127.0.0.1:2198"),
        help="the gateway's control API (default: $APNSIM_CONSOLE_URL or http://127.0.0.1:2198)",
    )
    parser.add_argument(
        "--console-token",
        metavar="TOKEN",
        default=os.environ.get("APNSIM_CONSOLE_TOKEN"),
        help="its bearer token, if it has one (default: $APNSIM_CONSOLE_TOKEN)",
    )


def gateway_settings(parser: argparse.ArgumentParser) -> None:
    """Every setting of the gateway as an option."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings in TOML")
    for option in settings.options():
        about = option.about + _default_of(option)
        metavar = option.name.rsplit("_", 1)[-1].upper()
        choices = list(option.choices) or None
        kind: dict[str, Any] = {"action": "append"} if option.is_repeatable else {}
        parser.add_argument(
            option.flag,
            help=about.replace("%", "%%"),
            choices=choices,
            metavar=None if choices else metavar,
            **kind,
        )


def read_settings(
    parsed: argparse.Namespace, defaults: dict[str, Any] | None = None
) -> settings.Settings:
    """The settings from file, environment and command line.

    Args:
        parsed: the command line.
        defaults: what this command prefers where the command line is silent.

    Raises:
        CannotStartError: something in them is wrong; names all of it.
    """
    names = [option.name for option in settings.options()]
    given = {name: getattr(parsed, name) for name in names if getattr(parsed, name) is not None}
    try:
        return settings.load(parsed.config, os.environ, {**(defaults or {}), **given})
    except settings.SettingsError as error:
        raise CannotStartError(
            "\n  ".join(["these settings cannot be used:", *error.problems])
        ) from None


def first_line(group: BaseException) -> str:
    """What the first of a group of exceptions says: nurseries raise groups, people read lines."""
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return str(group)


def _default_of(option: settings.Option) -> str:
    if option.default in (None, ()):
        return ""
    shown = option.default[0] if isinstance(option.default, tuple) else option.default
    return f" (default: {shown:g})" if isinstance(shown, float) else f" (default: {shown})"
