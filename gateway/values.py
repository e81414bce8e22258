"""Texts from the command line, the environment and TOML become settings of the right kind.

Each function takes whatever the source held and returns the value, or raises ``ValueError`` saying
what was expected.
"""

from __future__ import annotations

import re
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlsplit

from protocol.identifiers import BundleId, InvalidIdentifierError, TeamId

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.faults.rule import Rule
    from gateway.webhooks.description import Description

SQLITE_URL = "sqlite:///"

Raw: TypeAlias = Any  # text, or what TOML makes of it


def setting(
    default: Raw,
    about: str,
    convert: Callable[[Any], Any] | None = None,
) -> Any:  # noqa: ANN401 - as dataclasses.field, which types itself so
    """A field of ``Settings``; a choice needs no converter, its default's type says what it is."""
    if isinstance(default, StrEnum):
        convert = choice(type(default))
    return field(default=default, metadata={"about": about, "convert": convert})


class SeveralError(ValueError):
    """One of several values does not fit; ``culprit`` is that one, None if nobody is to see it."""

    def __init__(self, expected: str, culprit: Raw) -> None:
        super().__init__(expected)
        self.culprit = culprit


def text(value: Raw) -> str:
    """Any text but the empty one."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text")
    return value


def bearer(value: Raw) -> str:
    """What a header can bear as a token: any other would be refused for ever. It is a secret."""
    if not isinstance(value, str) or not re.fullmatch("[!-~]+", value):
        expected = "expected letters, digits and signs of ASCII, without spaces and line ends"
        raise SeveralError(expected, None)
    return value


def whole_number(value: Raw) -> int:
    """0 or more."""
    try:
        # TOML's true is a Python int.
        number = int(value) if isinstance(value, int | str) and value is not True else -1
    except ValueError:
        number = -1
    if number < 0:
        raise ValueError("expected a whole number, 0 or more")
    return number


def count(value: Raw) -> int:
    """1 or more."""
    try:
        number = whole_number(value)
    except ValueError:
        number = 0
    if not number:
        raise ValueError("expected a whole number, 1 or more")
    return number


def store(value: Raw) -> str:
    """``memory``, ``sqlite``, or a database file as ``sqlite:///FILE``."""
    spec = text(value)
    is_file = spec.startswith(SQLITE_URL) and spec != SQLITE_URL
    if spec not in ("memory", "sqlite") and not is_file:
        # Not all of it: a URL of a database server may hold a password.
        raise SeveralError(
            "expected memory, sqlite (a file in the data directory) or sqlite:///FILE",
            spec.partition(":")[0][:20],
        )
    return spec


def seconds(value: Raw) -> float:
    """A finite number, 0 or more."""
    try:
        number = -1.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = -1.0
    if not 0 <= number < float("inf"):
        raise ValueError("expected seconds, 0 or more")
    return number


def port(value: Raw) -> int:
    """0 to 65535; 0 means any free one."""
    number = whole_number(value)
    if number > 65535:
        raise ValueError("expected a port from 0 to 65535")
    return number


def several(one: Callable[[Raw], Any]) -> Callable[[Raw], tuple[Any, ...]]:
    """A list, or a single one."""

    def convert(value: Raw) -> tuple[Any, ...]:
        return tuple(
            _one_of_several(one, each) for each in (value if isinstance(value, list) else [value])
        )

    return convert


def one_or_more(one: Callable[[Raw], Any]) -> Callable[[Raw], tuple[Any, ...]]:
    """A list that is not empty, or a single one."""

    def convert(value: Raw) -> tuple[Any, ...]:
        if value == []:
            raise ValueError("expected at least one")
        return several(one)(value)

    return convert


def _one_of_several(one: Callable[[Raw], Any], value: Raw) -> object:
    try:
        return one(value)
    except SeveralError:
        raise
    except ValueError as error:
        raise SeveralError(str(error), value) from None


def choice(kind: type[StrEnum]) -> Callable[[Raw], StrEnum]:
    """One of the words of an enumeration."""

    def convert(value: Raw) -> StrEnum:
        try:
            return kind(value)
        except ValueError:
            raise ValueError(f"expected one of {', '.join(kind)}") from None

    return convert


def team_id(value: Raw) -> str:
    """Ten upper-case letters and digits."""
    try:
        return TeamId.parse(text(value))
    except InvalidIdentifierError:
        raise ValueError("expected ten upper-case letters and digits") from None


def bundle_id(value: Raw) -> str:
    """The name of an app."""
    try:
        return BundleId.parse(text(value))
    except InvalidIdentifierError:
        raise ValueError("expected a bundle id, such as com.example.app") from None


def server_name(value: Raw) -> str:
    """A DNS name or an IP address."""
    # Only if there is one: most commands need nothing else of cryptography.
    from certs.server_names import InvalidServerNameError, alternative_names

    try:
        alternative_names([text(value)])
    except InvalidServerNameError:
        raise ValueError(
            "expected a DNS name (an international one in its xn-- form) or an IP address"
        ) from None
    return str(value)


def http_url(value: Raw) -> str:
    """The address of a server, perhaps with a path."""
    try:
        parts = urlsplit(text(value))
        is_url = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise ValueError("expected http(s)://HOST:PORT")
    return str(value)


def rule(value: Raw) -> Rule:
    """A fault rule."""
    # Only if there is one: pydantic takes longer to load than most commands take to run.
    from gateway.faults.reading import read_rule

    try:
        return read_rule(value)
    except ValueError as error:  # "…; did you mean answer?" says already what it is not
        raise SeveralError(f"{error} (the rule {value!r})", None) from None


def webhook(value: Raw) -> Description:
    """A webhook."""
    from gateway.webhooks.description import read_description

    try:
        return read_description(value)
    except ValueError as error:  # what was written may hold a secret
        raise SeveralError(str(error), None) from None


def webhook_target(value: Raw) -> str:
    """An entry of the list of targets that webhooks may reach."""
    from gateway.webhooks.allowed import Pattern

    Pattern.parse(text(value))
    return str(value)


def path(value: Raw) -> Path:
    """A path, relative to the working directory; ``~`` is the home directory."""
    if "\0" in text(value):
        raise ValueError("expected a path")
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ValueError("expected a path whose home directory is known") from None
