"""Frames: bytes in, whole frames out.

A frame is ``command:u8 | length:u32 big-endian | body`` with ``length`` bytes of body, as in
Apple's TLV dialect (docs/courier.md); a dialect with other heads says how to read them. A limit
bounds the whole frame, head included, and is checked when the head is complete: a peer that
announces a gigabyte is refused before one byte of it is kept.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, TypeAlias

from protocol.courier.errors import RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEADER = Struct(">BI")
HEADER_BYTES = _HEADER.size
DEFAULT_MAX_FRAME_BYTES = 64 * 1024

ReadHead: TypeAlias = "Callable[[bytes, int], tuple[int, int] | None]"
"""Reads the head that begins there: where its body begins, and how long that is; None while the
head is incomplete. The first byte of a head is the command."""


def frame(command: int, body: bytes) -> bytes:
    """One whole frame.

    Args:
        command: wire number of the message, 0 to 255.
        body: what the dialect made of the message.
    """
    return _HEADER.pack(command, len(body)) + body


def fixed_head(data: bytes, start: int) -> tuple[int, int] | None:
    """A :data:`ReadHead` for what :func:`frame` makes."""
    body = start + HEADER_BYTES
    if len(data) < body:
        return None
    _, length = _HEADER.unpack_from(data, start)
    return body, length


class FrameReader:
    """Cuts a stream of bytes into frames, at a cost linear in the bytes.

    ``max_frame_bytes`` may be changed between calls. Idle between frames it holds no bytes.
    """

    __slots__ = ("_buffer", "_needed", "_read_head", "max_frame_bytes")

    def __init__(
        self, max_frame_bytes: int = DEFAULT_MAX_FRAME_BYTES, read_head: ReadHead = fixed_head
    ) -> None:
        self.max_frame_bytes = max_frame_bytes
        self._read_head = read_head
        self._buffer = bytearray()
        # Below this many buffered bytes there is nothing to look at: a peer that sends single
        # bytes costs one comparison for each.
        self._needed = 1

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
        while (found := self._whole_frame(data, start)) is not None:
            body, end = found
            yield data[start], data[body:end]
            start = end
        self._buffer += data[start:]

    def _whole_frame(self, data: bytes, start: int) -> tuple[int, int] | None:
        """Where the body of the frame at ``start`` begins and ends; None while it is not whole."""
        head = self._read_head(data, start)
        if head is None:
            self._needed = len(data) - start + 1
            return None
        body, length = head
        size = body - start + length
        if size > self.max_frame_bytes:
            raise RemoteProtocolError(
                f"frame of command {data[start]:#04x} has {size} bytes,"
                f" the limit is {self.max_frame_bytes}"
            )
        self._needed = size
        return (body, start + size) if start + size <= len(data) else None
