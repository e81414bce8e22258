"""The shell's own answers, shaped like all (clients.md 11, 14): ``apns-id`` and a reason."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from protocol.identifiers import ApnsId
from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason
from protocol.provider.request import headers_of
from protocol.provider.response import APNS_ID, REQUEST_ID, reason_json

if TYPE_CHECKING:
    from gateway.provider.headers import Head

_ABOUT_CHANNELS = ("/1/", "/4/")


def refusal(head: Head, reason: Reason, status: int | None = None) -> HttpResponse:
    """An answer that the shell makes when no one else can; ``status`` if not the reason's own."""
    header = id_header_of(head.path)
    # Every answer has one, also those to requests without (measured; kalyke needs it).
    apns_id = headers_of(head.headers).get(header) or ApnsId.from_random(secrets.token_bytes(16))
    return HttpResponse(status or reason.status, ((header, apns_id),), reason_json(reason.text))


def id_header_of(path: str) -> str:
    """The header that names a request to this path, and its answer."""
    return REQUEST_ID if path.startswith(_ABOUT_CHANNELS) else APNS_ID


BAD_DEVICE_TOKEN = reason_json(Reason.BAD_DEVICE_TOKEN.text)
SHUTDOWN = reason_json(Reason.SHUTDOWN.text)
IDLE_TIMEOUT = reason_json(Reason.IDLE_TIMEOUT.text)
