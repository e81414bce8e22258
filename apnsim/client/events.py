"""What happens, as the console's server-sent events tell it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """Something that happened: ``push``, ``rejected``, ``link``, or ``reload`` (read anew).

    With its ``id`` whoever comes back is told what was missed.
    """

    name: str
    data: dict[str, Any]
    id: str = ""


def events_in(lines: Iterator[str]) -> Iterator[ServerEvent]:
    """The events in the lines of a stream."""
    name = last_id = ""
    for line in lines:
        field, _, value = line.partition(": ")
        if field == "event":
            name = value
        elif field == "id":
            last_id = value
        elif field == "data":
            yield ServerEvent(name, json.loads(value), last_id)
