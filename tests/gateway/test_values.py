from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import values

if TYPE_CHECKING:
    from collections.abc import Callable


class Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


@pytest.mark.parametrize(
    ("convert", "raw", "value"),
    [
        (values.text, "x", "x"),
        (values.whole_number, "0", 0),
        (values.whole_number, 7, 7),
        (values.count, "1", 1),
        (values.seconds, "0", 0.0),
        (values.seconds, "1.5", 1.5),
        (values.seconds, 30, 30.0),
        (values.port, "0", 0),
        (values.port, 65535, 65535),
        (values.several(values.port), [1, "2"], (1, 2)),
        (values.several(values.port), "3", (3,)),
        (values.several(values.port), [], ()),
        (values.one_or_more(values.port), ["443", "2197"], (443, 2197)),
        (values.one_or_more(values.port), 443, (443,)),
        (values.choice(Fruit), "pear", Fruit.PEAR),
        (values.team_id, "ABCDE12345", "ABCDE12345"),
        (values.server_name, "gateway.test", "gateway.test"),
        (values.server_name, "::1", "::1"),
        (values.path, "a/b", Path("a/b")),
        (values.path, "~/x", Path.home() / "x"),
    ],
)
def test_a_value_that_fits_becomes_one_of_its_kind(
    convert: Callable[[Any], Any],
    raw: Any,  # noqa: ANN401
    value: object,
) -> None:
    converted = convert(raw)
    assert converted == value
    assert isinstance(converted, type(value))


@pytest.mark.parametrize(
    ("convert", "raw", "expected"),
    [
        (values.text, "", "a text"),
        (values.text, 5, "a text"),
        (values.whole_number, "-1", "a whole number, 0 or more"),
        (values.whole_number, "1.5", "a whole number, 0 or more"),
        (values.whole_number, 1.5, "a whole number, 0 or more"),
        (values.whole_number, True, "a whole number, 0 or more"),
        (values.whole_number, None, "a whole number, 0 or more"),
        (values.count, 0, "a whole number, 1 or more"),
        (values.seconds, "-0.1", "seconds, 0 or more"),
        (values.seconds, "nan", "seconds, 0 or more"),
        (values.seconds, "inf", "seconds, 0 or more"),
        (values.seconds, 10**400, "seconds, 0 or more"),
        (values.seconds, True, "seconds, 0 or more"),
        (values.seconds, [1], "seconds, 0 or more"),
        (values.port, 65536, "a port from 0 to 65535"),
        (values.several(values.port), [1, 65536], "a port from 0 to 65535"),
        (values.one_or_more(values.port), [], "at least one"),
        (values.choice(Fruit), "plum", "one of apple, pear"),
        (values.choice(Fruit), 1, "one of apple, pear"),
        (values.team_id, "abcde12345", "ten upper-case letters and digits"),
        (values.team_id, 1, "a text"),
        (values.server_name, "a b", "a DNS name"),
        (values.server_name, "", "a text"),
        (values.path, "a\0b", "a path"),
        (values.path, "~no-such-user-here/x", "a path whose home directory is known"),
        (values.path, 3, "a text"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_says_what_was_expected(
    convert: Callable[[Any], Any],
    raw: Any,  # noqa: ANN401
    expected: str,
) -> None:
    with pytest.raises(ValueError, match=f"^expected {expected}"):
        convert(raw)


def test_of_several_the_one_that_does_not_fit_is_named() -> None:
    with pytest.raises(values.SeveralError) as refused:
        values.several(values.port)([1, "x", 2])
    assert refused.value.culprit == "x"


ANYTHING = st.one_of(
    st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.lists(st.text())
)
KINDS = [
    values.text,
    values.whole_number,
    values.count,
    values.seconds,
    values.port,
    values.team_id,
    values.server_name,
    values.path,
    values.choice(Fruit),
    values.several(values.port),
    values.one_or_more(values.text),
]


@given(ANYTHING, st.sampled_from(KINDS))
def test_whatever_is_given_it_is_a_value_or_a_refusal(
    raw: Any,  # noqa: ANN401
    convert: Callable[[Any], Any],
) -> None:
    try:
        convert(raw)
    except ValueError as error:
        refusal = str(error)
    else:
        refusal = "expected nothing else"
    assert refusal.startswith("expected ")
