"""A push outside the courier link: a map in logs and on the local socket, and read for others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.courier.channels import ChannelMark
from protocol.courier.messages import Push, StorageFlags
from protocol.identifiers import ApnsId, ChannelId, CollapseId, DeviceToken, Topic, UniqueId
from protocol.notification import Priority, PushType
from protocol.payload import InvalidPayloadError, parse_payload
from protocol.plain import bytes_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping


def push_to_map(push: Push) -> dict[str, Any]:
    """In msgpack's own types."""
    return {
        "message_id": str(push.message_id),
        "token": None if push.token is None else bytes(push.token),
        "topic": str(push.topic),
        "payload": push.payload,
        "apns_id": str(push.apns_id),
        "push_type": push.push_type.value,
        "priority": int(push.priority),
        # A provider's header need not be UTF-8, so it travels as the bytes that it was.
        "collapse_id": None if push.collapse_id is None else bytes_of(push.collapse_id),
        "expires_at": push.expires_at,
        "sent_at": push.sent_at,
        "storage": int(push.storage),
        "channel": None if push.channel is None else list(push.channel),
    }


def push_from_map(told: Mapping[Any, Any]) -> Push:
    """Believe the map once.

    Raises:
        ValueError: a field is missing or is not what it should be.
    """
    try:
        payload = told["payload"]
        payload.hex()  # bytes, or an AttributeError
        return Push(
            message_id=UniqueId.parse(told["message_id"]),
            token=_token(told["token"]),
            topic=Topic.parse(told["topic"]),
            payload=payload,
            apns_id=ApnsId.parse(told["apns_id"]),
            push_type=PushType(told["push_type"]),
            priority=Priority(told["priority"]),
            collapse_id=_collapse_id(told["collapse_id"]),
            expires_at=float(told["expires_at"]),
            sent_at=float(told["sent_at"]),
            storage=StorageFlags(told["storage"]),
            channel=_channel(told.get("channel")),  # not in logs of earlier versions
        )
    except (KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(f"not a push: {type(error).__name__}: {error}") from None


def _token(raw: bytes | None) -> DeviceToken | None:
    return None if raw is None else DeviceToken.parse(bytes.hex(raw))


def _channel(told: list[Any] | None) -> ChannelMark | None:
    if told is None:
        return None
    channel_id, last_message_ns = told
    return ChannelMark(ChannelId.parse(channel_id), int(last_message_ns))


def _collapse_id(raw: bytes | None) -> CollapseId | None:
    return None if raw is None else CollapseId.parse(text_of(raw))


def payload_of(push: Push) -> dict[str, Any] | None:
    """The payload as a dictionary; None when it is anything else."""
    try:
        return parse_payload(push.payload)
    except InvalidPayloadError:
        return None


def collapse_id_of(push: Push) -> str | None:
    """Its collapse id without the surrogates of bytes that are no UTF-8, which no JSON takes."""
    collapse_id = push.collapse_id
    return None if collapse_id is None else bytes_of(collapse_id).decode("utf-8", "replace")


def message_key(message_id: UniqueId) -> bytes:
    """The 16 bytes of a message id: a third of its text's memory."""
    return bytes.fromhex(message_id.replace("-", ""))


def is_from_storage(push: Push) -> bool:
    """Whether the gateway had kept the push while the device was away."""
    return bool(push.storage & (StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE))
