"""The trace that a provider's request is part of, if it says so by W3C's ``traceparent``.

https://www.w3.org/TR/trace-context/#traceparent-header: ``version-traceid-parentid-flags``. Apple
ignores the header; here it lets a push be followed from the backend's own traces.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from protocol.provider.http import Headers

HEADER = "traceparent"
# A later version may say more after the flags; "ff" is none.
_FORM = re.compile(
    r"(?!ff)(?P<version>[0-9a-f]{2})-(?!0{32})(?P<trace>[0-9a-f]{32})"
    r"-(?!0{16})(?P<parent>[0-9a-f]{16})-(?P<flags>[0-9a-f]{2})(?P<more>-.*)?",
    re.ASCII,
)
_SAMPLED = 0x01


class TraceParent(NamedTuple):
    """The caller's place in its trace; ids in lower-case hexadecimal."""

    trace_id: str
    parent_id: str
    is_sampled: bool


def traceparent_of(headers: Headers) -> TraceParent | None:
    """What the request says; None when it says nothing, nothing valid, or it twice."""
    said = [value for name, value in headers if name == HEADER]
    if len(said) != 1:
        return None
    match = _FORM.fullmatch(said[0].strip(" \t"))
    if match is None or (match["version"] == "00" and match["more"] is not None):
        return None
    return TraceParent(match["trace"], match["parent"], bool(int(match["flags"], 16) & _SAMPLED))
