"""Values of ``apns-pack-v1``: every value says of what type it is (courier-wire.md §2.2).

Of rustpush, the only client known to write and to read them; nothing of it was captured. A
*tagged number* shares its first byte with flags above it: of ``width`` bits, a value below their
maximum stands there itself, any other as that maximum and the rest as a little-endian varint.

The first byte of a value, by its top bits: 00 data, 01 text, 10 integer, 110 array or dictionary,
111 boolean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.courier.protobuf import read_varint, varint

if TYPE_CHECKING:
    from collections.abc import Callable

_TEXT, _INTEGER, _COLLECTION, _BOOLEAN = 0x40, 0x80, 0xC0, 0xE0
_LONG, _NEGATIVE, _ARRAY = 0x20, 0x08, 0x10
# Deeper than any plist of Apple's; a byte each, a frame could nest 64,000 of them.
_DEEPEST = 16


def tagged(flags: int, width: int, value: int) -> bytes:
    """A number of ``width`` bits below these flags, and what follows when it has more."""
    most = (1 << width) - 1
    if value < most:
        return bytes([flags | value])
    return bytes([flags | most]) + varint(value - most)


def read_tagged(data: bytes, at: int, width: int) -> tuple[int, int] | None:
    """The number that begins there, and where it ends; None when the data ends before it.

    Raises:
        ValueError: it is longer than any length needs.
    """
    if at >= len(data):
        return None
    most = (1 << width) - 1
    value = data[at] & most
    if value < most:
        return value, at + 1
    rest = read_varint(data, at + 1)
    return None if rest is None else (most + rest[0], rest[1])


def write_value(value: int | bytes | str) -> bytes:
    """A value as its type says: an integer not below zero, data or text."""
    if isinstance(value, bytes):
        return tagged(0, 6, len(value)) + value
    if isinstance(value, str):
        raw = value.encode()
        return tagged(_TEXT, 5, len(raw)) + raw
    if value < 32:
        return bytes([_INTEGER | value])
    size = (value.bit_length() + 7) // 8
    return bytes([_INTEGER | _LONG | size - 1]) + value.to_bytes(size)


class ValueReader:
    """Reads values at a place that moves on behind them.

    Args:
        data: of one frame.
        read_attribute: reads a key with its value; for what dictionaries hold.
    """

    __slots__ = ("_data", "_depth", "_read_attribute", "at")

    def __init__(
        self, data: bytes, read_attribute: Callable[[ValueReader], tuple[bytes, object]]
    ) -> None:
        self._data = data
        self._read_attribute = read_attribute
        self._depth = 0
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        """Whether all has been read."""
        return self.at >= len(self._data)

    def peek(self) -> int:
        """The next byte, which stays the next.

        Raises:
            ValueError: there is none.
        """
        if self.is_at_end:
            raise ValueError("it ends where a value is due")
        return self._data[self.at]

    def take(self, size: int) -> bytes:
        """So many bytes.

        Raises:
            ValueError: there are fewer.
        """
        taken = self._data[self.at : self.at + size]
        if len(taken) < size:
            raise ValueError(f"{size} bytes are announced, and {len(taken)} are there")
        self.at += size
        return taken

    def since(self, start: int) -> bytes:
        """All that has been read from there on."""
        return self._data[start : self.at]

    def number(self, width: int) -> int:
        """A tagged number; its flags are passed over.

        Raises:
            ValueError: it is cut off, or longer than any needs.
        """
        found = read_tagged(self._data, self.at, width)
        if found is None:
            raise ValueError("it ends within a number")
        value, self.at = found
        return value

    def value(self) -> object:
        """A value of any type.

        Raises:
            ValueError: it is malformed, or nested too deeply.
        """
        first = self.peek()
        if first < _TEXT:
            return self.take(self.number(6))
        if first < _INTEGER:
            return self.take(self.number(5)).decode()  # UnicodeDecodeError is a ValueError
        if first < _COLLECTION:
            return self._integer()
        if first >= _BOOLEAN:
            return bool(self.number(4))
        return self._collection(is_array=bool(first & _ARRAY))

    def _integer(self) -> int:
        [first] = self.take(1)
        if not first & _LONG:
            return first & 0x1F
        magnitude = int.from_bytes(self.take((first & 7) + 1))
        return -magnitude if first & _NEGATIVE else magnitude

    def _collection(self, *, is_array: bool) -> list[object] | dict[bytes, object]:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise ValueError(f"values are nested more than {_DEEPEST} deep")
        count = self.number(4)
        found: list[object] | dict[bytes, object]
        # One by one: what is announced is not believed.
        if is_array:
            found = [self.value() for _ in range(count)]
        else:
            found = dict(self._read_attribute(self) for _ in range(count))
        self._depth -= 1
        return found
