"""As much of Protocol Buffers' wire format as channels need: varints and what has a length.

Apple's courier puts a message of it into items 2 of 0x1d and 29 of 0x0a (courier-wire.md §3, of
rustpush). https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_VARINT, _I64, _LEN, _I32 = 0, 1, 2, 5
_FIXED = {_I64: 8, _I32: 4}
_MAX_VARINT_BYTES = 10


def varint(value: int) -> bytes:
    """An unsigned integer, seven bits to the byte, the lowest first."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def read_varint(data: bytes, start: int) -> tuple[int, int] | None:
    """The integer that begins there, and where it ends; None when the data ends before it.

    Raises:
        ValueError: it is longer than 64 bits ever need.
    """
    value = 0
    for index in range(start, min(len(data), start + _MAX_VARINT_BYTES)):
        value |= (data[index] & 0x7F) << 7 * (index - start)
        if data[index] < 0x80:
            return value, index + 1
    if len(data) - start >= _MAX_VARINT_BYTES:
        raise ValueError(f"a varint of more than {_MAX_VARINT_BYTES} bytes")
    return None


def message(fields: Iterable[tuple[int, int | bytes]]) -> bytes:
    """A message of these fields, in this order."""
    made = bytearray()
    for number, value in fields:
        if isinstance(value, int):
            made += varint(number << 3 | _VARINT) + varint(value)
        else:
            made += varint(number << 3 | _LEN) + varint(len(value)) + value
    return bytes(made)


def fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The varints and the parts with a length of a message; fixed-width numbers are passed over.

    Raises:
        ValueError: it is malformed.
    """
    at = 0
    while at < len(data):
        tag, at = _whole_varint(data, at)
        number, kind = tag >> 3, tag & 7
        if kind == _VARINT:
            value, at = _whole_varint(data, at)
            yield number, value
            continue
        if kind == _LEN:
            size, at = _whole_varint(data, at)
        elif kind in _FIXED:
            size = _FIXED[kind]
        else:
            raise ValueError(f"protobuf field {number} has the wire type {kind}")
        if len(data) - at < size:
            raise ValueError(f"protobuf field {number} is cut off")
        if kind == _LEN:
            yield number, data[at : at + size]
        at += size


def _whole_varint(data: bytes, start: int) -> tuple[int, int]:
    found = read_varint(data, start)
    if found is None:
        raise ValueError("protobuf ends within a varint")
    return found
