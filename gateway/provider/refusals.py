"""The shell's own answers, shaped like all (clients.md 11, 14): ``apns-id`` and a reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from protocol.provider.http import HttpResponse

if TYPE_CHECKING:
    from protocol.provider.http import Headers


def refusal(request_headers: Headers, status: int, reason: str) -> HttpResponse:
    """An answer that the shell makes when no one else can."""
    echo = tuple(field for field in request_headers if field[0] == "apns-id")[:1]
    return HttpResponse(status, echo, reason_json(reason))


def reason_json(reason: str) -> bytes:
    """Apple's JSON, without spaces as on the wire; in bodies and in GOAWAY."""
    return json.dumps({"reason": reason}, separators=(",", ":")).encode()
