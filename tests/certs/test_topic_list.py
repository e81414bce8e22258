from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certs.topic_list import read_topics, written_topics

# Measured: as in Pushy's test certificates, of a bundle id with 20 characters.
BUNDLE = "com.relayrides.pushy"
MEASURED = bytes.fromhex("3073 0c14") + BUNDLE.encode() + bytes.fromhex("3005 0c03") + b"app"
MEASURED += bytes.fromhex("0c19") + f"{BUNDLE}.voip".encode() + bytes.fromhex("3006 0c04") + b"voip"
MEASURED += bytes.fromhex("0c21") + f"{BUNDLE}.complication".encode()
MEASURED += bytes.fromhex("300e 0c0c") + b"complication"

PAIRS = [
    (BUNDLE, "app"),
    (f"{BUNDLE}.voip", "voip"),
    (f"{BUNDLE}.complication", "complication"),
]


def test_the_list_is_written_byte_for_byte_as_apples() -> None:
    assert written_topics(PAIRS) == MEASURED


def test_apples_list_is_read_without_the_length_bytes_before_each_topic() -> None:
    # alloy/lowdown#23: scraped as text, a topic begins with "!" or "$".
    assert read_topics(MEASURED) == [topic for topic, _ in PAIRS]


@given(st.lists(st.tuples(st.text(max_size=300), st.text(max_size=20)), max_size=200))
def test_what_is_written_is_read_back(pairs: list[tuple[str, str]]) -> None:
    assert read_topics(written_topics(pairs)) == [topic for topic, _ in pairs]


@pytest.mark.parametrize("tag", [0x0C, 0x13, 0x16])
def test_each_kind_of_text_names_a_topic(tag: int) -> None:
    assert read_topics(bytes((0x30, 3, tag, 1)) + b"a") == ["a"]


def test_what_is_neither_text_nor_kind_is_passed_over() -> None:
    assert read_topics(bytes.fromhex("3008 0c0161 0500 0c0162")) == ["a", "b"]


@pytest.mark.parametrize(
    ("der", "complaint"),
    [
        ("", "one SEQUENCE"),
        ("0c0161", "one SEQUENCE"),
        ("3000 3000", "one SEQUENCE"),
        ("30", "whole elements"),
        ("3001", "whole elements"),
        ("3003 0c0261", "whole elements"),
        ("3002 0c", "whole elements"),
        ("3081", "whole elements"),
        ("3080 0c0161 0000", "lengths of DER"),
        ("3084 00000003 0c0161", "lengths of DER"),
        ("3003 0c01ff", "utf-8"),
    ],
)
def test_what_is_no_list_is_refused(der: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_topics(bytes.fromhex(der))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(der: bytes) -> None:
    try:
        topics = read_topics(der)
    except ValueError:
        return
    assert all(topic.encode() in der for topic in topics)
