"""The body of a push: is it a JSON dictionary, and what its ``aps`` part says."""

from __future__ import annotations

import json
import math
from enum import Enum, auto
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]

# Foundation's JSON reader on the device stops at 512 levels.
MAX_NESTING = 512


class PayloadFault(Enum):
    """In which way a body is no payload."""

    NOT_UTF8 = auto()
    NOT_JSON = auto()
    UNREADABLE = auto()
    NOT_A_DICTIONARY = auto()


class InvalidPayloadError(ValueError):
    """The body is not a JSON dictionary; the message says what it is, ``fault`` in which way."""

    def __init__(self, message: str, fault: PayloadFault) -> None:
        super().__init__(message)
        self.fault = fault


def _refuse_constant(name: str) -> None:
    detail = f"the payload has {name}, which is not JSON"
    raise InvalidPayloadError(detail, PayloadFault.NOT_JSON)


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large a number")
    return number


# Made once: json.loads() with options makes a decoder per call, which costs more than decoding.
_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def parse_payload(body: bytes) -> JsonObject:
    """Read a payload: a JSON dictionary in UTF-8, and one that can be written again as such.

    Beside what is no JSON, this refuses what is JSON by its grammar and breaks readers (the
    device's among them): more than 512 levels, numbers beyond any double, half a surrogate pair.

    Raises:
        InvalidPayloadError: not UTF-8, not JSON, unreadable as above, or not a dictionary.
    """
    try:
        text = body.decode("utf-8")
        value = _DECODER.decode(text)
        _require_readable(text, value)
    except UnicodeDecodeError:
        raise InvalidPayloadError("the payload is not UTF-8", PayloadFault.NOT_UTF8) from None
    except json.JSONDecodeError as error:
        detail = f"the payload is not JSON: {error}"
        raise InvalidPayloadError(detail, PayloadFault.NOT_JSON) from None
    except InvalidPayloadError:
        raise
    except (RecursionError, ValueError):  # ValueError: also an integer of 4,300+ digits
        detail = "the payload is JSON that no device would read"
        raise InvalidPayloadError(detail, PayloadFault.UNREADABLE) from None
    if not isinstance(value, dict):
        detail = f"the payload is a JSON {type(value).__name__}, not a dictionary"
        raise InvalidPayloadError(detail, PayloadFault.NOT_A_DICTIONARY)
    return value


def _require_readable(text: str, value: object) -> None:
    """Refuse deep nesting and lone surrogates (ValueError); look only where they can be."""
    if text.count("[") + text.count("{") > MAX_NESTING and _levels(value) > MAX_NESTING:
        raise ValueError("nested too deeply")
    if "\\ud" in text or "\\uD" in text:
        json.dumps(value, ensure_ascii=False).encode("utf-8")


def _levels(value: object) -> int:
    levels, containers = 0, [value]
    while containers := [each for each in containers if isinstance(each, (dict, list))]:
        levels += 1
        containers = [
            inner
            for outer in containers
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
    return levels


def is_set(flag: object) -> bool:
    """Whether a flag of a payload is set, such as ``content-available``; some send it as a text."""
    return flag in (1, "1")


def aps_of(payload: JsonObject) -> JsonObject:
    """The ``aps`` dictionary; empty when absent (mdm, fileprovider) or not a dictionary."""
    aps = payload.get("aps")
    return aps if isinstance(aps, dict) else {}
