"""Broadcast channels on Apple's wire: one number for both ways, and protobuf within (rustpush).

Item 2 of Channels (0x1d): 1 = always 1; 2 = a topic {1 its text, 2 a channel {1 id, 2 last message
in nanoseconds}, 3 a channel no longer}; 3 = whether these are all. Item 29 of a push: {1 the
channel's id, 2 this message's nanoseconds} (courier-wire.md §3). Ids are bytes there and base64
text everywhere else.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from protocol.courier import fields, protobuf
from protocol.courier import messages as m
from protocol.courier.channels import (
    ChannelMark,
    Channels,
    ChannelsResponse,
    ChannelsStatus,
    TopicChannels,
)
from protocol.courier.items import Number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from protocol.courier.apple_names import LinkNames
    from protocol.courier.items import Item, Items
    from protocol.identifiers import ChannelId


def write_mark(mark: ChannelMark) -> bytes:
    """A channel and a place in it."""
    raw = base64.b64decode(mark.channel_id)
    return protobuf.message([(1, raw), (2, mark.last_message_ns)])


def read_mark(data: bytes) -> ChannelMark:
    """A channel and a place in it; none is the beginning.

    Raises:
        ValueError: it is malformed.
    """
    raw, last = b"", 0
    for number, value in protobuf.fields(data):
        if number == 1 and isinstance(value, bytes):
            raw = value
        elif number == 2 and isinstance(value, int):
            last = fields.nanoseconds(value)
    return ChannelMark(_channel_id(raw), last)


def write_subscriptions(topics: Iterable[TopicChannels], *, replace: bool) -> bytes:
    """What a device listens to from now on."""
    said: list[tuple[int, int | bytes]] = [(1, 1)]
    said += [(2, _write_topic(topic)) for topic in topics]
    said.append((3, int(replace)))
    return protobuf.message(said)


def read_subscriptions(data: bytes) -> tuple[tuple[TopicChannels, ...], bool]:
    """The topics with their channels, and whether these are all.

    Raises:
        ValueError: it is malformed.
    """
    topics: list[TopicChannels] = []
    replace = False
    for number, value in protobuf.fields(data):
        if number == 2 and isinstance(value, bytes):
            topics.append(_read_topic(value))
        elif number == 3:
            replace = bool(value)
    return tuple(topics), replace


def _write_topic(topic: TopicChannels) -> bytes:
    said: list[tuple[int, int | bytes]] = [(1, topic.topic.encode())]
    said += [(2, write_mark(mark)) for mark in topic.channels]
    said += [(3, write_mark(ChannelMark(gone, 0))) for gone in topic.unsubscribed]
    return protobuf.message(said)


def _read_topic(data: bytes) -> TopicChannels:
    name = ""
    channels: list[ChannelMark] = []
    unsubscribed: list[ChannelId] = []
    for number, value in protobuf.fields(data):
        if not isinstance(value, bytes):
            continue
        if number == 1:
            name = value.decode("utf-8", "replace")  # no topic has the replacement character
        elif number == 2:
            channels.append(read_mark(value))
        elif number == 3:
            unsubscribed.append(read_mark(value).channel_id)
    return TopicChannels(fields.topic(name), tuple(channels), tuple(unsubscribed))


def _channel_id(raw: bytes) -> ChannelId:
    return fields.channel_id(base64.b64encode(raw).decode("ascii"))


def _say_channels(link: LinkNames, said: Channels) -> list[Item]:
    body = write_subscriptions(said.topics, replace=said.replace)
    return [(1, Number(said.index, 4)), (2, body), *link.device_item(3)]


def _say_channels_response(link: LinkNames, said: ChannelsResponse) -> list[Item]:
    return [(1, Number(said.index, 4)), *link.device_item(3), (4, Number(said.status, 1))]


def _hear_channels(_link: LinkNames, items: Items) -> Channels | ChannelsResponse:
    # One number for both ways (rustpush): only a device has something to subscribe to.
    index = items.number(1, 4)
    if 2 in items:
        topics, replace = read_subscriptions(items.data(2))
        return Channels(index, topics, replace)
    is_ok = items.number(4, 1) == ChannelsStatus.OK
    status = ChannelsStatus.OK if is_ok else ChannelsStatus.UNKNOWN_CHANNEL
    return ChannelsResponse(index, status)


SAY: dict[type[m.Message], Callable[[LinkNames, Any], list[Item]]] = {
    Channels: _say_channels,
    ChannelsResponse: _say_channels_response,
}
HEAR: dict[int, Callable[[LinkNames, Items], m.Message]] = {Channels.NUMBER: _hear_channels}
