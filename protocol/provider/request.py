"""Reading one device push: each part of ``POST /3/device/<token>``, or the reason it is refused.

One small function per part; in which order they are asked is ``gateway/validation.py``'s matter.
Source: Apple, "Sending notification requests to APNs", table of header fields.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from protocol.identifiers import (
    ApnsId,
    CollapseId,
    DeviceToken,
    InvalidIdentifierError,
    Topic,
)
from protocol.notification import Expiration, Priority, PushType
from protocol.payload import InvalidPayloadError, parse_payload
from protocol.plain import text_of
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

    from protocol.provider.http import Headers

DEVICE_PATH = "/3/device/"

# The headers that describe the push; a second one of any of them is refused. Which headers Apple
# counts is unconfirmed; others (user-agent, cookie …) may well repeat in HTTP/2.
DESCRIBING_HEADERS = frozenset(
    {
        "apns-collapse-id",
        "apns-expiration",
        "apns-id",
        "apns-priority",
        "apns-push-type",
        "apns-topic",
        "authorization",
    }
)


def headers_of(headers: Headers) -> dict[str, str]:
    """Look up by name; of a repeated header the first value."""
    return dict(reversed(headers))


def token_in(path: str) -> str | None:
    """The device token that the path of a push names, in lower case, be it one or not."""
    return path.removeprefix(DEVICE_PATH).lower() if path.startswith(DEVICE_PATH) else None


def refuse_other_methods(method: str) -> None:
    """A push is posted.

    Raises:
        Rejection: MethodNotAllowed.
    """
    if method != "POST":
        raise Rejection(Reason.METHOD_NOT_ALLOWED, f"expected POST, not {method[:40]}")


def read_path(path: str) -> str:
    """The text after ``/3/device/``, which may be empty (MissingDeviceToken comes later).

    Raises:
        Rejection: BadPath.
    """
    prefix, slash, token = path.rpartition("/")
    if prefix + slash == DEVICE_PATH:
        return token
    if path + "/" == DEVICE_PATH:
        return ""
    raise Rejection(Reason.BAD_PATH, f"expected /3/device/<token>, not {path[:120]!r}")


def refuse_repeated(headers: Headers) -> None:
    """A header that describes the push is there twice.

    Raises:
        Rejection: DuplicateHeaders.
    """
    if len(dict(headers)) == len(headers):
        return  # nothing repeats at all: nearly every request
    seen: set[str] = set()
    for name, _ in headers:
        if name in DESCRIBING_HEADERS:
            if name in seen:
                raise Rejection(Reason.DUPLICATE_HEADERS, f"{name} is there more than once")
            seen.add(name)


def read_apns_id(headers: Mapping[str, str]) -> ApnsId | None:
    """``apns-id``; either letter case, kept as sent.

    Raises:
        Rejection: BadMessageId.
    """
    text = headers.get("apns-id")
    if text is None:
        return None
    try:
        return ApnsId.parse(text)
    except InvalidIdentifierError as error:
        raise Rejection(Reason.BAD_MESSAGE_ID, str(error)) from None


def read_device_token(text: str) -> DeviceToken:
    """The token of the path.

    Raises:
        Rejection: BadDeviceToken.
    """
    try:
        return DeviceToken.parse(text)
    except InvalidIdentifierError as error:
        raise Rejection(Reason.BAD_DEVICE_TOKEN, str(error)) from None


def read_expiration(headers: Mapping[str, str]) -> Expiration:
    """``apns-expiration``: UNIX seconds; 0 = try once; absent = 30 days.

    Raises:
        Rejection: BadExpirationDate.
    """
    text = headers.get("apns-expiration")
    if text is None:
        return Expiration()
    try:
        return Expiration.parse(text)
    except ValueError as error:
        raise Rejection(Reason.BAD_EXPIRATION_DATE, f"{error}, not {text[:40]!r}") from None


_PRIORITIES = {str(int(priority)): priority for priority in Priority}


def read_priority(headers: Mapping[str, str]) -> Priority | None:
    """``apns-priority``: 10, 5 or 1; None when absent.

    Raises:
        Rejection: BadPriority.
    """
    text = headers.get("apns-priority")
    if text is None:
        return None
    if (priority := _PRIORITIES.get(text)) is None:
        raise Rejection(Reason.BAD_PRIORITY, f"apns-priority is 10, 5 or 1, not {text[:40]!r}")
    return priority


_PUSH_TYPES = {push_type.value: push_type for push_type in PushType}


def read_push_type(headers: Mapping[str, str]) -> PushType | None:
    """``apns-push-type``; None when absent, which iOS tokens accept.

    Raises:
        Rejection: InvalidPushType.
    """
    text = headers.get("apns-push-type")
    if text is None:
        return None
    if (push_type := _PUSH_TYPES.get(text)) is None:
        expected = ", ".join(_PUSH_TYPES)
        detail = f"apns-push-type is one of {expected}; not {text[:40]!r}"
        raise Rejection(Reason.INVALID_PUSH_TYPE, detail)
    return push_type


def refuse_immediate_background(push_type: PushType | None, priority: Priority | None) -> None:
    """Apple: "Always use priority 5. Using priority 10 is an error" for background pushes.

    The reason is not named; BadPriority is what other simulators say. Only an explicit 10 is
    refused: a header that is absent cannot be wrong.

    Raises:
        Rejection: BadPriority.
    """
    if push_type is PushType.BACKGROUND and priority is Priority.IMMEDIATE:
        raise Rejection(Reason.BAD_PRIORITY, "a background push has priority 5 or 1, not 10")


def read_collapse_id(headers: Mapping[str, str]) -> CollapseId | None:
    """``apns-collapse-id``: at most 64 bytes; None when absent or empty.

    Raises:
        Rejection: BadCollapseId.
    """
    text = headers.get("apns-collapse-id")
    if not text:
        return None
    try:
        # Headers arrive as bytes in Latin-1's clothes (``HttpRequest``); clients mean UTF-8.
        return CollapseId.parse(text_of(text.encode("latin-1")))
    except InvalidIdentifierError as error:
        raise Rejection(Reason.BAD_COLLAPSE_ID, str(error)) from None


# A provider pushes to the same few topics for ever.
_parse_topic = lru_cache(maxsize=256)(Topic.parse)

# A topic with a mark stuck to it, as scripts cut it out of a certificate: "<com.example.app>", or
# "!com.example.app" with the DER length that stands before it.
_MARKED_TOPIC = re.compile(rf"[!-,/:-@]({Topic.PATTERN.pattern})>?", re.ASCII)


def read_topic(headers: Mapping[str, str]) -> Topic | None:
    """``apns-topic``; None when absent or empty.

    Measured: a topic with a mark stuck to it is not malformed to Apple, but one that nobody may
    push to (node-apn#479, alloy/lowdown#23).

    Raises:
        Rejection: BadTopic, or TopicDisallowed for a topic with a mark before it.
    """
    text = headers.get("apns-topic")
    if not text:
        return None
    try:
        return _parse_topic(text)
    except InvalidIdentifierError as error:
        is_marked = _MARKED_TOPIC.fullmatch(text[: Topic.MAX_LENGTH + 1]) is not None
        reason = Reason.TOPIC_DISALLOWED if is_marked else Reason.BAD_TOPIC
        raise Rejection(reason, str(error)) from None


def infer_push_type(topic: str) -> PushType:
    """What a push without ``apns-push-type`` is: its topic's suffix tells, else an alert."""
    for push_type in PushType:
        suffix = push_type.topic_suffix
        if suffix and topic.endswith(suffix):
            return push_type
    return PushType.ALERT


def refuse_wrong_suffix(topic: Topic, push_type: PushType) -> None:
    """The topic must end as its push type demands: ``.voip`` for voip, and so on.

    Which reason Apple gives is unconfirmed; field reports of a mistaken topic show
    TopicDisallowed. Types without a suffix are not checked here, because a bundle id may well end
    in ``.voip`` itself: the token's own topic decides (DeviceTokenNotForTopic).

    Raises:
        Rejection: TopicDisallowed.
    """
    suffix = push_type.topic_suffix
    if not topic.endswith(suffix) or len(topic) == len(suffix):
        detail = f"the topic of a {push_type} push is the bundle id followed by {suffix}"
        raise Rejection(Reason.TOPIC_DISALLOWED, f"{detail}, not {topic}")


def read_payload(body: bytes, push_type: PushType) -> bytes:
    """The body: a JSON dictionary within the size of its push type.

    Apple names no reason for a body that is no JSON dictionary; APNSwift's test server says
    PayloadEmpty, and so do we.

    Raises:
        Rejection: PayloadEmpty or PayloadTooLarge.
    """
    if not body:
        raise Rejection(Reason.PAYLOAD_EMPTY, "the request has no body")
    limit = push_type.max_payload_bytes
    if len(body) > limit:
        detail = f"the payload of {push_type} pushes has at most {limit} bytes"
        raise Rejection(Reason.PAYLOAD_TOO_LARGE, detail)
    try:
        parse_payload(body)
    except InvalidPayloadError as error:
        raise Rejection(Reason.PAYLOAD_EMPTY, str(error)) from None
    return body
