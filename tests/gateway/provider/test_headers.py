"""Reading and writing header lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.provider.headers import MalformedHeadersError, encode_headers, read_head

PSEUDO = [(b":method", b"POST"), (b":scheme", b"https"), (b":path", b"/3/device/ab")]


def test_a_head_is_method_path_and_the_other_fields_in_order() -> None:
    head = read_head([*PSEUDO, (b"b", b"1"), (b"a", b"2"), (b"b", b"3")])
    assert (head.method, head.path) == ("POST", "/3/device/ab")
    assert head.headers == (("b", "1"), ("a", "2"), ("b", "3"))


def test_the_size_of_a_list_counts_names_values_and_32_bytes_each() -> None:
    fields = [(b":method", b"GET"), (b":scheme", b"https"), (b":path", b"/"), (b"ab", b"cde")]
    assert read_head(fields).list_bytes == 7 + 3 + 7 + 5 + 5 + 1 + 2 + 3 + 4 * 32


@pytest.mark.parametrize(
    "fields",
    [
        [(b"Apns-Id", b"x")],
        [(b"", b"x")],
        [(b"with space", b"x")],
        [(b"with:colon", b"x")],
        [(b"caf\xe9", b"x")],
        [(b"x", b"a\r\nb")],
        [(b"x", b"a\0b")],
        [(b"connection", b"close")],
        [(b"transfer-encoding", b"chunked")],
        [(b"te", b"gzip")],
        [(b":protocol", b"websocket")],
        [(b":path", b"/again")],
        [(b"x", b"y"), (b":authority", b"late")],
    ],
)
def test_a_list_that_rfc_9113_calls_malformed_is_refused(
    fields: list[tuple[bytes, bytes]],
) -> None:
    read_head(PSEUDO)
    with pytest.raises(MalformedHeadersError):
        read_head([*PSEUDO, *fields])


@pytest.mark.parametrize("missing", [b":method", b":scheme", b":path"])
def test_method_scheme_and_path_are_needed(missing: bytes) -> None:
    with pytest.raises(MalformedHeadersError, match=missing.decode()):
        read_head([field for field in PSEUDO if field[0] != missing])


def test_an_empty_path_is_malformed() -> None:
    with pytest.raises(MalformedHeadersError, match=":path"):
        read_head([*PSEUDO[:2], (b":path", b"")])


def test_a_client_may_say_that_it_takes_trailers() -> None:
    assert read_head([*PSEUDO, (b"te", b"trailers")]).headers == (("te", "trailers"),)


@given(st.binary().filter(lambda value: not set(value) & {0, 10, 13}))
def test_every_value_comes_back_byte_for_byte(value: bytes) -> None:
    headers = read_head([*PSEUDO, (b"apns-id", value)]).headers
    assert encode_headers(200, headers) == [
        (b":status", b"200", False),
        (b"apns-id", value, False),
    ]


@given(st.lists(st.tuples(st.binary(max_size=12), st.binary(max_size=12))))
def test_any_list_is_a_head_or_malformed(fields: list[tuple[bytes, bytes]]) -> None:
    try:
        head = read_head([*PSEUDO, *fields])
    except MalformedHeadersError:
        return
    assert all(name == name.lower() for name, _ in head.headers)
