"""Arbitrary bytes at both ends of a courier link: messages come out, or RemoteProtocolError."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgpack
from hypothesis import example, given
from hypothesis import strategies as st

from protocol.courier import messages as m
from protocol.courier.compact import CompactCodec
from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.frames import HEADER_BYTES, frame
from protocol.courier.items import Number
from protocol.courier.pack import PackedCodec
from protocol.courier.states import CourierState, Role
from protocol.courier.tlv import TlvCodec
from tests.protocol.courier.examples import ConnectionPair
from tests.protocol.courier.strategies import messages

if TYPE_CHECKING:
    from protocol.courier.apple import AppleCodec
    from protocol.courier.items import Item

DIALECTS = (CompactCodec, TlvCodec, PackedCodec)
dialects = st.sampled_from(DIALECTS)
apples = st.sampled_from([TlvCodec, PackedCodec])
KINDS = {kind.NUMBER: kind for kind in (*get_args(m.DeviceMessage), *get_args(m.GatewayMessage))}
numbers = st.sampled_from(sorted(KINDS))
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=40)
    | st.binary(max_size=40)
    | st.just("00000000-0000-0000-0000-00000000000a")
)
values = (
    scalars
    | st.lists(scalars, max_size=4)
    | st.dictionaries(st.text(max_size=4), scalars, max_size=2)
)


def decode_or_refuse(number: int, body: bytes) -> None:
    try:
        message = CompactCodec().decode(number, body)
    except RemoteProtocolError as refusal:
        outcome = str(refusal)
    else:
        outcome = type(message).__name__
    assert outcome.startswith(KINDS[number].__name__)


@given(numbers, st.binary())
@example(m.KeepAlive.NUMBER, b"\xc7\x00\xff")
@example(m.Filter.NUMBER, b"\xdd\xff\xff\xff\xff")
def test_any_body_is_a_message_or_refused(number: int, body: bytes) -> None:
    decode_or_refuse(number, body)


@given(numbers, st.lists(values, max_size=13))
def test_any_array_is_a_message_or_refused(number: int, fields: list[object]) -> None:
    decode_or_refuse(number, msgpack.packb(fields))


@given(messages, st.data())
def test_a_message_with_one_byte_changed_is_a_message_or_refused(
    message: m.Message, data: st.DataObject
) -> None:
    body = bytearray(CompactCodec().encode(message)[HEADER_BYTES:])
    index = data.draw(st.integers(0, len(body) - 1))
    body[index] = data.draw(st.integers(0, 255))
    decode_or_refuse(message.NUMBER, bytes(body))


def frame_of(dialect: type[AppleCodec | CompactCodec], message: m.Message) -> bytes:
    try:
        return dialect().encode(message)
    except LocalProtocolError:
        return b""  # not for this wire


def apple_decode_or_refuse(codec: AppleCodec, number: int, body: bytes) -> None:
    try:
        message = codec.decode(number, body)
    except RemoteProtocolError as refusal:
        outcome = str(refusal)
    else:
        outcome = f"command {number:#04x}, {type(message).__name__}"
    assert outcome.startswith(f"command {number:#04x}, ")


@given(apples, st.integers(0, 255), st.binary())
def test_any_body_of_apples_wire_is_a_message_or_refused_or_ignored(
    dialect: type[AppleCodec], number: int, body: bytes
) -> None:
    apple_decode_or_refuse(dialect(), number, body)


items = st.tuples(
    st.integers(0, 255),
    st.binary(max_size=40)
    | st.text(max_size=20)
    | st.builds(lambda number: Number(number, 4), st.integers(0, 2**32 - 1))
    | st.builds(lambda number: Number(number, 1), st.integers(0, 255)),
)


@given(apples, numbers, st.lists(items, max_size=8))
def test_any_items_are_a_message_or_refused_or_ignored(
    dialect: type[AppleCodec], number: int, said: list[Item]
) -> None:
    codec = dialect()
    frames = codec.frames(64 * 1024).receive(codec.write(number, said))
    for command, body in frames:
        apple_decode_or_refuse(codec, command, body)


@given(apples, messages, st.data())
def test_a_message_of_apples_wire_with_one_byte_changed_is_a_message_or_refused(
    dialect: type[AppleCodec], message: m.Message, data: st.DataObject
) -> None:
    for number, whole in dialect().frames(2**20).receive(frame_of(dialect, message)):
        body = bytearray(whole)
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
        apple_decode_or_refuse(dialect(), number, bytes(body))


def chunks(dialect: type[AppleCodec | CompactCodec]) -> st.SearchStrategy[bytes]:
    return (
        st.binary(max_size=64)
        | messages.map(lambda message: frame_of(dialect, message))
        | st.builds(frame, st.integers(0, 255), st.binary(max_size=32))
    )


@given(dialects, st.sampled_from(Role), st.sampled_from(CourierState), st.data())
def test_any_stream_gives_messages_or_closes_for_good(
    dialect: type[AppleCodec | CompactCodec], role: Role, state: CourierState, data: st.DataObject
) -> None:
    end = ConnectionPair(state, dialect).ends[role]
    received: list[m.Message] = []
    fault = "in state"
    try:
        for chunk in data.draw(st.lists(chunks(dialect), max_size=8)):
            received += end.receive_data(chunk) if chunk else []
        end.receive_data(b"")
    except RemoteProtocolError as error:
        received += error.messages
        fault = str(error)
    assert all(type(message) in KINDS.values() for message in received)
    assert "in state" in fault
    assert end.state is CourierState.CLOSED
