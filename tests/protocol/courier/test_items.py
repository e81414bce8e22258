from __future__ import annotations

import pytest

from protocol.courier.items import Items


def test_of_several_where_one_is_due_the_first_counts() -> None:
    items = Items([(1, b"a"), (2, b"b"), (1, b"c")])
    assert (items.data(1), items.all(1), items.all(3)) == (b"a", [b"a", b"c"], [])
    assert 2 in items
    assert 3 not in items


def test_numbers_may_have_a_width_or_none() -> None:
    items = Items([(1, b"\x01\x00"), (2, 256), (3, True)])
    assert (items.number(1, 2), items.number(2, 2), items.number(3, 1)) == (256, 256, 1)
    assert items.number(9, 1, default=7) == 7


@pytest.mark.parametrize("value", [b"\x01", 65_536, -1, "1", None, [1]])
def test_what_is_no_number_of_that_width_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="item 1: expected a number of 2 bytes, not"):
        Items([(1, value)]).number(1, 2)


def test_text_is_read_as_bytes_or_as_itself() -> None:
    items = Items([(1, "Grüße".encode()), (2, "Grüße")])
    assert items.text(1) == items.text(2) == "Grüße"
    assert items.text(3) == ""


@pytest.mark.parametrize("value", [b"a\x00", "x" * 256, 7])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="item 1: expected printable text"):
        Items([(1, value)]).text(1)


def test_what_is_no_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="item 1: expected bytes, not int"):
        Items([(1, b"a"), (1, 7)]).all(1)
    with pytest.raises(ValueError, match="item 2 is missing"):
        Items([]).data(2)
