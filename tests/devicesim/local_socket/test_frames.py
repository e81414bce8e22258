"""Frames of the local socket: whatever arrives is a frame or a FrameError."""

from __future__ import annotations

import msgpack
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from trio.testing import memory_stream_pair

from devicesim.local_socket.frames import MAX_FRAME_BYTES, FrameError, SocketFrames


async def heard(data: bytes, cut: int = 0) -> list[object]:
    near, far = memory_stream_pair()
    await far.send_all(data[:cut])
    await far.send_all(data[cut:])
    await far.send_eof()
    frames = SocketFrames(near)
    said: list[object] = []
    while (frame := await frames.receive()) is not None:
        said.append(frame)
    return said


def framed(body: bytes) -> bytes:
    return len(body).to_bytes(4) + body


async def test_frames_sent_together_arrive_one_by_one() -> None:
    near, far = memory_stream_pair()
    await SocketFrames(near).send({"say": "a", "n": b"\xff"}, {"say": "b"})
    await near.send_eof()
    frames = SocketFrames(far)
    assert await frames.receive() == {"say": "a", "n": b"\xff"}
    assert await frames.receive() == {"say": "b"}
    assert await frames.receive() is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"GET ", "a frame of 1195725856 bytes"),
        ((MAX_FRAME_BYTES + 1).to_bytes(4), "the limit is 65536"),
        (b"\0\0", "ended inside a frame"),
        (b"\0\0\0\5abc", "ended inside a frame"),
        (b"\0\0\0\5", "ended inside a frame"),
        (framed(b""), "not msgpack"),
        (framed(b"\xc1"), "not msgpack"),
        (framed(b"\x91" * 5000), "not msgpack"),
        (framed(b"\xa1\xff"), "not msgpack"),
        (framed(b"\x81\x90\x01"), "not msgpack"),
        (framed(msgpack.packb([1])), "not a map"),
        (framed(msgpack.packb({"say": 1})), "not a map"),
    ],
)
async def test_garbage_is_told_apart(data: bytes, expected: str) -> None:
    with pytest.raises(FrameError, match=expected):
        await heard(data)


@given(data=st.binary() | st.binary().map(framed), cut=st.integers(0, 20))
def test_any_bytes_are_frames_or_a_frame_error(data: bytes, cut: int) -> None:
    try:
        said = trio.run(heard, data, cut)
    except FrameError:
        return
    assert all(isinstance(frame, dict) for frame in said)
