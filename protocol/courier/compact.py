"""Our own dialect, ``apnsim-msgpack-v1``: a body is a msgpack array of the message's fields.

Fields are in the order of the dataclass in ``messages.py``. A reader ignores fields after the
last one it knows, and takes the default for optional fields that are not there, so either end
may be the newer one. It is the only module of ``protocol/`` that knows msgpack.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import msgpack

from protocol.courier import fields
from protocol.courier import messages as m
from protocol.courier.channels import Channels, ChannelsResponse, ChannelsStatus
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.frames import FrameReader, frame
from protocol.courier.upward import Upward, UpwardAck
from protocol.notification import Priority, PushType
from protocol.plain import bytes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.courier.messages import Message

MAX_TOPICS = 1024
_U32 = 0xFFFF_FFFF
_word = fields.text(longest=255)

# What each field must be; the order is that of the dataclass. A test holds the two together.
_FIELDS: dict[type[Message], dict[str, Callable[[object], object]]] = {
    m.Connect: {
        "is_active": fields.boolean,
        "interface": _word,
        "os_version": _word,
        "hardware": _word,
        "token": fields.optional_device_token,
        "proof": fields.optional_connect_proof,
    },
    m.ConnectResponse: {
        "status": fields.one_of(m.ConnectStatus),
        "server_time": fields.seconds,
        # With less than this, a device could not even acknowledge.
        "max_message_bytes": fields.integer(256, _U32),
        "detail": fields.text(longest=1024),
        "token": fields.optional_device_token,
    },
    m.Filter: {
        "enabled": fields.topics,
        "ignored": fields.topics,
        "opportunistic": fields.topics,
        "paused": fields.topics,
        "non_waking": fields.topics,
        "is_standby": fields.boolean,
    },
    m.Push: {
        "message_id": fields.unique_id,
        "token": fields.optional_device_token,
        "topic": fields.topic,
        "payload": fields.binary,
        "apns_id": fields.apns_id,
        "push_type": fields.one_of(PushType),
        "priority": fields.one_of(Priority),
        "collapse_id": fields.optional_collapse_id,
        "expires_at": fields.seconds,
        "sent_at": fields.seconds,
        # All four sets of two flags; an IntFlag's own members are only the single flags.
        "storage": fields.one_of(map(m.StorageFlags, range(4))),
        "channel": fields.optional_channel_mark,
    },
    m.PushAck: {"message_id": fields.unique_id, "status": fields.one_of(m.AckStatus)},
    m.KeepAlive: {"interval_seconds": fields.integer(0, _U32)},
    m.KeepAliveResponse: {},
    m.NoStorage: {},
    m.AppTokenRequest: {
        "topic": fields.topic,
        "renew": fields.boolean,
        "purpose": fields.token_purpose,
    },
    m.AppTokenResponse: {
        "status": fields.one_of(m.TokenStatus),
        "topic": fields.topic,
        "token": fields.optional_device_token,
        "purpose": fields.token_purpose,
    },
    m.SetState: {"is_active": fields.boolean, "interval_seconds": fields.integer(0, _U32)},
    Channels: {
        "index": fields.integer(0, _U32),
        "topics": fields.topic_channels,
        "replace": fields.boolean,
    },
    ChannelsResponse: {
        "index": fields.integer(0, _U32),
        "status": fields.one_of(ChannelsStatus),
        "unknown": fields.channel_ids,
    },
    m.AppTokenInvalidate: {"token": fields.device_token, "is_expired": fields.boolean},
    m.AppTokenInvalidateResponse: {
        "status": fields.one_of(m.TokenStatus),
        "token": fields.device_token,
    },
    Upward: {"number": fields.integer(0, _U32), "topic": fields.topic},
    UpwardAck: {"number": fields.integer(0, _U32)},
}


class _Shape(NamedTuple):
    """How a message looks on the wire, worked out once per type."""

    kind: type[Message]
    names: tuple[str, ...]
    checks: tuple[Callable[[object], object], ...]
    required: int


def _shape_of(kind: type[Message]) -> _Shape:
    return _Shape(
        kind,
        names=tuple(_FIELDS[kind]),
        checks=tuple(_FIELDS[kind].values()),
        required=sum(f.default is dataclasses.MISSING for f in dataclasses.fields(kind)),
    )


def _values_of(kind: type[Message]) -> Callable[[Any], tuple[object, ...]]:
    names = tuple(_FIELDS[kind])
    if len(names) > 1:
        return attrgetter(*names)  # one call in C; with a single name it would give no tuple
    return lambda message: tuple(getattr(message, name) for name in names)


_plain_push_values = _values_of(m.Push)
_COLLAPSE_ID = tuple(_FIELDS[m.Push]).index("collapse_id")


def _push_values(push: m.Push) -> tuple[object, ...]:
    values = _plain_push_values(push)
    if push.collapse_id is None:
        return values
    # Bytes, because a provider's header need not be UTF-8 and text in msgpack must be.
    raw = bytes_of(push.collapse_id)
    return (*values[:_COLLAPSE_ID], raw, *values[_COLLAPSE_ID + 1 :])


_SHAPES = {kind.NUMBER: _shape_of(kind) for kind in _FIELDS}
_VALUES = {kind: _values_of(kind) for kind in _FIELDS} | {m.Push: _push_values}

# Shared, because a packer owns a buffer and links are many; pack() is one uninterrupted call
# that leaves nothing behind.
_pack = msgpack.Packer(buf_size=16 * 1024).pack


class CompactCodec:
    """The msgpack dialect. It keeps nothing between messages."""

    __slots__ = ()
    ALPN: ClassVar[str] = "apnsim-msgpack-v1"
    PROVES_IN_CONNECT: ClassVar[bool] = False

    def frames(self, max_frame_bytes: int) -> FrameReader:
        """What cuts the stream into frames."""
        return FrameReader(max_frame_bytes)

    def encode(self, message: Message) -> bytes:
        """A whole frame."""
        return frame(message.NUMBER, _pack(_VALUES[type(message)](message)))

    def decode(self, command: int, body: bytes) -> Message | None:
        """The message in a frame; None when the command number is unknown.

        Raises:
            RemoteProtocolError: the body is not what this command carries.
        """
        shape = _SHAPES.get(command)
        if shape is None:
            return None
        values = _array(shape, body)
        believed: list[Any] = []
        try:
            for check, value in zip(shape.checks, values, strict=False):
                believed.append(check(value))
        except ValueError as error:
            name = shape.names[len(believed)]
            raise RemoteProtocolError(f"{shape.kind.__name__}.{name}: {error}") from None
        return shape.kind(*believed)


def _array(shape: _Shape, body: bytes) -> list[object]:
    name = shape.kind.__name__
    try:
        # An array is allocated at the length it announces, once per level of nesting, whether
        # or not its items follow: hence the limit. Extension types are not in this dialect.
        values = msgpack.unpackb(
            body, max_array_len=MAX_TOPICS, max_map_len=MAX_TOPICS, max_ext_len=0
        )
    except ValueError as error:
        raise RemoteProtocolError(f"{name} is not msgpack: {error}") from None
    if type(values) is not list:
        raise RemoteProtocolError(f"{name} is not an array but a {type(values).__name__}")
    if len(values) < shape.required:
        raise RemoteProtocolError(
            f"{name} has {len(values)} fields, expected at least {shape.required}"
        )
    return values
