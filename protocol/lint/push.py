"""A push as its provider wrote it, read as far as it can be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from protocol.lint.finding import Road
from protocol.notification import PushType
from protocol.payload import InvalidPayloadError, JsonObject, aps_of, parse_payload
from protocol.provider import broadcast
from protocol.provider.rejection import Rejection
from protocol.provider.request import (
    DEVICE_PATH,
    headers_of,
    infer_push_type,
    read_push_type,
    read_topic,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.identifiers import Topic
    from protocol.provider.http import Headers, HttpRequest

SEEN_OR_HEARD = ("alert", "badge", "sound")
# An 11-digit number of seconds is the year 5138; 13 digits are today in milliseconds.
MILLISECONDS_FROM = 10.0**11


@dataclass(frozen=True)
class Push:
    """What is judged.

    Args:
        request: the whole of it.
        now: UNIX seconds.
        is_whole: whether the request is all that is sent: a header that is not there is absent,
            not merely unknown.
        default_topic: the topic of the certificate, for a push that names none.
    """

    request: HttpRequest
    now: float
    is_whole: bool = True
    default_topic: Topic | None = None

    @cached_property
    def headers(self) -> dict[str, str]:
        """By name; of a repeated one the first."""
        return headers_of(self.request.headers)

    @cached_property
    def road(self) -> Road | None:
        """Which call it is; None when it is none that carries pushes."""
        path = self.request.path
        if path.startswith(broadcast.BROADCAST_PATH):
            return Road.BROADCAST
        return None if path.startswith(broadcast.MANAGEMENT_PATH) else Road.DEVICE

    @property
    def token(self) -> str:
        """The text behind ``/3/device/``."""
        return self.request.path.removeprefix(DEVICE_PATH)

    # -- what kind it is ------------------------------------------------------------------------

    @cached_property
    def told_kind(self) -> PushType | None:
        """As ``apns-push-type`` says, or the topic's suffix; None when neither can be read."""
        if self.road is Road.BROADCAST:
            return PushType.LIVE_ACTIVITY
        try:
            if (named := read_push_type(self.headers)) is not None:
                return named
            topic = read_topic(self.headers) or self.default_topic
        except Rejection:
            return None
        if topic is None:
            return None
        inferred = infer_push_type(topic)
        return inferred if self.is_whole or inferred.topic_suffix else None

    @cached_property
    def kind(self) -> PushType:
        """The push type; guessed from the payload if nothing tells."""
        return self.told_kind or _guess(self.payload or {})

    @property
    def max_bytes(self) -> int:
        """How large its payload may be."""
        is_broadcast = self.road is Road.BROADCAST
        return broadcast.MAX_PAYLOAD_BYTES if is_broadcast else self.kind.max_payload_bytes

    # -- what it says ---------------------------------------------------------------------------

    @cached_property
    def parsed(self) -> JsonObject | InvalidPayloadError:
        """The payload, or why it is none."""
        try:
            return parse_payload(self.request.body)
        except InvalidPayloadError as error:
            return error

    @property
    def payload(self) -> JsonObject | None:
        """The payload; None when it cannot be read."""
        return None if isinstance(self.parsed, InvalidPayloadError) else self.parsed

    @cached_property
    def aps(self) -> dict[str, Any]:
        """Its ``aps`` dictionary, perhaps empty."""
        return aps_of(self.payload or {})


def as_headers(named: Mapping[str, str]) -> Headers:
    """Headers as they are in an ``HttpRequest``: their UTF-8, one character per byte."""
    return tuple((name.lower(), value.encode().decode("latin-1")) for name, value in named.items())


def as_body(payload: JsonObject) -> bytes:
    """The smallest body: compact JSON in UTF-8; half a surrogate pair stays an escape."""
    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(payload, separators=(",", ":")).encode()


def _guess(payload: JsonObject) -> PushType:
    """What a payload looks like, if nobody says what it is."""
    aps = aps_of(payload)
    if "content-state" in aps or "event" in aps:
        return PushType.LIVE_ACTIVITY
    if "mdm" in payload and "aps" not in payload:
        return PushType.MDM
    if "content-changed" in aps:
        return PushType.WIDGETS
    if "content-available" in aps and not any(key in aps for key in SEEN_OR_HEARD):
        return PushType.BACKGROUND
    return PushType.ALERT
