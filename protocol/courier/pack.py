"""Apple's dialect ``apns-pack-v1``: the items of ``apns-security-v3``, packed.

``command: u8 | length: tagged number | attributes``, an attribute being a key and a value
(``pack_values``). Keys above 15, and values that come again and again, are said once and referred
to from then on: each direction of a link has a cache of either, which writer and reader keep alike
(courier-wire.md §2.2, of rustpush; nothing of it was captured).

A key byte: 0x80 the value is a reference, 0x40 the value enters the cache; 0x20 the key is a
reference, 0x10 the key is spelt out and enters the cache, neither: the key is the low four bits.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ClassVar

from protocol.courier.apple import AppleCodec
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.frames import FrameReader
from protocol.courier.items import Items, Number, Repeated
from protocol.courier.pack_values import ValueReader, read_tagged, tagged, write_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from protocol.courier.items import Item

_VALUE_REFERENCE, _VALUE_ENTERS, _KEY_REFERENCE, _KEY_SPELT = 0x80, 0x40, 0x20, 0x10
_LOW = 0x0F
_KEYS, _LONGEST_KEY = 32, 255
# As both clients that can say a size in the ALPN name do: ``apns-pack-v1:4096:4096``.
_VALUE_BYTES, _VALUE_OVERHEAD = 4096, 32


class _Caches:
    """What has been said in one direction, the newest first; referred to by its place."""

    __slots__ = ("_bytes", "_values", "keys")

    def __init__(self) -> None:
        self.keys: deque[bytes] = deque(maxlen=_KEYS)
        self._values: deque[tuple[bytes, object]] = deque()
        self._bytes = 0

    def keep(self, packed: bytes, value: object) -> None:
        """Let a value enter; the oldest make room.

        Raises:
            ValueError: it is larger than the whole cache, for which clients differ in what to do;
                or has parts, which could refer to itself. No client caches such.
        """
        size = len(packed) + _VALUE_OVERHEAD
        if size > _VALUE_BYTES or isinstance(value, list | dict):
            raise ValueError(f"a {type(value).__name__} of {len(packed)} bytes cannot be cached")
        self._values.appendleft((packed, value))
        self._bytes += size
        while self._bytes > _VALUE_BYTES:
            self._bytes -= len(self._values.pop()[0]) + _VALUE_OVERHEAD

    def place_of(self, packed: bytes) -> int | None:
        """Where a value is; None when it is not there (any more)."""
        return next((at for at, (each, _) in enumerate(self._values) if each == packed), None)

    def value_at(self, place: int) -> object:
        """The value there, not a copy of it: a frame may refer to it thousands of times.

        Raises:
            ValueError: nothing is there.
        """
        if place >= len(self._values):
            raise ValueError(f"it refers to value {place}, and {len(self._values)} are known")
        return self._values[place][1]

    def key_at(self, place: int) -> bytes:
        """The key there.

        Raises:
            ValueError: nothing is there.
        """
        if place >= len(self.keys):
            raise ValueError(f"it refers to key {place}, and {len(self.keys)} are known")
        return self.keys[place]


class PackedCodec(AppleCodec):
    """The dialect that the newest clients of Apple's courier offer."""

    __slots__ = ("_heard", "_said")
    ALPN: ClassVar[str] = "apns-pack-v1"

    def __init__(self) -> None:
        super().__init__()
        self._said = _Caches()
        self._heard = _Caches()

    def frames(self, max_frame_bytes: int) -> FrameReader:
        """What cuts the stream into frames."""
        return FrameReader(max_frame_bytes, _read_head)

    def write(self, command: int, items: Iterable[Item]) -> bytes:
        """A whole frame of these items; the next one may refer to them."""
        body = b"".join([self._write_item(item, value) for item, value in items])
        return bytes([command]) + tagged(0, 8, len(body)) + body

    def _write_item(self, item: int, value: Number | bytes | str) -> bytes:
        packed = write_value(value.value if isinstance(value, Number) else value)
        if not isinstance(value, Repeated):
            return self._write_key(item, 0) + packed
        place = self._said.place_of(packed)
        if place is not None:
            return self._write_key(item, _VALUE_REFERENCE) + tagged(0, 8, place)
        self._said.keep(packed, value)
        return self._write_key(item, _VALUE_ENTERS) + packed

    def _write_key(self, item: int, flags: int) -> bytes:
        if item <= _LOW:
            return bytes([flags | item])
        key = bytes([item])
        if key in self._said.keys:
            return bytes([flags | _KEY_REFERENCE | self._said.keys.index(key)])
        self._said.keys.appendleft(key)
        return tagged(flags | _KEY_SPELT, 4, len(key) - 1) + key

    def read(self, body: bytes) -> Items:
        """The items of a body. Once one is malformed, the caches are of no use: as the link.

        Raises:
            ValueError: one is malformed.
        """
        reader = ValueReader(body, self._read_attribute)
        found: list[tuple[int, object]] = []
        while not reader.is_at_end:
            key, value = self._read_attribute(reader)
            if len(key) == 1:  # longer ones are those of dictionaries
                found.append((key[0], value))
        return Items(found)

    def pass_over(self, body: bytes) -> None:
        """Read all the same: what enters the caches may be referred to later.

        Raises:
            ValueError: it is malformed.
        """
        self.read(body)

    def _read_attribute(self, reader: ValueReader) -> tuple[bytes, object]:
        flags = reader.peek()
        key = self._read_key(reader, flags)
        if flags & _VALUE_REFERENCE:
            return key, self._heard.value_at(reader.number(8))
        start = reader.at
        value = reader.value()
        if flags & _VALUE_ENTERS:
            self._heard.keep(reader.since(start), value)
        return key, value

    def _read_key(self, reader: ValueReader, flags: int) -> bytes:
        # Whatever it is, it begins in the byte of the flags.
        if flags & _KEY_SPELT and not flags & _KEY_REFERENCE:
            size = reader.number(4) + 1
            if size > _LONGEST_KEY:
                raise ValueError(f"a key of {size} bytes")
            key = reader.take(size)
            self._heard.keys.appendleft(key)
            return key
        reader.take(1)
        if flags & _KEY_REFERENCE:
            return self._heard.key_at(flags & 0x1F)
        return bytes([flags & _LOW])


def _read_head(data: bytes, start: int) -> tuple[int, int] | None:
    try:
        found = read_tagged(data, start + 1, 8)
    except ValueError as error:
        raise RemoteProtocolError(f"the length of a frame: {error}") from None
    return None if found is None else (found[1], found[0])
