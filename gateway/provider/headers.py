"""Header lists: from the wire to text, once, with RFC 9113's rules; and back.

Text is Latin-1 on both ways: every byte survives, so that ``apns-id`` is echoed byte for byte
(clients.md 11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from protocol.provider.http import Headers

RawHeaders: TypeAlias = Sequence[tuple[bytes, bytes]]

ENTRY_OVERHEAD_BYTES = 32
"""RFC 9113 6.5.2: what every field costs in MAX_HEADER_LIST_SIZE beside its bytes."""

_PSEUDO = frozenset({b":method", b":scheme", b":path", b":authority"})
_CONNECTION_SPECIFIC = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}
)


_ECHOED = frozenset({"apns-id", "apns-request-id"})
LONGEST_TEXT_IN_SHORT = 1000


class MalformedHeadersError(ValueError):
    """A header list that RFC 9113 8.2 or 8.3 calls malformed."""


@dataclass(slots=True)
class Head:
    """The head of a request; ``list_bytes`` is its size as MAX_HEADER_LIST_SIZE counts it."""

    method: str
    path: str
    headers: Headers
    list_bytes: int

    def in_short(self) -> Head:
        """What an answer to a list too long and its record need: the path, and ids to echo."""
        echoed = tuple(
            (name, value)
            for name, value in self.headers
            if name in _ECHOED and len(value) <= LONGEST_TEXT_IN_SHORT
        )
        path = self.path[:LONGEST_TEXT_IN_SHORT]
        return Head(self.method[:LONGEST_TEXT_IN_SHORT], path, echoed, self.list_bytes)


def read_head(raw: RawHeaders) -> Head:
    """Read the header list of a request.

    ``:authority`` is not asked for: aioapns sends ``host`` instead, others leave out the port
    (clients.md 5).

    Raises:
        MalformedHeadersError: a name in capitals; a pseudo-header unknown, repeated, late, missing
            or empty; a header of HTTP/1.1 connections; or a control character.
    """
    pseudo: dict[bytes, bytes] = {}
    fields: list[tuple[str, str]] = []
    list_bytes = 0
    for name, value in raw:
        list_bytes += len(name) + len(value) + ENTRY_OVERHEAD_BYTES
        if name[:1] == b":":
            if fields or name in pseudo or name not in _PSEUDO:
                raise MalformedHeadersError(f"pseudo-header {name!r} is unknown, repeated or late")
            pseudo[name] = value
        elif name == b"te" and value != b"trailers":
            raise MalformedHeadersError("te may only say trailers")
        else:
            fields.append((_field_name(name), value.decode("latin-1")))
    _check_values(raw)
    try:
        method, _, path = pseudo[b":method"], pseudo[b":scheme"], pseudo[b":path"]
    except KeyError as missing:
        raise MalformedHeadersError(f"pseudo-header {missing} is missing") from None
    if not path:
        raise MalformedHeadersError("pseudo-header :path is empty")
    return Head(method.decode("latin-1"), path.decode("latin-1"), tuple(fields), list_bytes)


def _check_values(raw: RawHeaders) -> None:
    """RFC 9113 8.2.1: no NUL, CR or LF. One search over all values is cheaper than many."""
    everything = b"".join([value for _, value in raw])
    if b"\n" in everything or b"\r" in everything or b"\0" in everything:
        raise MalformedHeadersError("a header value contains NUL, CR or LF")


@lru_cache(maxsize=64)
def _field_name(name: bytes) -> str:
    """A field name as text. Providers send the same dozen names for ever: they are checked once."""
    if not name or name != name.lower() or name in _CONNECTION_SPECIFIC:
        raise MalformedHeadersError(f"header name {name!r} is not allowed in HTTP/2")
    if any(byte <= 0x20 or byte >= 0x7F or byte == 0x3A for byte in name):
        raise MalformedHeadersError(f"header name {name!r} contains a forbidden character")
    return name.decode("latin-1")


@lru_cache(maxsize=64)
def _encoded_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


@lru_cache(maxsize=64)
def _status(status: int) -> tuple[bytes, bytes, bool]:
    return (b":status", str(status).encode("ascii"), False)


def encode_headers(status: int, headers: Headers) -> list[tuple[bytes, bytes, bool]]:
    """The header list of an answer as HPACK takes it: name, value, whether it is secret."""
    encoded = [_status(status)]
    for name, value in headers:
        encoded.append((_encoded_name(name), value.encode("latin-1"), False))
    return encoded
