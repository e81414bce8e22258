"""Bytes of ``apns-pack-v1``: worked out from rustpush's rules, never captured."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.courier.connection import CourierConnection
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.items import Number, Repeated
from protocol.courier.messages import (
    Connect,
    Filter,
    KeepAlive,
    PushAck,
    SetState,
)
from protocol.courier.pack import PackedCodec
from protocol.courier.pack_values import ValueReader, read_tagged, tagged, write_value
from protocol.courier.states import Role
from protocol.identifiers import DeviceToken, Topic, UniqueId
from tests.protocol.courier.examples import PUSH

if TYPE_CHECKING:
    from protocol.courier.messages import Message

TOKEN = DeviceToken(bytes(range(32)))
TOPIC = Topic("com.example.a")
DIGEST = "a821d5dac92a9f39e414730ed5976d08ae9244fe"
VECTORS: list[tuple[Message, str]] = [
    (SetState(True), "14080181 02a37fffffff"),
    (KeepAlive(), "0c00"),
    (Filter(enabled=(TOPIC,)), f"0938 4120{TOKEN.hex()} 4214{DIGEST}"),
    (Filter(enabled=(TOPIC,)), "0904 8101 8200"),
    (PushAck(UniqueId.from_random(bytes([1, 2, 3, 4]) + bytes(12))), "0b0a 8101 04a301020304 0880"),
]


def test_messages_in_a_row_share_their_caches() -> None:
    device, gateway = PackedCodec(), PackedCodec()
    device._link.base_token = TOKEN
    for message, expected in VECTORS:
        made = device.encode(message)
        assert made == bytes.fromhex(expected)
        [(command, body)] = gateway.frames(1000).receive(made)
        assert gateway.decode(command, body) is not None


def test_a_key_above_15_is_spelt_once() -> None:
    codec = PackedCodec()
    items = [(2, Number(1, 1)), (5, Number(0x41, 4)), (0x10, Number(9, 2))]
    assert codec.write(7, items).hex(" ") == "07 08 02 81 05 a0 41 10 10 89"
    assert codec.write(7, items).hex(" ") == "07 07 02 81 05 a0 41 20 89"
    reader = PackedCodec()
    for body in ("028105a041101089", "028105a0412089"):
        assert reader.read(bytes.fromhex(body)).number(16, 2) == 9


@pytest.mark.parametrize(
    ("length", "made"),
    [(254, "fe"), (255, "ff00"), (256, "ff01"), (382, "ff7f"), (383, "ff8001")],
)
def test_lengths_of_frames(length: int, made: str) -> None:
    assert tagged(0, 8, length).hex() == made
    assert read_tagged(bytes.fromhex(made), 0, 8) == (length, len(made) // 2)


@given(st.sampled_from([4, 5, 6, 8]), st.integers(0, 2**40))
def test_a_tagged_number_comes_back_and_may_be_on_its_way(width: int, value: int) -> None:
    made = tagged(0, width, value)
    assert read_tagged(made, 0, width) == (value, len(made))
    assert all(read_tagged(made[:size], 0, width) is None for size in range(len(made)))


def value_of(data: bytes) -> object:
    codec = PackedCodec()
    reader = ValueReader(data, codec._read_attribute)
    value = reader.value()
    assert reader.is_at_end
    return value


@given(st.integers(0, 2**64 - 1) | st.binary(max_size=300) | st.text(max_size=100))
def test_a_value_comes_back(value: int | bytes | str) -> None:
    assert value_of(write_value(value)) == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("9f", 31),
        ("a020", 32),
        ("a805", -5),
        ("e0", False),
        ("e1", True),
        ("d2 81 82", [1, 2]),
        ("d0", []),
        ("c2 0181 10618 2".replace(" ", ""), {b"\x01": 1, b"a": 2}),
        ("c1 4181".replace(" ", ""), {b"\x01": 1}),
    ],
)
def test_values_that_only_others_write(data: str, value: object) -> None:
    assert value_of(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ("02", "it ends where a value is due"),
        ("0203aa", "3 bytes are announced, and 1 are there"),
        ("023f", "it ends within a number"),
        ("023f" + "80" * 10, "a varint of more than 10 bytes"),
        ("0241ff", "invalid start byte"),
        ("8200", "it refers to value 0, and 0 are known"),
        ("2081", "it refers to key 0, and 0 are known"),
        ("1fffff03", "a key of 65551 bytes"),
        ("42d0", "a list of 1 bytes cannot be cached"),
        ("42c0", "a dict of 1 bytes cannot be cached"),
        ("02" + "d1" * 17, "nested more than 16 deep"),
        ("02df" + "ff" * 9 + "01", "it ends where a value is due"),
    ],
)
def test_what_is_malformed_is_refused(data: str, match: str) -> None:
    for command, what in ((0x0C, "keep alive"), (0x1E, "unknown")):
        with pytest.raises(RemoteProtocolError, match=f"command {command:#04x}, {what}: .*{match}"):
            PackedCodec().decode(command, bytes.fromhex(data))


def test_a_value_larger_than_the_cache_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="a bytes of 4069 bytes cannot be cached"):
        PackedCodec().decode(0x0C, b"\x42" + write_value(bytes(4066)))


def test_what_an_unknown_command_says_may_be_referred_to() -> None:
    writer, reader = PackedCodec(), PackedCodec()
    for command in (0x1E, 0x0C):
        [(number, body)] = reader.frames(1000).receive(writer.write(command, [(5, MINUTES)]))
        said = reader.decode(number, body)
    assert said == KeepAlive(600)
    assert len(body) == 2


MINUTES = Repeated(b"10")


def test_the_oldest_value_makes_room_in_both_caches() -> None:
    writer, reader = PackedCodec(), PackedCodec()
    values = [Repeated(n.to_bytes(2) + bytes(30)) for n in range(200)]
    for value in (*values, *values[-50:], values[0]):
        [(_, body)] = reader.frames(1000).receive(writer.write(0x0C, [(1, value)]))
        assert reader.read(body).data(1) == value
    # 4096 bytes of 33 and 32 more each: sixty-three.
    assert len(writer._said._values) == len(reader._heard._values) == 63


def test_the_oldest_key_makes_room_in_both_caches() -> None:
    writer, reader = PackedCodec(), PackedCodec()
    for item in (*range(16, 60), *range(28, 60), 16):
        [(_, body)] = reader.frames(1000).receive(writer.write(0x0C, [(item, b"x")]))
        assert reader.read(body).data(item) == b"x"


def test_a_frame_may_refer_to_a_large_value_many_times_at_no_cost() -> None:
    reader = PackedCodec()
    large = b"\x41" + write_value(bytes(4000))
    items = reader.read(large + b"\x81\x00" * 30_000)
    values = items.all(1)
    assert len(values) == 30_001
    assert all(first is second for first, second in pairwise(values))


def test_a_link_is_cut_wherever_the_stream_is() -> None:
    gateway = CourierConnection(Role.GATEWAY, PackedCodec())
    data = PackedCodec().encode(Connect(interface="WiFi" * 60, token=TOKEN))
    assert data[1] == 0xFF
    heard = [gateway.receive_data(data[at : at + 1]) for at in range(len(data))]
    assert heard[-1] == [Connect(interface="WiFi" * 60, token=TOKEN)]
    assert not any(heard[:-1])


def test_a_length_without_end_closes_the_link() -> None:
    gateway = CourierConnection(Role.GATEWAY, PackedCodec())
    with pytest.raises(RemoteProtocolError, match="the length of a frame: a varint of more than"):
        gateway.receive_data(b"\x07\xff" + b"\x80" * 10)


def test_a_key_of_several_bytes_is_no_item() -> None:
    items = PackedCodec().read(bytes.fromhex("11 6162 81 05 82"))
    assert items.number(5, 1) == 2


def test_a_payload_is_plain_data() -> None:
    assert PUSH.payload in PackedCodec().encode(dataclasses.replace(PUSH, token=TOKEN))
