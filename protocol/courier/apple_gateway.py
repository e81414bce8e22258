"""What Apple's courier says to a device, as items: each message, to be written and to be read.

Numbers of items are those of courier-wire.md §3 (pushproxy, pypush, rustpush, beeper/imessage);
what these clients need beyond that, §5 and §8.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.courier import fields
from protocol.courier import messages as m
from protocol.courier.apple_channels import read_mark, write_mark
from protocol.courier.apple_names import id_from, topic_of
from protocol.courier.frames import DEFAULT_MAX_FRAME_BYTES
from protocol.courier.items import Number, Repeated
from protocol.courier.upward import Upward, UpwardAck
from protocol.identifiers import ApnsId, HashedTopic
from protocol.notification import Priority
from protocol.provider.request import infer_push_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.courier.apple_names import LinkNames
    from protocol.courier.items import Item, Items

# The largest payload, "usually 4 KiB", and that of a large message, as in every capture of 0x08.
MESSAGE_BYTES, LARGE_MESSAGE_BYTES = 4096, 15360
# Of unknown meaning, captured by beeper; pypush ends without them.
_UNKNOWN_5, _CAPABILITIES = bytes.fromhex("0002"), bytes.fromhex("00000030")
_NEVER = 0xFFFF_FFFF
_LAST_NS = 2**64 - 1  # in the year 2554, to which tests may move the clock


def _say_connect_response(link: LinkNames, said: m.ConnectResponse) -> list[Item]:
    link.base_token = said.token
    return [
        (1, Number(said.status, 1)),
        # Always, though it may be left out of an answer to one that is kept: CO and JS want it.
        *link.device_item(3),
        (4, Number(MESSAGE_BYTES, 2)),
        (5, _UNKNOWN_5),
        (6, _CAPABILITIES),
        (8, Number(LARGE_MESSAGE_BYTES, 2)),
        (10, Number(round(said.server_time * 1000), 8)),
    ]


def _hear_connect_response(link: LinkNames, items: Items) -> m.ConnectResponse:
    is_ok = items.number(1, 1) == m.ConnectStatus.OK
    if 3 in items:
        link.base_token = fields.device_token(items.data(3))
    return m.ConnectResponse(
        m.ConnectStatus.OK if is_ok else m.ConnectStatus.REFUSED,
        fields.seconds(items.number(10, 8) / 1000),
        # Items 4 and 8 bound payloads; of frames nothing is said.
        DEFAULT_MAX_FRAME_BYTES,
        token=link.base_token if is_ok else None,
    )


def _say_nothing(_link: LinkNames, _said: m.KeepAliveResponse) -> list[Item]:
    return []


def _hear_keep_alive_response(_link: LinkNames, _items: Items) -> m.KeepAliveResponse:
    return m.KeepAliveResponse()


def _say_no_storage(link: LinkNames, _said: m.NoStorage) -> list[Item]:
    return link.device_item()


def _hear_no_storage(_link: LinkNames, _items: Items) -> m.NoStorage:
    return m.NoStorage()


def _say_push(link: LinkNames, said: m.Push) -> list[Item]:
    # A broadcast may go without a token (rustpush), but pypush ends when it is missing.
    token = said.token or link.base_token
    items: list[Item] = [(1, Repeated(token))] if token else []
    items += [
        (2, Repeated(HashedTopic.of(said.topic).digest)),
        (3, said.payload),
        (4, Number(link.numbers.give(said.message_id), 4)),
        (5, Number(min(int(said.expires_at), _NEVER), 4)),
        (6, Number(min(round(said.sent_at * 1e9), _LAST_NS), 8)),
        (7, Number(said.storage, 1)),
    ]
    if said.channel is not None:
        items.append((29, write_mark(said.channel)))
    return items


def _hear_push(link: LinkNames, items: Items) -> m.Push | Upward:
    first = items.data(1) if 1 in items else b""
    if len(first) == HashedTopic.DIGEST_BYTES:
        # A device sends, as iMessage does: items 1 and 2 have changed places.
        return Upward(items.number(4, 4), topic_of(first))
    topic = link.topics.text_of(topic_of(items.data(2)))
    channel = read_mark(items.data(29)) if 29 in items else None
    number = items.number(4, 4)
    return m.Push(
        message_id=id_from(number),
        token=fields.device_token(first) if channel is None else None,
        topic=topic,
        payload=items.data(3),
        apns_id=ApnsId.from_random(number.to_bytes(4) + bytes(12)),
        push_type=infer_push_type(topic),
        priority=Priority.IMMEDIATE,
        collapse_id=None,
        expires_at=float(items.number(5, 4, default=_NEVER)),
        sent_at=fields.seconds(items.number(6, 8, default=0) / 1e9),
        storage=m.StorageFlags(items.number(7, 1, default=0) & 3),
        channel=channel,
    )


def _say_token_response(_link: LinkNames, said: m.AppTokenResponse) -> list[Item]:
    return [
        (1, Number(said.status, 1)),
        (2, Repeated(said.token or b"")),  # there in a refusal too, or pypush ends
        (3, Repeated(HashedTopic.of(said.topic).digest)),
    ]


def _hear_token_response(link: LinkNames, items: Items) -> m.AppTokenResponse:
    is_ok = items.number(1, 1) == m.TokenStatus.OK
    return m.AppTokenResponse(
        m.TokenStatus.OK if is_ok else m.TokenStatus.REFUSED,
        link.topics.text_of(topic_of(items.data(3))),
        fields.device_token(items.data(2)) if is_ok else None,
    )


def _say_upward_ack(_link: LinkNames, said: UpwardAck) -> list[Item]:
    return [(4, Number(said.number, 4)), (8, Number(m.AckStatus.OK, 1))]


SAY: dict[type[m.Message], Callable[[LinkNames, Any], list[Item]]] = {
    m.ConnectResponse: _say_connect_response,
    m.Push: _say_push,
    m.KeepAliveResponse: _say_nothing,
    m.NoStorage: _say_no_storage,
    m.AppTokenResponse: _say_token_response,
    UpwardAck: _say_upward_ack,
}
HEAR: dict[int, Callable[[LinkNames, Items], m.Message]] = {
    m.ConnectResponse.NUMBER: _hear_connect_response,
    m.Push.NUMBER: _hear_push,
    m.KeepAliveResponse.NUMBER: _hear_keep_alive_response,
    m.NoStorage.NUMBER: _hear_no_storage,
    m.AppTokenResponse.NUMBER: _hear_token_response,
}
