"""Where settings come from: the command line, the environment, a file; every mistake at once.

A setting is a field of ``Settings``. Its name is the key in the TOML file; with hyphens it is the
option of ``apnsim serve``; in capitals behind ``APNSIM_`` it is the environment variable. The
command line wins over the environment, the environment over the file.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from keyword import iskeyword
from typing import TYPE_CHECKING, Any

from gateway import values
from gateway.device_settings import DeviceSettings
from gateway.settings import Settings
from protocol.lint.words import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

ENVIRONMENT_PREFIX = "APNSIM_"


class SettingsError(Exception):
    """The settings cannot be used; ``problems`` names every mistake, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Option:
    """One setting as the command line and the documentation see it."""

    name: str
    about: str
    default: Any
    is_repeatable: bool
    convert: Callable[[Any], Any]
    choices: tuple[str, ...] = ()

    @property
    def field(self) -> str:
        """Of :class:`Settings`, where a word of Python's own has an underscore behind it."""
        return self.name + "_" * iskeyword(self.name)

    @property
    def flag(self) -> str:
        """The option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        """The environment variable."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def options() -> list[Option]:
    """Every setting, in the order of :class:`Settings`; those of devices come last."""
    entries = dataclasses.fields(Settings)
    inherited = len(dataclasses.fields(DeviceSettings))
    return [
        Option(
            entry.name.removesuffix("_"),
            entry.metadata["about"],
            entry.default,
            isinstance(entry.default, tuple),
            entry.metadata["convert"],
            tuple(type(entry.default)) if isinstance(entry.default, StrEnum) else (),
        )
        for entry in entries[inherited:] + entries[:inherited]
    ]


_UNGUARDED = (
    "{host} is more than loopback, and whoever reaches the control API may do anything with this"
    " gateway: set APNSIM_CONSOLE_TOKEN, console_token in the file, or --console-token"
)


def is_loopback(host: str) -> bool:
    """Whether nobody but this machine reaches what listens there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def load(
    file: Path | None, environment: Mapping[str, str], command_line: Mapping[str, Any]
) -> Settings:
    """Put the settings together.

    Args:
        file: a TOML file, or None.
        environment: environment variables; only those that begin with ``APNSIM_`` and name a
            setting count (unless they are empty), because ``apnsim exec`` sets others.
        command_line: setting name → text or list of texts; None values are left out.

    Raises:
        SettingsError: unknown keys in the file, values that do not fit; all of them.
    """
    problems: list[str] = []
    known = {option.name: option for option in options()}
    raw = _read_file(file, known, problems) if file is not None else {}
    for option in known.values():
        # A variable that is set to nothing (a compose file's ``APNSIM_SAN=``) is not set.
        if text := environment.get(option.variable):
            raw[option.name] = (option.variable, _several(text) if option.is_repeatable else text)
    for name, value in command_line.items():
        if value is not None:
            raw[name] = (known[name].flag, value)
    converted: dict[str, Any] = {}
    for name, (source, value) in raw.items():
        try:
            converted[known[name].field] = known[name].convert(value)
        except ValueError as error:
            culprit = error.culprit if isinstance(error, values.SeveralError) else value
            told = "" if culprit is None else f", not {culprit!r}"
            problems.append(f"{source}: {error}{told}")
    if problems:
        raise SettingsError(problems)
    return _guarded(Settings(**converted))


def _several(text: str) -> list[str]:
    """What a variable lists, with commas; one rule or webhook in JSON has commas of its own."""
    return [text] if text.startswith("{") else text.split(",")


def _guarded(settings: Settings) -> Settings:
    if not settings.console_token and not is_loopback(settings.host):
        raise SettingsError([_UNGUARDED.format(host=settings.host)])
    return settings


def _read_file(
    file: Path, known: Mapping[str, Option], problems: list[str]
) -> dict[str, tuple[str, Any]]:
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        problems.append(f"{file}: cannot be read ({error.strerror})")
        return {}
    except (ValueError, RecursionError) as error:  # not UTF-8, a long number, deep nesting
        problems.append(f"{file}: not TOML ({error})")
        return {}
    raw: dict[str, tuple[str, Any]] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name in known:
            raw[name] = (f"{file}: {key}", value)
        else:
            near = did_you_mean(name, known)
            meant = f" did you mean {near}?" if near else ""
            see = "see apnsim serve --help for the keys"
            problems.append(f"{file}: unknown key {key!r};{meant} {see}")
    return raw
