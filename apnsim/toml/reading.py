"""TOML tables become frozen dataclasses; every key that does not fit is named, all at once.

A field made by :func:`key` is a key of the table: its converter raises ``ValueError`` saying what
was expected, as those of ``gateway.values`` do, and ``about`` is its line of the documentation.
"""

from __future__ import annotations

import dataclasses
import difflib
from typing import TYPE_CHECKING, Any, TypeVar

from gateway import values
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from enum import StrEnum

    from apnsim.toml.source import Path, Source

T = TypeVar("T")
_SHOWN = 60
REQUIRED: Any = dataclasses.MISSING


def key(
    convert: Callable[[Any], Any],
    about: str,
    default: Any = REQUIRED,  # noqa: ANN401 - as dataclasses.field, which types itself so
) -> Any:  # noqa: ANN401
    """A field that is read from a key of the same name; without a default it is required."""
    return dataclasses.field(default=default, metadata={"convert": convert, "about": about})


def word(
    kind: type[StrEnum],
    about: str,
    default: Any = None,  # noqa: ANN401
) -> Any:  # noqa: ANN401
    """A field that is one of the words of an enumeration; ``REQUIRED``, or None without it."""
    return key(values.choice(kind), f"{about}: {_listed(kind)}", default)


def read(kind: type[T], table: object, source: Source, path: Path) -> T | None:
    """Make one of a table; None, and complaints to the source, when something does not fit."""
    if not isinstance(table, dict):
        source.complain(
            path, f"expected a table of {_listed(_keys(kind))}, not {table!r:.{_SHOWN}}"
        )
        return None
    fields = _keys(kind)
    for name in table.keys() - fields.keys():
        source.complain((*path, name), _unknown(name, fields))
    is_good = table.keys() <= fields.keys()
    values: dict[str, Any] = {}
    for name, entry in fields.items():
        if name in table:
            try:
                values[name] = entry.metadata["convert"](table[name])
            except ValueError as error:
                source.complain((*path, name), f"{error}, not {table[name]!r:.{_SHOWN}}")
                is_good = False
        elif entry.default is REQUIRED:
            source.complain(path, f"{name} is missing: {entry.metadata['about']}")
            is_good = False
    return kind(**values) if is_good else None


def _keys(kind: type) -> dict[str, dataclasses.Field[Any]]:
    return {each.name: each for each in dataclasses.fields(kind) if "convert" in each.metadata}


def documented(kind: type) -> list[tuple[str, str]]:
    """The keys of a table and what they mean, for those who write one."""
    return [(name, entry.metadata["about"]) for name, entry in _keys(kind).items()]


def _unknown(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), 1)
    meant = f"; did you mean {close[0]}?" if close else f"; there are {_listed(known)}"
    return f"there is no such key{meant}"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


# -- converters beside those of gateway.values -----------------------------------------------------


def push_type(value: Any) -> PushType:  # noqa: ANN401
    """A push type by its name in ``apns-push-type``."""
    return PushType(values.choice(PushType)(value))


def boolean(value: Any) -> bool:  # noqa: ANN401
    """True or false."""
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 - told like all others
    return value


def table(value: Any) -> dict[str, Any]:  # noqa: ANN401
    """A table as it is."""
    if not isinstance(value, dict):
        raise ValueError("expected a table")  # noqa: TRY004
    return value


def names(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    """A name, or a list of names."""
    listed = value if isinstance(value, list) else [value]
    if not all(isinstance(each, str) and each for each in listed):
        raise ValueError("expected a name or a list of names")
    return tuple(listed)
