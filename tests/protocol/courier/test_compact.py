from __future__ import annotations

import dataclasses
import tracemalloc
from typing import get_args

import msgpack
import pytest
from hypothesis import given

from protocol.courier import compact
from protocol.courier import messages as m
from protocol.courier.compact import CompactCodec
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.frames import HEADER_BYTES, FrameReader
from protocol.identifiers import CollapseId, Topic
from tests.protocol.courier.examples import OK, PUSH, TOKEN, TOPIC, UNIQUE_ID
from tests.protocol.courier.strategies import BY_TYPE, messages

ALL = (*get_args(m.DeviceMessage), *get_args(m.GatewayMessage))


def body_of(message: m.Message) -> bytes:
    return CompactCodec().encode(message)[HEADER_BYTES:]


def decode(kind: type[m.Message], *values: object) -> m.Message | None:
    return CompactCodec().decode(kind.NUMBER, msgpack.packb(values))


def test_every_message_is_in_the_dialect_under_a_number_of_its_own() -> None:
    assert set(compact._FIELDS) == set(ALL) == set(BY_TYPE)
    assert len({kind.NUMBER for kind in ALL}) == len(ALL)


@pytest.mark.parametrize("kind", ALL)
def test_the_fields_of_the_dialect_are_those_of_the_message_in_order(kind: type[m.Message]) -> None:
    assert list(compact._FIELDS[kind]) == [field.name for field in dataclasses.fields(kind)]


@given(messages)
def test_every_message_comes_back_equal(message: m.Message) -> None:
    frames = list(FrameReader().receive(CompactCodec().encode(message)))
    (decoded,) = [CompactCodec().decode(command, body) for command, body in frames]
    assert decoded == message
    for field in dataclasses.fields(message):
        assert type(getattr(decoded, field.name)) is type(getattr(message, field.name))


def test_a_body_is_an_array_of_the_fields_in_order() -> None:
    assert msgpack.unpackb(body_of(m.KeepAlive(600))) == [600]
    assert msgpack.unpackb(body_of(m.NoStorage())) == []
    assert msgpack.unpackb(body_of(m.AppTokenRequest(TOPIC, renew=True))) == [TOPIC, True, ""]
    assert msgpack.unpackb(body_of(m.AppTokenInvalidate(TOKEN))) == [TOKEN, False]


def test_a_collapse_id_that_is_not_utf8_survives() -> None:
    odd = dataclasses.replace(PUSH, collapse_id=CollapseId.parse("caf\udce9"))
    assert CompactCodec().decode(m.Push.NUMBER, body_of(odd)) == odd


def test_fields_that_a_newer_peer_adds_are_ignored() -> None:
    assert decode(m.KeepAlive, 60, "new", {"k": [1.5]}) == m.KeepAlive(60)
    assert decode(m.KeepAliveResponse, None) == m.KeepAliveResponse()


def test_optional_fields_that_an_older_peer_does_not_know_take_their_default() -> None:
    assert decode(m.KeepAlive) == m.KeepAlive()
    assert decode(m.Filter, ["a"]) == m.Filter(enabled=(Topic("a"),))
    assert decode(m.PushAck, UNIQUE_ID) == m.PushAck(UNIQUE_ID)


def test_an_unknown_command_is_no_message() -> None:
    assert CompactCodec().decode(0x1E, b"\xc1 not even msgpack") is None


@pytest.mark.parametrize(
    ("kind", "values", "match"),
    [
        (m.PushAck, [], "PushAck has 0 fields, expected at least 1"),
        (m.ConnectResponse, [0, 1.0], "ConnectResponse has 2 fields, expected at least 3"),
        (m.ConnectResponse, [0, 1.0, 255], "ConnectResponse.max_message_bytes: expected 256"),
        (m.ConnectResponse, [0, 1.0, 256, "x" * 1025], "ConnectResponse.detail"),
        (m.Connect, [True, "x" * 256], "Connect.interface: expected printable text"),
        (m.KeepAlive, [-1], "KeepAlive.interval_seconds"),
        (m.KeepAlive, [2**32], "KeepAlive.interval_seconds"),
        (m.SetState, [1], "SetState.is_active: expected true or false, not int"),
        (m.Filter, [["ok", "not ok"]], "Filter.enabled: a topic is"),
        (m.AppTokenInvalidate, [b""], "AppTokenInvalidate.token"),
    ],
)
def test_a_field_that_is_wrong_is_named(
    kind: type[m.Message], values: list[object], match: str
) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        decode(kind, *values)


def test_every_field_of_a_push_is_checked() -> None:
    values = msgpack.unpackb(body_of(PUSH))
    for index, field in enumerate(dataclasses.fields(PUSH)):
        wrong = [*values[:index], [[]], *values[index + 1 :]]
        with pytest.raises(RemoteProtocolError, match=f"^Push.{field.name}: "):
            decode(m.Push, *wrong)


@pytest.mark.parametrize(
    "body",
    [
        b"",  # nothing
        b"\x91",  # an array without its item
        b"\x90\x00",  # one byte too many
        b"\xc1",  # never used in msgpack
        b"\x91\xd4\x05\x00",  # an extension type
        b"\x91\xd6\xff\x00\x00\x00\x00",  # a time stamp, which is one
        b"\x91\xa1\xff",  # text that is not UTF-8
        b"\x92\x00\xdc\x04\x01" + bytes(1025),  # a list longer than any list of topics
        b"\x92\x00\x81\x90\x00",  # a map whose key is an array
        b"\x91" * 2000,  # nested deeper than msgpack goes
    ],
)
def test_what_is_not_msgpack_or_not_this_dialect_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="KeepAlive is not msgpack"):
        CompactCodec().decode(m.KeepAlive.NUMBER, body)


@pytest.mark.parametrize("body", [b"\x80", b"\x07", b"\xc0", b"\xa0"])
def test_a_body_that_is_not_an_array_is_refused(body: bytes) -> None:
    with pytest.raises(RemoteProtocolError, match="NoStorage is not an array but a"):
        CompactCodec().decode(m.NoStorage.NUMBER, body)


@pytest.mark.parametrize(
    "header", [b"\xdc\x04\x00", b"\xdd\x00\x00\xff\xff", b"\xdf\xff\xff\xff\xff"]
)
def test_a_hostile_frame_cannot_make_us_allocate(header: bytes) -> None:
    body = (header * (64 * 1024 // len(header)))[: 64 * 1024]
    tracemalloc.start()
    try:
        with pytest.raises(RemoteProtocolError):
            CompactCodec().decode(m.Filter.NUMBER, body)
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_a_refusal_does_not_hurt_the_next_message() -> None:
    with pytest.raises(RemoteProtocolError):
        CompactCodec().decode(m.KeepAlive.NUMBER, b"\x91")
    assert CompactCodec().decode(m.ConnectResponse.NUMBER, body_of(OK)) == OK
