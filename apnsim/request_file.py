"""A whole request to APNs as a text: what curl and most logs show of one.

    POST /3/device/0f3a… HTTP/2
    apns-topic: com.example.app
    apns-push-type: alert

    {"aps":{"alert":"Hello"}}

``curl --verbose`` puts ``> `` before each line of the head; that may stay.
"""

from __future__ import annotations

import re

from protocol.provider.http import HttpRequest

_FIRST_LINE = re.compile(r"([A-Za-z]+) +(\S+)(?: +HTTP/\S+)?")
_END_OF_HEAD = re.compile(rb"\r?\n(?:> ?)?\r?\n")
_HEADER = re.compile(r"([A-Za-z0-9_-]+): *(.*)")


class BadRequestFileError(ValueError):
    """It is no such text; says which line."""


def read_request(raw: bytes) -> HttpRequest:
    """Read it; the body is all that follows the first empty line, to the byte.

    Raises:
        BadRequestFileError: it is no such text.
    """
    head, *rest = _END_OF_HEAD.split(raw, maxsplit=1)
    first, *lines = [_plain(line) for line in head.decode("latin-1").split("\n")]
    request_line = _FIRST_LINE.fullmatch(first)
    if request_line is None:
        expected = "a method and a path, such as POST /3/device/<token>"
        raise BadRequestFileError(f"line 1: expected {expected}, not {first[:60]!r}")
    headers = tuple(_header(number, line) for number, line in enumerate(lines, start=2))
    return HttpRequest(request_line[1].upper(), request_line[2], headers, b"".join(rest))


def _plain(line: str) -> str:
    return line.removeprefix("> ").rstrip()


def _header(number: int, line: str) -> tuple[str, str]:
    header = _HEADER.fullmatch(line)
    if header is None:
        expected = "a header, such as apns-topic: com.example.app, or an empty line before the body"
        raise BadRequestFileError(f"line {number}: expected {expected}, not {line[:60]!r}")
    return header[1].lower(), header[2]
