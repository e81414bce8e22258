"""What a device says on Apple's wire, as items: each message, to be written and to be read.

Numbers of items are those of courier-wire.md §3 (pushproxy, pypush, rustpush, beeper/imessage).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from protocol.courier import fields
from protocol.courier import messages as m
from protocol.courier.apple_names import number_in, topic_of
from protocol.courier.items import Number, Repeated
from protocol.courier.proof import ConnectProof
from protocol.courier.upward import Upward
from protocol.identifiers import HashedTopic

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.courier.apple_names import LinkNames
    from protocol.courier.items import Item, Items

# Presence flags of a user, and the protocol version that pypush names.
_USER, _PROTOCOL_VERSION = 0x41, 11
_SIGNATURE_PREFIX = b"\x01\x01"
_LISTS = {2: "enabled", 3: "ignored", 4: "opportunistic", 5: "paused", 6: "non_waking"}


def _say_connect(link: LinkNames, said: m.Connect) -> list[Item]:
    link.base_token = said.token
    items: list[Item] = [*link.device_item(), (2, Number(1 if said.is_active else 2, 1))]
    items.append((5, Number(_USER, 4)))
    texts = {8: said.interface, 9: said.os_version, 11: said.hardware}
    items += [(item, text) for item, text in texts.items() if text]
    if said.proof is not None:
        items += [(12, said.proof.certificate), (13, said.proof.nonce)]
        items.append((14, _SIGNATURE_PREFIX + said.proof.signature))
    items.append((16, Number(_PROTOCOL_VERSION, 2)))
    return items


def _hear_connect(_link: LinkNames, items: Items) -> m.Connect:
    token = fields.device_token(items.data(1)) if 1 in items else None
    proof = None
    if 12 in items:
        signature = items.data(14)
        if not signature.startswith(_SIGNATURE_PREFIX):
            raise ValueError("item 14: expected 01 01 and a signature")
        proof = ConnectProof(items.data(12), items.data(13), signature[len(_SIGNATURE_PREFIX) :])
    return m.Connect(
        is_active=items.number(2, 1, default=1) == 1,
        interface=items.text(8),
        os_version=items.text(9),
        hardware=items.text(11),
        token=token,
        proof=proof,
    )


def _say_filter(link: LinkNames, said: m.Filter) -> list[Item]:
    items = link.device_item()
    for item, name in _LISTS.items():
        hashes = link.topics.hash_all(getattr(said, name))
        items += [(item, Repeated(each.digest)) for each in hashes]
    return items


def _hear_filter(_link: LinkNames, items: Items) -> m.Filter:
    enabled, ignored, opportunistic, paused, non_waking = (
        tuple(map(topic_of, items.all(item))) for item in _LISTS
    )
    return m.Filter(enabled, ignored, opportunistic, paused, non_waking)


def _say_set_state(_link: LinkNames, said: m.SetState) -> list[Item]:
    return [(1, Number(said.is_active, 1)), (2, Number(said.interval_seconds, 4))]


def _hear_set_state(_link: LinkNames, items: Items) -> m.SetState:
    interval = items.number(2, 4, default=0x7FFFFFFF)
    return m.SetState(items.number(1, 1) == 1, interval)


def _say_keep_alive(_link: LinkNames, said: m.KeepAlive) -> list[Item]:
    # Minutes, as two digits in ASCII (pushproxy); most open clients say nothing here.
    minutes = min(-(-said.interval_seconds // 60), 99)
    return [(5, f"{minutes:02}".encode())] if minutes else []


def _hear_keep_alive(_link: LinkNames, items: Items) -> m.KeepAlive:
    # What is no such text tells nothing of the interval, and is no reason to end a link.
    minutes = items.data(5) if 5 in items else b""
    return m.KeepAlive(60 * int(minutes) if minutes.isdigit() and len(minutes) <= 3 else 0)


def _say_push_ack(link: LinkNames, said: m.PushAck) -> list[Item]:
    number = Number(number_in(said.message_id), 4)
    return [*link.device_item(), (4, number), (8, Number(said.status, 1))]


def _hear_push_ack(link: LinkNames, items: Items) -> m.PushAck:
    # Item 1 is the base token or that of the push, depending on the client; the id is enough.
    # No status but 0 is known of devices; 0x40 is ours.
    status = items.number(8, 1, default=0)
    is_unknown = status == m.AckStatus.UNKNOWN_TOKEN
    unique_id = link.numbers.take_back(items.number(4, 4))
    return m.PushAck(unique_id, m.AckStatus.UNKNOWN_TOKEN if is_unknown else m.AckStatus.OK)


def _say_token_request(link: LinkNames, said: m.AppTokenRequest) -> list[Item]:
    (hashed,) = link.topics.hash_all([said.topic])
    return [*link.device_item(), (2, Repeated(hashed.digest))]


def _hear_token_request(_link: LinkNames, items: Items) -> m.AppTokenRequest:
    return m.AppTokenRequest(topic_of(items.data(2)))


def _say_upward(link: LinkNames, said: Upward) -> list[Item]:
    topic = Repeated(HashedTopic.of(said.topic).digest)
    return [(1, topic), *link.device_item(2), (3, b""), (4, Number(said.number, 4))]


SAY: dict[type[m.Message], Callable[[LinkNames, Any], list[Item]]] = {
    m.Connect: _say_connect,
    m.Filter: _say_filter,
    m.PushAck: _say_push_ack,
    m.KeepAlive: _say_keep_alive,
    m.AppTokenRequest: _say_token_request,
    m.SetState: _say_set_state,
    Upward: _say_upward,
}
HEAR: dict[int, Callable[[LinkNames, Items], m.Message]] = {
    m.Connect.NUMBER: _hear_connect,
    m.Filter.NUMBER: _hear_filter,
    m.PushAck.NUMBER: _hear_push_ack,
    m.KeepAlive.NUMBER: _hear_keep_alive,
    m.AppTokenRequest.NUMBER: _hear_token_request,
    m.SetState.NUMBER: _hear_set_state,
}
