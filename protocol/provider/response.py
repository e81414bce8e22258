"""The gateway's answer to a provider, byte for byte as Apple's.

Measured on Apple's servers: a 200 carries only ``apns-id`` (in development also
``apns-unique-id``) and no body; an error carries ``apns-id`` and one JSON body without spaces.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.identifiers import UniqueId
    from protocol.provider.rejection import Rejection

APNS_ID, REQUEST_ID = "apns-id", "apns-request-id"


def reason_json(text: str) -> bytes:
    """Apple's JSON, without spaces as on the wire; in bodies and in GOAWAY."""
    return json.dumps({"reason": text}, separators=(",", ":")).encode()


_BODIES = {reason: reason_json(reason.text) for reason in Reason}


def accepted(apns_id: str, unique_id: UniqueId | None) -> HttpResponse:
    """200. Args: the id to echo; the unique id, which only the development environment shows."""
    if unique_id is None:
        return HttpResponse(200, ((APNS_ID, apns_id),))
    return HttpResponse(200, ((APNS_ID, apns_id), ("apns-unique-id", unique_id)))


def rejected(rejection: Rejection, apns_id: str, header: str = APNS_ID) -> HttpResponse:
    """The refusal. ``apns_id`` is on every answer: aioapns waits for ever without it.

    Args:
        rejection: why.
        apns_id: the id to echo.
        header: what the id is called: ``apns-request-id`` for everything about broadcasts.
    """
    reason = rejection.reason
    body = _BODIES[reason]
    if rejection.unregistered_at is not None:
        # Whole milliseconds as a JSON number: Pushy and sideshow/apns2 read nothing else.
        milliseconds = round(rejection.unregistered_at * 1000)
        body = body[:-1] + b',"timestamp":%d}' % milliseconds
    return HttpResponse(reason.status, ((header, apns_id),), body)


def managed(
    status: int, request_id: str, more: Mapping[str, str], content: object = None
) -> HttpResponse:
    """The answer to a broadcast request that was done.

    Args:
        status: 201 created, 204 deleted, else 200.
        request_id: the ``apns-request-id`` to echo, on every answer.
        more: ``apns-channel-id`` of a new channel, ``apns-unique-id`` of a broadcast.
        content: the body as JSON, if the call has one.
    """
    body = b"" if content is None else json.dumps(content, separators=(",", ":")).encode()
    return HttpResponse(status, ((REQUEST_ID, request_id), *more.items()), body)
