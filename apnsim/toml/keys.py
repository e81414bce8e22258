"""Every key that a file may have, for those who write one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apnsim.toml.reading import documented

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def keys_of_tables(tables: Mapping[str, type]) -> Iterator[str]:
    """Lines: each table, as it is written in the file, and its keys."""
    for written, kind in tables.items():
        yield from keys_of(written, kind)


def keys_of(written: str, kind: type) -> Iterator[str]:
    """Lines: one table and its keys, of a dataclass whose fields are made by ``reading.key``."""
    about = (kind.__doc__ or "").strip().splitlines()[0]
    yield f"{written}  {about}"
    for name, meaning in documented(kind):
        yield key_line(name, meaning)
    yield ""


def key_line(name: str, about: str) -> str:
    """One key."""
    return f"  {name:22} {about}"
