from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.courier.apple_channels import read_mark, read_subscriptions
from protocol.courier.channels import TopicChannels
from protocol.courier.protobuf import fields, message, read_varint, varint
from protocol.identifiers import Topic

numbers = st.integers(1, 2**29 - 1)
values = st.integers(0, 2**64 - 1) | st.binary(max_size=300)


@given(st.lists(st.tuples(numbers, values)))
def test_fields_come_back(said: list[tuple[int, int | bytes]]) -> None:
    assert list(fields(message(said))) == said


@pytest.mark.parametrize(
    ("value", "made"), [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (150, "9601")]
)
def test_varints(value: int, made: str) -> None:
    assert varint(value).hex() == made
    assert read_varint(bytes.fromhex(made), 0) == (value, len(made) // 2)


def test_a_varint_may_still_be_on_its_way_and_has_an_end() -> None:
    assert read_varint(b"", 0) is None
    assert read_varint(b"\x80" * 9, 0) is None
    with pytest.raises(ValueError, match="more than 10 bytes"):
        read_varint(b"\x80" * 10, 0)


def test_numbers_of_fixed_width_are_passed_over() -> None:
    fixed = b"\x09" + bytes(8) + b"\x15" + bytes(4)
    assert list(fields(fixed + message([(1, 7)]))) == [(1, 7)]


@pytest.mark.parametrize(
    ("data", "match"),
    [
        ("08", "ends within a varint"),
        ("0a05aa", "field 1 is cut off"),
        ("15000000", "field 2 is cut off"),
        ("0b", "field 1 has the wire type 3"),
    ],
)
def test_what_is_malformed_is_refused(data: str, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        list(fields(bytes.fromhex(data)))


def test_fields_of_channels_that_nobody_knows_are_ignored() -> None:
    mark = message([(1, b"id"), (2, 5), (3, 1), (1, 1), (2, b"x")])
    assert read_mark(mark).last_message_ns == 5
    topic = message([(1, b"com.example.app"), (2, mark), (3, mark), (9, b"?"), (1, 1)])
    said = message([(1, 1), (2, topic), (2, 1), (3, 1), (4, b"?")])
    [read], replace = read_subscriptions(said)
    assert replace
    assert isinstance(read, TopicChannels)
    assert read.topic == Topic("com.example.app")


def test_a_place_that_no_clock_shows_is_refused() -> None:
    with pytest.raises(ValueError, match="expected 0 to"):
        read_mark(message([(1, b"id"), (2, 2**63)]))
    with pytest.raises(ValueError, match="channel id is 1 to 100 bytes"):
        read_mark(b"")
