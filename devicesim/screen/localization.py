"""The apps' tables of strings, where the keys in an alert are looked up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Far more than an app of people has; bounds what the control API can make a device keep.
MAX_TABLE_LENGTH = 256 * 1024


class StringTables:
    """The tables of a device's apps.

    Args:
        tables: bundle id → key → text; changed in place, kept by the caller.
    """

    __slots__ = ("_tables",)

    def __init__(self, tables: dict[str, dict[str, str]]) -> None:
        self._tables = tables

    def of(self, bundle_id: str) -> Mapping[str, str]:
        """An app's table; empty when it has none."""
        return self._tables.get(bundle_id, {})

    def replace(self, bundle_id: str, table: Mapping[str, str]) -> None:
        """Give an app another table, as a new version of it would; empty takes it away.

        Raises:
            ValueError: it is too long.
        """
        length = sum(len(key) + len(text) for key, text in table.items())
        if length > MAX_TABLE_LENGTH:
            raise ValueError(
                f"the strings of {bundle_id} have {length} characters, at most {MAX_TABLE_LENGTH}"
            )
        if table:
            self._tables[bundle_id] = dict(table)
        else:
            self._tables.pop(bundle_id, None)

    def forget(self, bundle_id: str) -> None:
        """An uninstalled app takes its table along."""
        self._tables.pop(bundle_id, None)
