"""Values as JSON that never fails on what a provider sent, and never tells its credentials.

A push may hold anything: bytes that are not UTF-8, lone surrogates, numbers beyond a double,
brackets a thousand deep. All of it must be visible here, because looking at it is the point.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, TypeAlias

import trio
from fastapi import Response

JsonObject: TypeAlias = dict[str, Any]

# Deeper than any app's payload, and far from where json's recursion ends.
MAX_DEPTH = 100
# About 5 ms of work.
VALUES_AT_ONCE = 25


@dataclass(frozen=True, slots=True)
class Payload:
    """A body for the reader: ``parsed`` if it is a JSON dictionary, else ``raw`` text."""

    parsed: JsonObject | None
    raw: str | None


def to_json(value: object) -> bytes:
    """Render dataclasses, mappings, sets, paths and bytes (as hexadecimal) too.

    The result is ASCII, so that lone surrogates stay the escapes that they were.

    Raises:
        TypeError, ValueError: our bug: a value of another type, or a number that is not finite.
    """
    text = json.dumps(value, default=_plain, allow_nan=False, separators=(",", ":"))
    return text.encode("ascii")


def _plain(value: object) -> object:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, frozenset | set):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


class Json(Response):
    """An answer rendered by :func:`to_json`; FastAPI documents it, and passes it on unread."""

    media_type: str | None = "application/json"

    def render(self, content: object) -> bytes:
        """The body."""
        return to_json(content)


async def json_list(values: Iterable[object]) -> Response:
    """Many values as one answer; the gateway goes on with its own work in between."""
    parts: list[bytes] = []
    for value in values:
        parts.append(to_json(value))
        if len(parts) % VALUES_AT_ONCE == 0:
            await trio.lowlevel.checkpoint()
    return Response(b"[%b]" % b",".join(parts), media_type=Json.media_type)


def readable(raw: bytes) -> str:
    r"""Text for people; what is not UTF-8 appears as ``\xNN``."""
    return raw.decode("utf-8", "backslashreplace")


def read_payload(body: bytes) -> Payload:
    """A provider's body, whatever it is; empty text for an empty one."""
    try:
        value = json.loads(
            body.decode("utf-8"), parse_constant=_refuse_constant, parse_float=_finite
        )
    except (ValueError, RecursionError):  # not UTF-8, not JSON, or JSON that nobody can read
        value = None
    if not isinstance(value, dict) or _is_too_deep(body, value):
        return Payload(None, readable(body))
    return Payload(value, None)


def read_value(value: object) -> Payload:
    """What somebody else has parsed, or left as text because it is no JSON."""
    if isinstance(value, str):
        return Payload(None, value)
    try:
        return read_payload(json.dumps(value).encode())
    except RecursionError:
        return Payload(None, "(brackets too deep to be shown)")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float | str:
    """1e999 is JSON but no double: show it as it was written."""
    number = float(text)
    return number if math.isfinite(number) else text


def _is_too_deep(body: bytes, value: JsonObject) -> bool:
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    level: list[object] = [value]
    for _ in range(MAX_DEPTH):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
