from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.courier.errors import RemoteProtocolError
from protocol.courier.frames import HEADER_BYTES, FrameReader, frame


def test_a_frame_is_command_length_and_body() -> None:
    assert frame(0x0C, b"") == bytes.fromhex("0c00000000")
    assert frame(0x07, b"ab") == bytes.fromhex("0700000002") + b"ab"


@given(
    st.lists(st.tuples(st.integers(0, 255), st.binary(max_size=40))),
    st.lists(st.integers(1, 30)),
)
def test_frames_come_out_whole_however_the_stream_is_cut(
    frames: list[tuple[int, bytes]], sizes: list[int]
) -> None:
    stream = b"".join(frame(command, body) for command, body in frames)
    reader = FrameReader()
    received = []
    for size in [*sizes, len(stream)]:
        received += reader.receive(stream[:size])
        stream = stream[size:]
    assert received == frames
    assert reader.pending_bytes == 0


def test_single_bytes_are_enough() -> None:
    reader = FrameReader()
    stream = frame(1, b"abc") + frame(2, b"")
    received = [list(reader.receive(stream[i : i + 1])) for i in range(len(stream))]
    assert received == [[]] * 7 + [[(1, b"abc")]] + [[]] * 4 + [[(2, b"")]]


def test_an_unfinished_frame_is_pending() -> None:
    reader = FrameReader()
    assert list(reader.receive(frame(1, b"") + frame(2, b"xyz")[:-1])) == [(1, b"")]
    assert reader.pending_bytes == HEADER_BYTES + 2


def test_the_limit_counts_the_whole_frame() -> None:
    reader = FrameReader(max_frame_bytes=HEADER_BYTES + 3)
    assert list(reader.receive(frame(1, b"abc"))) == [(1, b"abc")]
    with pytest.raises(RemoteProtocolError, match="0x01 has 9 bytes, the limit is 8"):
        list(reader.receive(frame(1, b"abcd")))


def test_a_frame_too_large_is_refused_by_its_header_alone() -> None:
    reader = FrameReader(max_frame_bytes=64)
    with pytest.raises(RemoteProtocolError, match="4294967300 bytes"):
        list(reader.receive(b"\x0a\xff\xff\xff\xff"))


def test_frames_before_one_too_large_are_not_lost() -> None:
    frames = FrameReader(max_frame_bytes=64).receive(frame(1, b"a") + frame(2, bytes(100)))
    assert next(frames) == (1, b"a")
    with pytest.raises(RemoteProtocolError):
        next(frames)


def test_a_reader_keeps_no_bytes_between_frames() -> None:
    reader = FrameReader()
    tracemalloc.start()
    try:
        list(reader.receive(frame(1, bytes(60_000))[:-1]))
        list(reader.receive(b"\0"))
        assert tracemalloc.get_traced_memory()[0] < 2_000
    finally:
        tracemalloc.stop()


def test_the_work_is_linear_in_the_bytes() -> None:
    # A frame that arrives byte by byte is copied once, not once per byte.
    reader = FrameReader()
    copied = []
    whole = frame(1, bytes(5_000))
    for i in range(len(whole)):
        copied += reader.receive(whole[i : i + 1])
        assert reader._needed in (*range(1, HEADER_BYTES + 1), len(whole))
    assert copied == [(1, bytes(5_000))]
