"""Reading broadcast requests: channel management, and ``POST /4/broadcasts/apps/<bundle id>``.

One small function per part, as in ``request.py``; in which order they are asked is
``gateway/broadcast_validation.py``'s matter. Sources: Apple, "Sending channel management requests
to APNs", "Sending broadcast push notification requests to APNs", "Handling error responses from
APNs".
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from protocol.broadcast import StoragePolicy
from protocol.identifiers import ApnsId, BundleId, ChannelId, InvalidIdentifierError
from protocol.notification import PushType
from protocol.payload import InvalidPayloadError, JsonObject, parse_payload
from protocol.provider.rejection import Reason, Rejection

if TYPE_CHECKING:
    from collections.abc import Mapping

BROADCAST_PATH = "/4/broadcasts/apps/"
MANAGEMENT_PATH = "/1/apps/"
_OF_APPS = (BROADCAST_PATH, MANAGEMENT_PATH)
MAX_PAYLOAD_BYTES = 5120
"""Apple: "5 KB (5,120 bytes)" for a broadcast; what creates a channel is far smaller."""

_POLICY, _PUSH_TYPE = "message-storage-policy", "push-type"


class ManagementCall(Enum):
    """What may be asked about channels: the method, and what follows the bundle id."""

    CREATE = "POST", "channels"
    READ = "GET", "channels"
    DELETE = "DELETE", "channels"
    LIST = "GET", "all-channels"

    def __init__(self, method: str, resource: str) -> None:
        self.method = method
        self.resource = resource


MANAGEMENT_METHODS = frozenset(call.method for call in ManagementCall)
_CALLS = {(call.method, call.resource): call for call in ManagementCall}
_RESOURCES = frozenset(call.resource for call in ManagementCall)


def app_in(path: str) -> str | None:
    """The bundle id that the path of a request about channels names, be it one or not."""
    for prefix in _OF_APPS:
        if path.startswith(prefix):
            return path.removeprefix(prefix).partition("/")[0]
    return None


def read_broadcast_path(path: str) -> str:
    """The text after ``/4/broadcasts/apps/``, which is to be a bundle id.

    Raises:
        Rejection: BadPath.
    """
    prefix, slash, name = path.rpartition("/")
    if prefix + slash != BROADCAST_PATH or not name:
        expected = f"expected {BROADCAST_PATH}<bundle id>"
        raise Rejection(Reason.BAD_PATH, f"{expected}, not {path[:120]!r}")
    return name


def read_management_path(path: str) -> tuple[str, str]:
    """What is to be a bundle id, and the resource: ``channels`` or ``all-channels``.

    Raises:
        Rejection: BadPath.
    """
    name, _, resource = path.removeprefix(MANAGEMENT_PATH).partition("/")
    if not path.startswith(MANAGEMENT_PATH) or not name or resource not in _RESOURCES:
        expected = f"expected {MANAGEMENT_PATH}<bundle id>/channels or …/all-channels"
        raise Rejection(Reason.BAD_PATH, f"{expected}, not {path[:120]!r}")
    return name, resource


def read_management_call(method: str, resource: str) -> ManagementCall:
    """Which call it is.

    Raises:
        Rejection: MethodNotAllowed.
    """
    call = _CALLS.get((method, resource))
    if call is None:
        allowed = " or ".join(each.method for each in ManagementCall if each.resource == resource)
        raise Rejection(Reason.METHOD_NOT_ALLOWED, f"{resource}: expected {allowed}, not {method}")
    return call


def read_bundle_id(text: str) -> BundleId:
    """The bundle id of the path: without the suffix that Live Activity topics have elsewhere.

    Raises:
        Rejection: TopicDisallowed.
    """
    suffix = PushType.LIVE_ACTIVITY.topic_suffix
    if text.endswith(suffix):
        detail = f"the path has the bundle id alone, without {suffix}"
        raise Rejection(Reason.TOPIC_DISALLOWED, f"{detail}: {text[:120]!r}")
    try:
        return BundleId.parse(text)
    except InvalidIdentifierError as error:
        raise Rejection(Reason.TOPIC_DISALLOWED, str(error)) from None


def sent_request_id(headers: Mapping[str, str]) -> str:
    """The client's name for the request, whatever it is; empty when there is none.

    ``apns-request-id``; one of Apple's samples has ``apns-id`` in its place.
    """
    return headers.get("apns-request-id") or headers.get("apns-id", "")


def read_request_id(headers: Mapping[str, str]) -> ApnsId | None:
    """``apns-request-id``: a UUID in either letter case, kept as sent.

    Raises:
        Rejection: BadMessageId.
    """
    text = sent_request_id(headers)
    if not text:
        return None
    try:
        return ApnsId.parse(text)
    except InvalidIdentifierError:
        detail = f"apns-request-id is a UUID of 8-4-4-4-12 hexadecimal digits, not {text[:80]!r}"
        raise Rejection(Reason.BAD_MESSAGE_ID, detail) from None


def read_channel_id(headers: Mapping[str, str]) -> ChannelId:
    """``apns-channel-id``, for every call about one channel.

    Raises:
        Rejection: MissingChannelId, BadChannelId.
    """
    text = headers.get("apns-channel-id")
    if not text:
        raise Rejection(Reason.MISSING_CHANNEL_ID, "expected the header apns-channel-id")
    try:
        return ChannelId.parse(text)
    except InvalidIdentifierError as error:
        raise Rejection(Reason.BAD_CHANNEL_ID, str(error)) from None


def read_live_activity(text: object) -> None:
    """The push type, of a message or of a new channel: Live Activities and no other.

    Apple's pages spell it ``Liveactivity``, ``liveactivity`` and ``LiveActivity``: case is nothing.

    Raises:
        Rejection: MissingPushType, InvalidPushType.
    """
    if text is None or text == "":
        raise Rejection(Reason.MISSING_PUSH_TYPE, "expected the push type LiveActivity")
    if not isinstance(text, str) or text.lower() != PushType.LIVE_ACTIVITY:
        detail = f"a broadcast's push type is LiveActivity, not {str(text)[:40]!r}"
        raise Rejection(Reason.INVALID_PUSH_TYPE, detail)


def read_body(body: bytes) -> JsonObject:
    """The body as a JSON dictionary.

    Raises:
        Rejection: PayloadEmpty, PayloadTooLarge, BadRequestPayload.
    """
    if not body:
        raise Rejection(Reason.PAYLOAD_EMPTY, "the request has no body")
    if len(body) > MAX_PAYLOAD_BYTES:
        raise Rejection(Reason.PAYLOAD_TOO_LARGE, f"at most {MAX_PAYLOAD_BYTES} bytes are allowed")
    try:
        return parse_payload(body)
    except InvalidPayloadError as error:
        raise Rejection(Reason.BAD_REQUEST_PAYLOAD, str(error)) from None


def read_new_channel(body: bytes) -> StoragePolicy:
    """What a channel is to be: ``{"message-storage-policy": 0 | 1, "push-type": "LiveActivity"}``.

    Raises:
        Rejection: those of :func:`read_body`, BadRequestParams for an attribute that is not
            known, MissingPushType, InvalidPushType, MissingChannelQueueSize.
    """
    said = read_body(body)
    unknown = [name for name in said if name not in (_POLICY, _PUSH_TYPE)]
    if unknown:
        detail = f"unknown attribute {unknown[0][:80]!r}; known: {_POLICY}, {_PUSH_TYPE}"
        raise Rejection(Reason.BAD_REQUEST_PARAMS, detail)
    read_live_activity(said.get(_PUSH_TYPE))
    return _read_policy(said.get(_POLICY))


# node-apn's README sends it as text.
_POLICIES: dict[object, StoragePolicy] = {
    spelling: policy for policy in StoragePolicy for spelling in (policy.value, str(policy.value))
}


def _read_policy(value: object) -> StoragePolicy:
    # The type first: True is 1 to a dictionary, and so is 1.0; a list cannot be looked up.
    policy = _POLICIES.get(value) if type(value) in (int, str) else None
    if policy is None:
        detail = f"{_POLICY} is 0 (none stored) or 1 (most recent stored), not {str(value)[:40]!r}"
        raise Rejection(Reason.MISSING_CHANNEL_QUEUE_SIZE, detail)
    return policy


def channel_json(policy: StoragePolicy) -> JsonObject:
    """A channel as reading it tells it."""
    return {_POLICY: int(policy), _PUSH_TYPE: "LiveActivity"}
