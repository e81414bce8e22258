from __future__ import annotations

import json

import pytest

from protocol.payload import MAX_NESTING, InvalidPayloadError, aps_of, is_set, parse_payload


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b' {"aps": {"alert": "Hi", "badge": null}} \n', {"aps": {"alert": "Hi", "badge": None}}),
        ('{"aps":{"alert":"Grüße 🙂"}}'.encode(), {"aps": {"alert": "Grüße 🙂"}}),
        (b'{"a":"\\ud83d\\ude42"}', {"a": "🙂"}),
        (b'{"a":"\\\\ud800"}', {"a": "\\ud800"}),
        (b'{"a":1,"a":2}', {"a": 2}),
        (b'{"mdm":"PushMagic"}', {"mdm": "PushMagic"}),
        (b'{"a":-1.5e3}', {"a": -1500.0}),
    ],
)
def test_a_payload_is_a_json_dictionary(body: bytes, value: object) -> None:
    assert parse_payload(body) == value


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "is not JSON: "),
        (b"hello", "is not JSON: "),
        (b'{"aps":}', "is not JSON: "),
        (b'{"aps":{}} trailing', "is not JSON: "),
        (b"{'aps':{}}", "is not JSON: "),
        (b'{"a":"\x01"}', "is not JSON: "),
        (b"\xef\xbb\xbf{}", "is not JSON: "),
        (b'{"a":"\xff"}', "is not UTF-8"),
        ('{"a":1}'.encode("utf-16"), "is not UTF-8"),
        (b"[]", "is a JSON list"),
        (b'"text"', "is a JSON str"),
        (b"1", "is a JSON int"),
        (b"null", "is a JSON NoneType"),
        (b'{"a":NaN}', "has NaN"),
        (b'{"a":Infinity}', "has Infinity"),
        (b'{"a":-Infinity}', "has -Infinity"),
        (b'{"a":' + b"9" * 5000 + b"}", "no device would read"),
        (b'{"a":1e999}', "no device would read"),
        (b'{"a":[-1e999]}', "no device would read"),
        (b'{"a":"\\ud83d"}', "no device would read"),
        (b'{"\\uDC00":1}', "no device would read"),
        (b'{"a":' + b"[" * 4000, "no device would read"),
        (b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}", "no device would read"),
    ],
)
def test_anything_else_is_refused_in_words(body: bytes, told: str) -> None:
    with pytest.raises(InvalidPayloadError, match="the payload") as refused:
        parse_payload(body)
    assert told in str(refused.value)


def test_nesting_is_limited_where_apples_own_reader_limits_it() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert parse_payload(nested(MAX_NESTING))
    with pytest.raises(InvalidPayloadError, match="no device would read"):
        parse_payload(nested(MAX_NESTING + 1))


def test_many_lists_side_by_side_are_not_nesting() -> None:
    body = json.dumps({"a": [[], {}] * 300}).encode()
    assert parse_payload(body) == {"a": [[], {}] * 300}


@pytest.mark.parametrize(
    ("payload", "aps"),
    [({"aps": {"badge": 1}}, {"badge": 1}), ({}, {}), ({"aps": "x"}, {}), ({"aps": None}, {})],
)
def test_the_aps_dictionary_is_empty_when_there_is_none(
    payload: dict[str, object], aps: dict[str, object]
) -> None:
    assert aps_of(payload) == aps


@pytest.mark.parametrize(
    ("flag", "expected"),
    [(1, True), ("1", True), (True, True), (0, False), ("0", False), (None, False), ([1], False)],
)
def test_a_flag_is_set_by_a_one_or_its_text(flag: object, *, expected: bool) -> None:
    assert is_set(flag) is expected
