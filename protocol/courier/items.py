"""Items: what the messages of Apple's courier are made of, however a dialect writes them.

An item is a number from 0 to 255 and a value; the same number may come several times, and their
order means nothing (courier-wire.md §2.1, of pushproxy and pypush). A dialect writes
:data:`Item` pairs and reads them back into :class:`Items`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable


class Number(NamedTuple):
    """An unsigned integer, and how many bytes it takes where its width is fixed."""

    value: int
    size: int


class Repeated(bytes):
    """A value that comes again and again on a link: a token, or the hash of a topic."""

    __slots__ = ()


Item: TypeAlias = "tuple[int, Number | bytes | str]"


class Items:
    """The items of one message, each believed when it is asked for.

    Unknown ones are never asked for. Of those that come several times where one is due, the first
    counts.

    Args:
        found: as a dialect has read them; numbers and texts may still be bytes.
    """

    __slots__ = ("_values",)

    def __init__(self, found: Iterable[tuple[int, object]]) -> None:
        self._values: dict[int, list[object]] = {}
        for item, value in found:
            self._values.setdefault(item, []).append(value)

    def __contains__(self, item: int) -> bool:
        return item in self._values

    def data(self, item: int) -> bytes:
        """The bytes of an item.

        Raises:
            ValueError: it is missing, or something else.
        """
        return _data(item, self._first(item))

    def all(self, item: int) -> list[bytes]:
        """The bytes of every item of this number, perhaps none.

        Raises:
            ValueError: one is something else.
        """
        return [_data(item, value) for value in self._values.get(item, ())]

    def number(self, item: int, size: int, default: int | None = None) -> int:
        """An unsigned integer of so many bytes.

        Args:
            item: which.
            size: in bytes, exactly, where the dialect has widths.
            default: when it is missing.

        Raises:
            ValueError: it is missing and there is no default, or of another size.
        """
        if default is not None and item not in self._values:
            return default
        value = self._first(item)
        if isinstance(value, bytes) and len(value) == size:
            return int.from_bytes(value)
        if isinstance(value, int) and 0 <= value < 1 << 8 * size:
            return value
        said = f"{len(value)} bytes" if isinstance(value, bytes) else str(value)[:40]
        raise ValueError(f"item {item}: expected a number of {size} bytes, not {said}")

    def text(self, item: int) -> str:
        """Text in UTF-8; empty when it is missing.

        Raises:
            ValueError: it is something else.
        """
        value = self._first(item) if item in self._values else ""
        if isinstance(value, bytes):
            try:
                value = value.decode()
            except UnicodeDecodeError:
                raise ValueError(f"item {item}: expected text in UTF-8") from None
        if not isinstance(value, str) or len(value) > 255 or not value.isprintable():
            raise ValueError(f"item {item}: expected printable text of at most 255 characters")
        return value

    def _first(self, item: int) -> object:
        if item not in self._values:
            raise ValueError(f"item {item} is missing")
        return self._values[item][0]


def _data(item: int, value: object) -> bytes:
    if type(value) is not bytes:
        raise ValueError(f"item {item}: expected bytes, not {type(value).__name__}")
    return value
