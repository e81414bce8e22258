from __future__ import annotations

import json
from collections import deque
from dataclasses import replace

import pytest

from protocol.identifiers import CollapseId
from protocol.plain import bytes_of, json_of, plain, text_of
from tests.builders import TOKEN, notification


def test_a_value_is_told_in_the_types_of_json() -> None:
    told = plain(
        {"push": replace(notification(), payload=b"\xff"), "more": (1, deque([TOKEN]), None)}
    )
    assert told["more"] == [1, [TOKEN.hex()], None]
    assert (told["push"]["token"], told["push"]["priority"]) == (TOKEN.hex(), 10)
    assert json.loads(json.dumps(told)) == told


def test_bytes_that_are_no_text_are_the_same_again() -> None:
    assert text_of(b"caf\xc3\xa9 \xff") == "caf\u00e9 \udcff"
    assert bytes_of("caf\u00e9 \udcff") == b"caf\xc3\xa9 \xff"
    assert plain(CollapseId("\udcff")) == "\udcff"


def test_what_has_no_plain_form_is_our_bug() -> None:
    with pytest.raises(TypeError, match="object has no plain form"):
        plain(object())


def test_json_that_nobody_can_read_is_a_mistake_like_any_other() -> None:
    assert json_of('{"a": [1]}') == {"a": [1]}
    for odd in ("{", "[" * 100_000, "9" * 5000, b"\xff"):
        with pytest.raises(ValueError):  # noqa: PT011 - of json or of ours
            json_of(odd)
