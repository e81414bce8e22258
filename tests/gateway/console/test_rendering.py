from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.console.rendering import (
    MAX_DEPTH,
    Payload,
    read_payload,
    read_value,
    to_json,
)
from protocol.provider.http import redacted

# Lone surrogates too: JSON can say them.
TEXT = st.text(st.characters(exclude_categories=()), max_size=8)


@dataclass(frozen=True)
class Point:
    x: int


def test_what_the_gateway_holds_is_json() -> None:
    value = {
        "a": Point(1),
        "b": b"\x01\xff",
        "c": Path("/ca.pem"),
        "d": frozenset({"z", "y"}),
        "e": MappingProxyType({"k": (1, None)}),
    }
    assert json.loads(to_json(value)) == {
        "a": {"x": 1},
        "b": "01ff",
        "c": "/ca.pem",
        "d": ["y", "z"],
        "e": {"k": [1, None]},
    }


def test_a_type_that_nobody_thought_of_is_an_error() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        to_json(object())


def test_a_lone_surrogate_stays_the_escape_that_it_was() -> None:
    payload = read_payload(rb'{"aps":{"alert":"\ud800"}}')
    assert to_json(payload.parsed) == rb'{"aps":{"alert":"\ud800"}}'


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        (b"", ""),
        (b"\xff{}", "\\xff{}"),
        (b"[1]", "[1]"),
        (b'{"a":NaN}', '{"a":NaN}'),
        (b'{"a":' + b"9" * 5000 + b"}", '{"a":' + "9" * 5000 + "}"),
    ],
)
def test_what_is_no_json_dictionary_is_shown_as_text(body: bytes, raw: str) -> None:
    assert read_payload(body) == Payload(None, raw)


def test_a_number_beyond_a_double_is_shown_as_it_was_written() -> None:
    assert read_payload(b'{"a":1e999,"b":1.5}').parsed == {"a": "1e999", "b": 1.5}


def nested(depth: int) -> bytes:
    return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"


def test_brackets_too_deep_for_a_reader_are_shown_as_text() -> None:
    assert read_payload(nested(MAX_DEPTH)).raw is None
    assert read_payload(nested(MAX_DEPTH + 1)).parsed is None
    assert read_payload(nested(100_000)).parsed is None


def test_many_shallow_brackets_are_no_reason_for_text() -> None:
    body = b'{"a":[' + b"[],{}," * MAX_DEPTH + b"0]}"
    assert read_payload(body).parsed is not None


def test_what_a_device_has_parsed_already_is_read_again() -> None:
    assert read_value({"a": 1}) == Payload({"a": 1}, None)
    assert read_value("garbage") == Payload(None, "garbage")
    assert read_value([1]) == Payload(None, "[1]")
    assert read_value({"a": float("inf")}) == Payload(None, '{"a": Infinity}')


def test_what_no_encoder_can_walk_is_not_shown() -> None:
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    assert read_value(deep).raw == "(brackets too deep to be shown)"
    while deep:  # or freeing it would recurse as deep
        deep = deep[0]  # type: ignore[assignment]


@given(st.binary())
def test_any_body_can_be_shown(body: bytes) -> None:
    json.loads(to_json(read_payload(body)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | TEXT | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
        max_leaves=10,
    )
)
def test_any_value_of_a_device_can_be_shown(value: object) -> None:
    json.loads(to_json(read_value(value)))


def test_credentials_are_redacted_and_all_else_stays_in_order() -> None:
    headers = (
        ("apns-topic", "t"),
        ("authorization", "Bearer abc.def.ghi"),
        ("authorization", "abc.def.ghi"),
        ("cookie", "session=1"),
    )
    assert redacted(headers) == [
        ("apns-topic", "t"),
        ("authorization", "Bearer [redacted]"),
        ("authorization", "[redacted]"),
        ("cookie", "[redacted]"),
    ]
