"""Values in JSON's own types, from which they can be made again exactly.

Nothing here is for people: what a push holds is kept byte for byte, whatever it is.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from protocol.identifiers import DeviceToken


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """Dataclasses as dictionaries, tokens in hexadecimal, other bytes as text.

    Raises:
        TypeError: our bug: a value of another kind.
    """
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, DeviceToken):
        return value.hex()
    if isinstance(value, bytes):
        return text_of(value)
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | deque):
        return [plain(each) for each in value]
    raise TypeError(f"{type(value).__name__} has no plain form")


def json_of(text: str | bytes) -> Any:  # noqa: ANN401 - JSON
    """What JSON stands for that anybody may have written.

    Raises:
        ValueError: it is none, or none that can be read: brackets beyond measure, endless digits.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def text_of(raw: bytes) -> str:
    """Bytes as text: UTF-8 where they are, and a lone surrogate for each byte that is not."""
    return raw.decode("utf-8", "surrogateescape")


def bytes_of(text: str) -> bytes:
    """The bytes of which :func:`text_of` made the text.

    Raises:
        ValueError: it has surrogates that stand for no byte.
    """
    return text.encode("utf-8", "surrogateescape")
