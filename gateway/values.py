"""Texts from the command line, the environment and TOML become settings of the right kind.

Each function takes whatever the source held and returns the value, or raises ``ValueError`` saying
what was expected.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from protocol.identifiers import InvalidIdentifierError, TeamId

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

Raw: TypeAlias = Any  # text, or what TOML makes of it


def text(value: Raw) -> str:
    """Any text but the empty one."""
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text")
    return value


def whole_number(value: Raw) -> int:
    """0 or more."""
    try:
        number = int(value) if isinstance(value, int | str) else -1
    except ValueError:
        number = -1
    if number < 0:
        raise ValueError("expected a whole number, 0 or more")
    return number


def count(value: Raw) -> int:
    """1 or more."""
    if not (number := whole_number(value)):
        raise ValueError("expected a whole number, 1 or more")
    return number


def seconds(value: Raw) -> float:
    """A finite number, 0 or more."""
    try:
        number = float(value)
    except (TypeError, ValueError):
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
    return lambda value: tuple(map(one, value if isinstance(value, list) else [value]))


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


def path(value: Raw) -> Path:
    """A path, relative to the working directory."""
    return Path(text(value))
