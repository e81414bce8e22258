from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from protocol.courier import fields
from protocol.courier.messages import AckStatus
from protocol.courier.proof import ConnectProof
from protocol.identifiers import CollapseId, DeviceToken, Topic

if TYPE_CHECKING:
    from collections.abc import Callable

TEXT_ID = "00000000-0000-0000-0000-00000000000a"


@pytest.mark.parametrize(
    ("check", "value", "believed"),
    [
        (fields.boolean, True, True),
        (fields.binary, b"x", b"x"),
        (fields.integer(0, 5), 0, 0),
        (fields.integer(0, 5), 5, 5),
        (fields.text(3), "a b", "a b"),
        (fields.one_of(AckStatus), 0x40, AckStatus.UNKNOWN_TOKEN),
        (fields.seconds, 1.5, 1.5),
        (fields.seconds, 7, 7.0),
        (fields.topic, "com.example", Topic("com.example")),
        (fields.topics, [], ()),
        (fields.topics, ["a", "b"], (Topic("a"), Topic("b"))),
        (fields.device_token, bytes(100), DeviceToken(bytes(100))),
        (fields.optional_device_token, None, None),
        (fields.optional_device_token, b"x", DeviceToken(b"x")),
        (fields.unique_id, TEXT_ID, TEXT_ID),
        (fields.apns_id, TEXT_ID.upper(), TEXT_ID.upper()),
        (fields.optional_collapse_id, None, None),
        (fields.optional_collapse_id, b"\xff", CollapseId("\udcff")),
    ],
)
def test_a_good_value_is_believed(
    check: Callable[[object], object], value: object, believed: object
) -> None:
    assert check(value) == believed


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (fields.boolean, 1),
        (fields.binary, "x"),
        (fields.integer(0, 5), 6),
        (fields.integer(0, 5), -1),
        (fields.integer(0, 5), True),
        (fields.integer(0, 5), 1.0),
        (fields.text(3), "abcd"),
        (fields.text(3), "a\n"),
        (fields.text(3), b"a"),
        (fields.one_of(AckStatus), True),
        (fields.one_of(AckStatus), 1),
        (fields.one_of(AckStatus), []),
        (fields.seconds, -0.1),
        (fields.seconds, math.nan),
        (fields.seconds, math.inf),
        (fields.seconds, 253_402_300_800),
        (fields.seconds, True),
        (fields.seconds, "1"),
        (fields.topic, "no topic"),
        (fields.topic, b"com.example"),
        (fields.topics, "com.example"),
        (fields.topics, ["a", ""]),
        (fields.device_token, b""),
        (fields.device_token, bytes(101)),
        (fields.device_token, "00"),
        (fields.optional_device_token, b""),
        (fields.unique_id, TEXT_ID.upper()),
        (fields.unique_id, bytes(16)),
        (fields.apns_id, "x"),
        (fields.optional_collapse_id, bytes(65)),
        (fields.optional_collapse_id, "text"),
    ],
)
def test_a_bad_value_is_refused(check: Callable[[object], object], value: object) -> None:
    with pytest.raises(ValueError, match=r"expected | is | has "):
        check(value)


def test_a_believed_value_has_the_type_of_its_field() -> None:
    assert type(fields.topic("a")) is Topic
    assert type(fields.device_token(b"a")) is DeviceToken
    assert type(fields.one_of(AckStatus)(0)) is AckStatus
    assert type(fields.optional_collapse_id(b"a")) is CollapseId
    assert type(fields.seconds(1)) is float


def test_a_proof_is_three_times_bytes_or_nothing() -> None:
    assert fields.optional_connect_proof(None) is None
    assert fields.optional_connect_proof([b"c", b"n", b"s"]) == ConnectProof(b"c", b"n", b"s")
    for wrong in ([b"c", b"n"], [b"c", b"n", "s"], b"cns"):
        with pytest.raises(ValueError, match="expected"):
            fields.optional_connect_proof(wrong)
