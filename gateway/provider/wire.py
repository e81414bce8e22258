"""What is written by hand on the HTTP/2 wire, and Apple's numbers for it."""

from __future__ import annotations

import struct

from protocol.provider.http import ERROR_NAMES

NO_ERROR = 0
PROTOCOL_ERROR = 1
REFUSED_STREAM = 7
COMPRESSION_ERROR = 9
ENHANCE_YOUR_CALM = 11
HEADER_TABLE_BYTES = 4096
STREAM_WINDOW_BYTES = 65_535
CONNECTION_WINDOW_BYTES = 1 << 24
FRAME_BYTES = 16_384
LENGTH_BYTES = 3
"""A frame begins with its length (RFC 9113 4.1)."""
DECODED_HEADER_BYTES = 1 << 16
"""A longer header list is a bomb (CVE-2016-6581) and ends the connection."""
CLOSED_STREAMS_REMEMBERED = 4096
UNLIMITED_STREAMS = (1 << 31) - 1

# RFC 9113 6.5.2
(
    SETTING_HEADER_TABLE_SIZE,
    _,
    SETTING_MAX_STREAMS,
    SETTING_WINDOW_SIZE,
    SETTING_FRAME_SIZE,
    SETTING_HEADER_LIST_SIZE,
) = range(1, 7)

DATA, HEADERS, SETTINGS, GOAWAY = 0, 1, 4, 7
LAST_STREAM_ID = (1 << 31) - 1
END_STREAM, END_HEADERS = 0x1, 0x4


class PeerError(Exception):
    """The peer broke HTTP/2 or our patience; ``code`` is RFC 9113's error code for the GOAWAY."""

    def __init__(self, message: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


def error_name(code: int) -> str:
    """What HTTP/2 calls an error."""
    return ERROR_NAMES[code] if 0 <= code < len(ERROR_NAMES) else "another"


def frame_header(length: int, kind: int, flags: int, stream_id: int) -> bytes:
    """RFC 9113 4.1: 24 bits of length, type, flags, stream."""
    return struct.pack(">BHBBI", length >> 16, length & 0xFFFF, kind, flags, stream_id)


def is_too_long(head: bytes | bytearray) -> bool:
    """Whether a frame that begins so, with a length, is longer than our SETTINGS allow."""
    return len(head) == LENGTH_BYTES and int.from_bytes(head) > FRAME_BYTES


def settings_frame(values: dict[int, int]) -> bytes:
    """A SETTINGS frame with exactly these values, in this order (RFC 9113 6.5)."""
    payload = b"".join(struct.pack(">HI", key, value) for key, value in values.items())
    return frame_header(len(payload), SETTINGS, 0, 0) + payload


def goaway_frame(code: int, debug_data: bytes, last_stream_id: int) -> bytes:
    """A GOAWAY frame (RFC 9113 6.8)."""
    payload = struct.pack(">II", last_stream_id, code) + debug_data
    return frame_header(len(payload), GOAWAY, 0, 0) + payload
