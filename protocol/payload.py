"""The body of a push: is it a JSON dictionary, and what its ``aps`` part says."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]


class InvalidPayloadError(ValueError):
    """The body is not a JSON dictionary; the message says what it is."""


def _refuse_constant(name: str) -> None:
    raise InvalidPayloadError(f"the payload has {name}, which is not JSON")


def parse_payload(body: bytes) -> JsonObject:
    """Read a payload: a JSON dictionary in UTF-8.

    Raises:
        InvalidPayloadError: not UTF-8, not JSON, nested too deeply to read, or not a dictionary.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError:
        raise InvalidPayloadError("the payload is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise InvalidPayloadError(f"the payload is not JSON: {error}") from None
    except (RecursionError, ValueError) as error:  # ValueError: an integer of 4,300+ digits
        if isinstance(error, InvalidPayloadError):
            raise
        raise InvalidPayloadError("the payload is JSON that no device would read") from None
    if not isinstance(value, dict):
        raise InvalidPayloadError(f"the payload is a JSON {type(value).__name__}, not a dictionary")
    return value


def aps_of(payload: JsonObject) -> JsonObject:
    """The ``aps`` dictionary; empty when absent (mdm, fileprovider) or not a dictionary."""
    aps = payload.get("aps")
    return aps if isinstance(aps, dict) else {}
