"""Frames: bytes in, whole frames out.

A frame is ``command:u8 | length:u32 big-endian | body`` with ``length`` bytes of body, as in
Apple's TLV dialect (docs/courier.md), so every dialect shares this layer. A limit bounds the
whole frame, header included, and is checked when the header is complete: a peer that announces
a gigabyte is refused before one byte of it is kept.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from protocol.courier.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER = Struct(">BI")
HEADER_BYTES = _HEADER.size
DEFAULT_MAX_FRAME_BYTES = 64 * 1024


def frame(command: int, body: bytes) -> bytes:
    """One whole frame.

    Args:
        command: wire number of the message, 0 to 255.
        body: what the dialect made of the message.
    """
    return _HEADER.pack(command, len(body)) + body


class FrameReader:
    """Cuts a stream of bytes into frames, at a cost linear in the bytes.

    ``max_frame_bytes`` may be changed between calls. Idle between frames it holds no bytes.
    """

    __slots__ = ("_buffer", "_needed", "max_frame_bytes")

    def __init__(self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES) -> None:
        self.max_frame_bytes = max_frame_bytes
        self._buffer = bytearray()
        # Below this many buffered bytes there is nothing to look at: a peer that sends single
        # bytes costs one comparison for each.
        self._needed = HEADER_BYTES

    @property
    def pending_bytes(self) -> int:
        """How many bytes of an unfinished frame are held."""
        return len(self._buffer)

    def receive(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Yield ``(command, body)`` for every frame that ``data`` completes.

        Exhaust the iterator before the next call: what it has not reached is kept at its end.

        Raises:
            RemoteProtocolError: a frame is larger than the limit. Frames before it have been
                yielded; the reader is of no use after it.
        """
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._needed:
                return
            data = bytes(self._buffer)
            self._buffer.clear()
        start = 0
        while (end := self._end_of_frame(data, start)) <= len(data):
            yield data[start], data[start + HEADER_BYTES : end]
            start = end
        self._needed = end - start
        self._buffer += data[start:]

    def _end_of_frame(self, data: bytes, start: int) -> int:
        """Where the frame at ``start`` ends; its header's end while that is incomplete."""
        body = start + HEADER_BYTES
        if len(data) < body:
            return body
        command, length = _HEADER.unpack_from(data, start)
        if HEADER_BYTES + length > self.max_frame_bytes:
            raise RemoteProtocolError(
                f"frame of command {command:#04x} has {HEADER_BYTES + length} bytes,"
                f" the limit is {self.max_frame_bytes}"
            )
        return body + int(length)
