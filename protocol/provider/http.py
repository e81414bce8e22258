"""One HTTP/2 request and its answer, free of any HTTP/2 library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

Headers: TypeAlias = tuple[tuple[str, str], ...]

ErrorName: TypeAlias = Literal[
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
]
"""HTTP/2's error codes (RFC 9113 7), in order, from 0."""
ERROR_NAMES: tuple[ErrorName, ...] = get_args(ErrorName)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A whole request: ``headers`` without pseudo-headers, in order, names in lower case.

    Values are Latin-1 text, one character per byte on the wire, so that all can be echoed.

    ``body`` is what arrived, cut off after the shell's limit: a body of more bytes than any
    payload limit is known to be too large without being kept.
    """

    method: str
    path: str
    headers: Headers
    body: bytes

    def header(self, wanted: str) -> str | None:
        """A header as it was sent, be it repeated the first; None if there is none of this name."""
        return next((value for name, value in self.headers if name == wanted), None)


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What goes back: one HEADERS frame, then at most one DATA frame with the whole body."""

    status: int
    headers: Headers
    body: bytes = b""


REDACTED = "[redacted]"
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


def redacted(headers: Headers) -> list[tuple[str, str]]:
    """The headers in order, without the credentials in them."""
    return [
        (name, _without_secret(value) if name in _SECRET_HEADERS else value)
        for name, value in headers
    ]


def _without_secret(value: str) -> str:
    scheme, _, _ = value.partition(" ")
    return f"{scheme} {REDACTED}" if scheme.lower() == "bearer" else REDACTED
