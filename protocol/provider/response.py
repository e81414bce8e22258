"""The gateway's answer to a provider, byte for byte as Apple's.

Measured on Apple's servers: a 200 carries only ``apns-id`` (in development also
``apns-unique-id``) and no body; an error carries ``apns-id`` and one JSON body without spaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from protocol.identifiers import UniqueId
    from protocol.provider.rejection import Rejection

_BODIES = {reason: b'{"reason":"%s"}' % reason.text.encode() for reason in Reason}


def accepted(apns_id: str, unique_id: UniqueId | None) -> HttpResponse:
    """200. Args: the id to echo; the unique id, which only the development environment shows."""
    if unique_id is None:
        return HttpResponse(200, (("apns-id", apns_id),))
    return HttpResponse(200, (("apns-id", apns_id), ("apns-unique-id", unique_id)))


def rejected(rejection: Rejection, apns_id: str) -> HttpResponse:
    """The refusal. ``apns_id`` is on every answer: aioapns waits for ever without it."""
    reason = rejection.reason
    body = _BODIES[reason]
    if rejection.unregistered_at is not None:
        # Whole milliseconds as a JSON number: Pushy and sideshow/apns2 read nothing else.
        milliseconds = round(rejection.unregistered_at * 1000)
        body = body[:-1] + b',"timestamp":%d}' % milliseconds
    return HttpResponse(reason.status, (("apns-id", apns_id),), body)
