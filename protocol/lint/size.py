"""How large a payload is, could be, and becomes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from protocol.lint.finding import Found
from protocol.lint.push import as_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocol.lint.push import Push

# A long name or text more, and it is refused.
NEAR = 0.95


def smallest(push: Push) -> int | None:
    """The bytes of the same payload without white space and escapes; None if it is none."""
    if push.payload is None:
        return None
    return len(as_body(push.payload))


def near_limit(push: Push) -> Iterator[Found]:
    """The payload nearly reaches its limit: with a longer name or text it is refused."""
    size, limit = len(push.request.body), push.max_bytes
    if limit * NEAR <= size <= limit:
        least = smallest(push) or size
        saving = f"; as compact JSON in plain UTF-8 it has {least}" if least < size else ""
        yield Found(
            "body",
            f"has {size} of {limit} bytes",
            f"cut what may grow before it is sent{saving}",
        )


def grows(push: Push) -> Iterator[Found]:
    r"""A JSON library that escapes what is not ASCII (\u00e9) would make the payload too large.

    Only of a payload that has not been sent yet; Python and PHP escape unless told.
    """
    if push.is_whole or len(push.request.body) > push.max_bytes:
        return
    escaped = len(json.dumps(push.payload, separators=(",", ":")))
    if escaped > push.max_bytes:
        yield Found(
            "body",
            f"has {escaped} bytes once its letters are escaped as \\u…, {push.max_bytes} at most",
            "write UTF-8: ensure_ascii=False in Python, JSON_UNESCAPED_UNICODE in PHP",
        )
