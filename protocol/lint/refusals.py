"""Errors: what APNs refuses, with its reason.

Each reads its part as the gateway does (``protocol.provider``), so both refuse the same. The
advice is for the mistake that is behind it most of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.identifiers import ChannelId
from protocol.lint.finding import Found, Road
from protocol.lint.size import smallest
from protocol.lint.words import did_you_mean
from protocol.notification import PushType
from protocol.payload import InvalidPayloadError, PayloadFault
from protocol.provider import broadcast
from protocol.provider import request as device
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from protocol.lint.push import Push

_BOM = b"\xef\xbb\xbf"
_GZIP = b"\x1f\x8b"


def _refusal(read: Callable[[], object], where: str, advice: str) -> Iterator[Found]:
    """What the reading of a part is refused for."""
    try:
        read()
    except Rejection as rejection:
        yield Found(where, rejection.detail, advice, rejection.reason)


# -- the request -----------------------------------------------------------------------------------


def method(push: Push) -> Iterator[Found]:
    """The method is not POST."""
    if push.is_whole:
        yield from _refusal(
            lambda: device.refuse_other_methods(push.request.method), ":method", "send a POST"
        )


def path(push: Push) -> Iterator[Found]:
    """The path is none of APNs'."""
    read = device.read_path if push.road is Road.DEVICE else broadcast.read_broadcast_path
    if push.is_whole:
        yield from _refusal(
            lambda: read(push.request.path),
            ":path",
            "post to /3/device/<token>, or to /4/broadcasts/apps/<bundle id>",
        )


def repeated_header(push: Push) -> Iterator[Found]:
    """A header that describes the push is there twice."""
    yield from _refusal(
        lambda: device.refuse_repeated(push.request.headers),
        "headers",
        "set each header once; some libraries add to what is there already",
    )


def message_id(push: Push) -> Iterator[Found]:
    """The id of the push is no UUID."""
    if push.road is Road.BROADCAST:
        yield from _refusal(
            lambda: broadcast.read_request_id(push.headers),
            "apns-request-id",
            "send a UUID, or leave the header out and get one",
        )
    else:
        yield from _refusal(
            lambda: device.read_apns_id(push.headers),
            "apns-id",
            "send a UUID, or leave the header out and get one",
        )


def token_missing(push: Push) -> Iterator[Found]:
    """The path ends before the device token."""
    try:
        is_there = bool(device.read_path(push.request.path))
    except Rejection:
        return
    if push.is_whole and not is_there:
        yield Found(
            ":path",
            "has no device token",
            "put the token behind /3/device/; is it empty in your database?",
            Reason.MISSING_DEVICE_TOKEN,
        )


def malformed_token(push: Push) -> Iterator[Found]:
    """The device token is not hexadecimal, or too long."""
    if not push.is_whole or not push.request.path.startswith(device.DEVICE_PATH) or not push.token:
        return
    if "/" in push.token:
        return  # that is no path of APNs'
    advice = "send the bytes of the token as hexadecimal digits, without spaces and <>"
    yield from _refusal(lambda: device.read_device_token(push.token), ":path", advice)


# -- headers ---------------------------------------------------------------------------------------


def expiration(push: Push) -> Iterator[Found]:
    """apns-expiration is no whole number of UNIX seconds."""
    yield from _refusal(
        lambda: device.read_expiration(push.headers),
        "apns-expiration",
        "send seconds since 1970 without a fraction, 0 to try once, or leave it out",
    )


def priority(push: Push) -> Iterator[Found]:
    """apns-priority is none of 10, 5, 1."""
    advice = "send 10 (at once), 5 (when it suits the battery) or 1, or leave it out"
    yield from _refusal(lambda: device.read_priority(push.headers), "apns-priority", advice)


def push_type(push: Push) -> Iterator[Found]:
    """apns-push-type is none of Apple's; letter case counts."""
    near = did_you_mean(push.headers.get("apns-push-type"), PushType)
    advice = f"did you mean {near}?" if near else "send one of these"
    yield from _refusal(lambda: device.read_push_type(push.headers), "apns-push-type", advice)


def immediate_background(push: Push) -> Iterator[Found]:
    """A background push has priority 10."""
    try:
        kind, said = device.read_push_type(push.headers), device.read_priority(push.headers)
    except Rejection:
        return
    yield from _refusal(
        lambda: device.refuse_immediate_background(kind, said),
        "apns-priority",
        "send 5; many libraries send 10 unless told",
    )


def collapse_id(push: Push) -> Iterator[Found]:
    """apns-collapse-id is over 64 bytes."""
    advice = "shorten it, or send a hash of it; bytes count, not letters"
    yield from _refusal(lambda: device.read_collapse_id(push.headers), "apns-collapse-id", advice)


def missing_topic(push: Push) -> Iterator[Found]:
    """There is no apns-topic."""
    if push.is_whole and not push.headers.get("apns-topic") and push.default_topic is None:
        yield Found(
            "apns-topic",
            "is missing",
            "send the app's bundle id (with the suffix of its push type); only a certificate of"
            " one topic spares it",
            Reason.MISSING_TOPIC,
        )


def malformed_topic(push: Push) -> Iterator[Found]:
    """apns-topic can be no bundle id."""
    advice = "send the bundle id as it is in Xcode, such as com.example.app"
    yield from _refusal(lambda: device.read_topic(push.headers), "apns-topic", advice)


def topic_suffix(push: Push) -> Iterator[Found]:
    """apns-topic lacks the suffix of its push type."""
    try:
        topic = device.read_topic(push.headers) or push.default_topic
        kind = device.read_push_type(push.headers)
    except Rejection:
        return
    if topic is not None and kind is not None:
        yield from _refusal(
            lambda: device.refuse_wrong_suffix(topic, kind),
            "apns-topic",
            f"send <bundle id>{kind.topic_suffix}, or another apns-push-type",
        )


# -- broadcasts ------------------------------------------------------------------------------------


def broadcast_bundle_id(push: Push) -> Iterator[Found]:
    """The path of a broadcast has no bundle id, or one with a suffix."""
    name = push.request.path.removeprefix(broadcast.BROADCAST_PATH)
    if name and "/" not in name:
        advice = "the path has the bundle id alone; broadcasts have no apns-topic"
        yield from _refusal(lambda: broadcast.read_bundle_id(name), ":path", advice)


def channel_id(push: Push) -> Iterator[Found]:
    """A broadcast names no channel, or none that can be."""
    if push.is_whole or "apns-channel-id" in push.headers:
        yield from _refusal(
            lambda: broadcast.read_channel_id(push.headers),
            "apns-channel-id",
            f"send the base64 text that creating the channel answered, {ChannelId.MAX_BYTES} bytes"
            " at most",
        )


def broadcast_push_type(push: Push) -> Iterator[Found]:
    """A broadcast is for Live Activities, and says so."""
    said = push.headers.get("apns-push-type")
    if push.is_whole or said is not None:
        yield from _refusal(
            lambda: broadcast.read_live_activity(said), "apns-push-type", "send liveactivity"
        )


# -- the body --------------------------------------------------------------------------------------


def no_body(push: Push) -> Iterator[Found]:
    """There is no payload."""
    if not push.request.body:
        advice = "send a JSON dictionary; node-apn sends nothing when it would be {}"
        yield Found("body", "is empty", advice, Reason.PAYLOAD_EMPTY)


def too_large(push: Push) -> Iterator[Found]:
    """The payload is over 4096 bytes (voip and broadcasts: 5120)."""
    size, limit = len(push.request.body), push.max_bytes
    if size > limit:
        what = f"has {size} bytes, {size - limit} more than the {limit} of {push.kind} pushes"
        yield Found("body", what, _lighter(push), Reason.PAYLOAD_TOO_LARGE)


def byte_order_mark(push: Push) -> Iterator[Found]:
    """The payload begins with a byte order mark."""
    if push.request.body.startswith(_BOM):
        advice = 'save the file as UTF-8 without BOM, or read it as "utf-8-sig"'
        what = "begins with a byte order mark, which is no JSON"
        yield Found("body", what, advice, _reason_of_bad_json(push))


def not_utf8(push: Push) -> Iterator[Found]:
    """The payload is not UTF-8."""
    if _fault(push) is PayloadFault.NOT_UTF8 and not push.request.body.startswith(_BOM):
        is_compressed = push.request.body.startswith(_GZIP)
        yield Found(
            "body",
            "is compressed" if is_compressed else "is not UTF-8",
            "send it uncompressed" if is_compressed else "encode the JSON as UTF-8",
            _reason_of_bad_json(push),
        )


def not_json(push: Push) -> Iterator[Found]:
    """The payload is not JSON."""
    has_own_rule = not push.request.body or push.request.body.startswith(_BOM)
    if _fault(push) is PayloadFault.NOT_JSON and not has_own_rule:
        advice = "have a JSON library write it: quotes are double, no comma is last, no comments"
        yield Found("body", str(push.parsed), advice, _reason_of_bad_json(push))


def unreadable(push: Push) -> Iterator[Found]:
    """The payload is JSON that no device reads."""
    if _fault(push) is PayloadFault.UNREADABLE:
        yield Found(
            "body",
            "is JSON that no device reads",
            "at most 512 levels of brackets, numbers that fit a double, whole surrogate pairs",
            _reason_of_bad_json(push),
        )


def not_a_dictionary(push: Push) -> Iterator[Found]:
    """The payload is JSON, but no dictionary."""
    if _fault(push) is PayloadFault.NOT_A_DICTIONARY:
        advice = 'send {"aps": {…}}; was it encoded as JSON twice?'
        yield Found("body", str(push.parsed), advice, _reason_of_bad_json(push))


def _fault(push: Push) -> PayloadFault | None:
    return push.parsed.fault if isinstance(push.parsed, InvalidPayloadError) else None


def _reason_of_bad_json(push: Push) -> Reason:
    is_broadcast = push.road is Road.BROADCAST
    return Reason.BAD_REQUEST_PAYLOAD if is_broadcast else Reason.PAYLOAD_EMPTY


def _lighter(push: Push) -> str:
    least = smallest(push)
    advice = "send less, and have the app fetch the rest"
    if least is None or least >= len(push.request.body):
        return advice
    return f"as compact JSON in plain UTF-8 it has {least} bytes; else {advice}"
