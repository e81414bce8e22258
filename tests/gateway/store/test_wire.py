"""Frames: whatever arrives, in whatever pieces, is a message, the wait for one, or WireError."""

from __future__ import annotations

from contextlib import suppress

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.store.wire import (
    MAX_FRAME_BYTES,
    FrameReader,
    WireError,
    frame,
    notification_of,
    row_of,
)
from protocol.identifiers import CollapseId
from tests.builders import notification

MESSAGES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=5).map(tuple),
    max_leaves=10,
)


@given(st.lists(MESSAGES, max_size=5), st.lists(st.integers(1, 50), max_size=20))
def test_messages_come_out_whole_and_in_order(messages: list[object], cuts: list[int]) -> None:
    data, reader, found = b"".join(map(frame, messages)), FrameReader(), []
    for cut in cuts:
        found += reader.feed(data[:cut])
        data = data[cut:]
    found += reader.feed(data)
    assert found == messages


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_bytes_are_messages_or_a_wire_error(pieces: list[bytes]) -> None:
    reader = FrameReader()
    with suppress(WireError):
        for piece in pieces:
            list(reader.feed(piece))


@given(st.binary(max_size=60))
def test_any_body_is_a_message_or_a_wire_error(body: bytes) -> None:
    try:
        (message,) = FrameReader().feed(len(body).to_bytes(4) + body)
    except WireError:
        return
    # Compared as bytes: NaN is not equal to itself.
    again = msgpack.unpackb(msgpack.packb(message), use_list=False, strict_map_key=False)
    assert repr(again) == repr(message)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"\x00\x00\x00\x01\xc1", "not msgpack"),
        (b"\x00\x00\x00\x00", "not msgpack"),
        (b"\x00\x00\x00\x02\xa1\xff", "not msgpack"),  # text that is no UTF-8
        (b"\x00\x00\x00\x02\x01\x01", "not msgpack"),  # something behind the message
        (b"\x00\x00\x00\x03\x81\x90\x01", "not msgpack"),  # a list as a key
        (b"\x00\x00\x10\x00" + b"\x91" * 4096, "not msgpack"),  # nested too deeply
        ((MAX_FRAME_BYTES + 1).to_bytes(4), "at most"),
    ],
)
def test_what_is_no_frame_is_named(data: bytes, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        list(FrameReader().feed(data))


@pytest.mark.parametrize("collapse_id", [None, CollapseId(""), CollapseId("\udc80é\x00")])
def test_a_notification_survives_the_way_there_and_back(collapse_id: CollapseId | None) -> None:
    kept = notification(3, collapse_id=collapse_id)
    (row,) = FrameReader().feed(frame(row_of(kept)))
    assert notification_of(row) == kept
