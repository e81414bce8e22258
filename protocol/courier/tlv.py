"""Apple's dialect ``apns-security-v3``: items as id, length and value ("TLV").

``command: u8 | length: u32 | items``, an item being ``id: u8 | length: u16 | value``, all integers
big-endian and of fixed width (courier-wire.md §2.1: pushproxy, pypush, rustpush).
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, ClassVar

from protocol.courier.apple import AppleCodec
from protocol.courier.errors import LocalProtocolError
from protocol.courier.frames import FrameReader, frame
from protocol.courier.items import Items, Number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from protocol.courier.items import Item

_HEAD = Struct(">BH")
_LONGEST = 0xFFFF


class TlvCodec(AppleCodec):
    """The dialect that open clients of Apple's courier speak."""

    __slots__ = ()
    ALPN: ClassVar[str] = "apns-security-v3"

    def frames(self, max_frame_bytes: int) -> FrameReader:
        """What cuts the stream into frames."""
        return FrameReader(max_frame_bytes)

    def write(self, command: int, items: Iterable[Item]) -> bytes:
        """A whole frame of these items.

        Raises:
            LocalProtocolError: a value is longer than its length can say.
        """
        return frame(command, b"".join([_write_item(item, value) for item, value in items]))

    def read(self, body: bytes) -> Items:
        """The items of a body.

        Raises:
            ValueError: one is cut off.
        """
        return Items(_read_items(body))

    def pass_over(self, body: bytes) -> None:
        """It may be anything."""


def _write_item(item: int, value: Number | bytes | str) -> bytes:
    if isinstance(value, Number):
        value = value.value.to_bytes(value.size)
    elif isinstance(value, str):
        value = value.encode()
    if len(value) > _LONGEST:
        raise LocalProtocolError(f"item {item} has {len(value)} bytes, the limit is {_LONGEST}")
    return _HEAD.pack(item, len(value)) + value


def _read_items(body: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(body):
        if len(body) - at < _HEAD.size:
            raise ValueError("its last item is cut off in its head")
        item, length = _HEAD.unpack_from(body, at)
        at += _HEAD.size
        if len(body) - at < length:
            raise ValueError(
                f"item {item} announces {length} bytes, and {len(body) - at} are there"
            )
        yield item, body[at : at + length]
        at += length
