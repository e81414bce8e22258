"""``traceparent`` by W3C Trace Context: what is one, and that nothing else breaks anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.provider.traceparent import TraceParent, traceparent_of

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def said(value: str) -> TraceParent | None:
    return traceparent_of((("apns-topic", "x"), ("traceparent", value)))


@pytest.mark.parametrize(
    ("value", "is_sampled"),
    [
        (f"00-{TRACE}-{PARENT}-01", True),
        (f"00-{TRACE}-{PARENT}-00", False),
        (f"00-{TRACE}-{PARENT}-03", True),
        (f" 00-{TRACE}-{PARENT}-01\t", True),
        (f"01-{TRACE}-{PARENT}-01", True),
        (f"cc-{TRACE}-{PARENT}-01-what-comes-later", True),
    ],
)
def test_a_valid_one_tells_trace_parent_and_whether_it_is_sampled(
    value: str, *, is_sampled: bool
) -> None:
    assert said(value) == (TRACE, PARENT, is_sampled)


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-1",
        f"cc-{TRACE}-{PARENT}-01.what",
        f"00-{TRACE}-{PARENT}-0\u0661",
    ],
)
def test_what_is_invalid_is_as_if_nothing_was_said(value: str) -> None:
    assert said(value) is None


def test_two_of_them_say_nothing() -> None:
    header = ("traceparent", f"00-{TRACE}-{PARENT}-01")
    assert traceparent_of((header, header)) is None
    assert traceparent_of(()) is None


HEX = "0123456789abcdef"
ALMOST = st.builds(
    "{}-{}-{}-{}{}".format,
    st.text(HEX, min_size=2, max_size=2),
    st.text(HEX, min_size=32, max_size=33) | st.just("0" * 32),
    st.text(HEX + "A\u0661", min_size=16, max_size=16),
    st.text(HEX, min_size=2, max_size=2),
    st.sampled_from(["", "-", "-x", " ", "\n"]),
)


@given(st.text() | ALMOST)
def test_whatever_is_said_only_two_ids_are_read(value: str) -> None:
    if (parent := said(value)) is not None:
        assert len(bytes.fromhex(parent[0])) == 16
        assert len(bytes.fromhex(parent[1])) == 8
        assert int(parent[0], 16)
        assert int(parent[1], 16)
