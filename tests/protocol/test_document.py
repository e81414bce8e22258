"""Parts of documents that people may have written."""

from __future__ import annotations

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from protocol.document import Part, Text, each_once


class Named(Part):
    name: Text


LISTED: TypeAdapter[list[Named]] = TypeAdapter(Annotated[list[Named], each_once("name")])


def test_parts_of_different_names_may_stand_in_one_list() -> None:
    assert len(LISTED.validate_python([{"name": "a"}, {"name": "b"}])) == 2


def test_a_part_that_is_there_twice_is_named() -> None:
    with pytest.raises(ValidationError, match=r"\[1\] is there twice: name a"):
        LISTED.validate_python([{"name": "a"}, {"name": "a"}])
