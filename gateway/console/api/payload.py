"""A payload in the body of a call: as JSON, or its very text where that matters."""

# No "from __future__ import annotations": FastAPI reads the annotations of models at run time.
from typing import Annotated, Any

from pydantic import Field

from protocol.lint.push import as_body

GivenPayload = Annotated[
    dict[str, Any] | None,
    Field(
        description="The payload; it is compact JSON in UTF-8.",
        examples=[{"aps": {"alert": "Hello", "badge": "3"}}],
    ),
]
GivenText = Annotated[
    str | None, Field(description="Instead of it: its very text, which may be no JSON.")
]


def require_one(payload: dict[str, Any] | None, raw_payload: str | None) -> None:
    """See that one of them was given.

    Raises:
        ValueError: neither, or both.
    """
    if (payload is None) == (raw_payload is None):
        raise ValueError("expected either payload or raw_payload")


def body_of(payload: dict[str, Any] | None, raw_payload: str | None) -> bytes:
    """What is sent. Half a surrogate pair in a text becomes a question mark."""
    return (raw_payload or "").encode(errors="replace") if payload is None else as_body(payload)
