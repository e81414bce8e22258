"""What the gateway and its store process say to one another, over their socket pair.

A frame is four bytes of length (big endian) and one msgpack value. The gateway sends lists of
operations, ``[[verb, *arguments], …]``; each is answered, in order, by one of::

    ["ready", pending]              first words: the database is open
    ["refused", text]               first and last words: it cannot be opened
    ["done", results, failures, pending, transactions]      committed; see ``sqlite.Outcome``
    ["outage", text]                nothing of the batch was committed
    ["broken", text]                last words: a frame made no sense, framing is lost

Neither side trusts the other's bytes: what is not a frame is :class:`WireError`, and a side that
has met one says so and ends the conversation. The store process is then started anew.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import msgpack

from gateway.store.store import Registration
from protocol.broadcast import Broadcast, Channel, StoragePolicy
from protocol.identifiers import (
    ApnsId,
    BundleId,
    ChannelId,
    CollapseId,
    DeviceId,
    DeviceToken,
    TokenPurpose,
    Topic,
    UniqueId,
)
from protocol.notification import Environment, Notification, Priority, PushType
from protocol.plain import bytes_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FRAME_BYTES = 256 * 1024 * 1024
"""No sane frame comes near: batches are bounded by ``pump.MAX_BATCH_WEIGHT``."""

NotificationRow = tuple[str, str, bytes, str, str, int, float, float, bytes | None, bytes]
"""A notification as plain values, in the order of ``schema.NOTIFICATION_COLUMNS``."""

RegistrationRow = tuple[bytes, str, str, str, float, float | None, str, bool]
"""A device token as plain values, in the order of ``schema.REGISTRATION_COLUMNS``."""

ChannelRow = tuple[str, str, str, int, float, int]
"""A channel as plain values, in the order of ``schema.CHANNEL_COLUMNS``."""

BroadcastRow = tuple[str, str, str, int, str, str, int, float, float, bytes]
"""A broadcast as plain values, in the order of ``schema.BROADCAST_COLUMNS``."""

_LENGTH = struct.Struct(">I")


class WireError(Exception):
    """These bytes are not a frame; the conversation cannot go on."""


def frame(message: object) -> bytes:
    """One frame that says ``message``."""
    body: bytes = msgpack.packb(message)
    return _LENGTH.pack(len(body)) + body


class FrameReader:
    """Bytes in, whole messages out."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[Any]:
        """Take bytes; yield every message that is complete now.

        Raises:
            WireError: the length is beyond :data:`MAX_FRAME_BYTES`, or the body is not msgpack.
        """
        self._buffer += data
        start = 0
        try:
            while (end := self._end_of_frame(start)) is not None:
                body = memoryview(self._buffer)[start + _LENGTH.size : end]
                start = end
                with body:
                    message = _unpack(body)
                yield message
        finally:
            del self._buffer[:start]

    def _end_of_frame(self, start: int) -> int | None:
        if len(self._buffer) < start + _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer, start)
        if length > MAX_FRAME_BYTES:
            raise WireError(f"a frame of {length} bytes; at most {MAX_FRAME_BYTES} were expected")
        end: int = start + _LENGTH.size + length
        return end if len(self._buffer) >= end else None


def _unpack(body: memoryview) -> Any:  # noqa: ANN401 - whatever msgpack can say
    try:
        return msgpack.unpackb(body, use_list=False)
    except (ValueError, TypeError, msgpack.UnpackException) as error:
        # ValueError covers bad UTF-8, extra bytes, and msgpack's own FormatError and StackError.
        raise WireError(f"a frame that is not msgpack ({error or type(error).__name__})") from None


def row_of(notification: Notification) -> NotificationRow:
    """The plain values of a notification."""
    collapse_id = notification.collapse_id
    return (
        notification.unique_id,
        notification.apns_id,
        notification.token,
        notification.topic,
        notification.push_type,
        notification.priority,
        notification.received_at,
        notification.expires_at,
        # As bytes: a header may hold what is not UTF-8, which neither msgpack nor SQLite takes.
        None if collapse_id is None else bytes_of(collapse_id),
        notification.payload,
    )


def notification_of(row: NotificationRow) -> Notification:
    """The notification behind the plain values; they were believed when they were stored."""
    collapse_id = row[8]
    return Notification(
        unique_id=UniqueId(row[0]),
        apns_id=ApnsId(row[1]),
        token=DeviceToken(row[2]),
        topic=Topic(row[3]),
        push_type=PushType(row[4]),
        priority=Priority(row[5]),
        received_at=row[6],
        expires_at=row[7],
        collapse_id=None if collapse_id is None else CollapseId(text_of(collapse_id)),
        payload=row[9],
    )


def row_of_registration(registration: Registration) -> RegistrationRow:
    """The plain values of a registration."""
    return (
        registration.token,
        registration.device,
        registration.topic,
        registration.environment,
        registration.registered_at,
        registration.unregistered_at,
        registration.purpose,
        registration.is_expired,
    )


def registration_of(row: RegistrationRow) -> Registration:
    """The registration behind the plain values."""
    return Registration(
        token=DeviceToken(row[0]),
        device=DeviceId(row[1]),
        topic=Topic(row[2]),
        environment=Environment(row[3]),
        registered_at=row[4],
        unregistered_at=row[5],
        purpose=TokenPurpose(row[6]),
        is_expired=bool(row[7]),
    )


def row_of_channel(channel: Channel) -> ChannelRow:
    """The plain values of a channel."""
    return (
        channel.channel_id,
        channel.environment,
        channel.bundle_id,
        channel.policy,
        channel.created_at,
        channel.checkpoint,
    )


def channel_of(row: ChannelRow) -> Channel:
    """The channel behind the plain values."""
    return Channel(
        channel_id=ChannelId(row[0]),
        environment=Environment(row[1]),
        bundle_id=BundleId(row[2]),
        policy=StoragePolicy(row[3]),
        created_at=row[4],
        checkpoint=row[5],
    )


def row_of_broadcast(broadcast: Broadcast) -> BroadcastRow:
    """The plain values of a broadcast."""
    return (
        broadcast.channel_id,
        broadcast.environment,
        broadcast.bundle_id,
        broadcast.checkpoint,
        broadcast.unique_id,
        broadcast.apns_id,
        broadcast.priority,
        broadcast.received_at,
        broadcast.expires_at,
        broadcast.payload,
    )


def broadcast_of(row: BroadcastRow) -> Broadcast:
    """The broadcast behind the plain values."""
    return Broadcast(
        channel_id=ChannelId(row[0]),
        environment=Environment(row[1]),
        bundle_id=BundleId(row[2]),
        checkpoint=row[3],
        unique_id=UniqueId(row[4]),
        apns_id=ApnsId(row[5]),
        priority=Priority(row[6]),
        received_at=row[7],
        expires_at=row[8],
        payload=row[9],
    )
