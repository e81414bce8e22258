"""What is left of a message that went over Apple's wire, which carries less than ours."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from protocol.courier.apple_names import id_from, number_in
from protocol.courier.channels import ChannelsResponse
from protocol.courier.frames import DEFAULT_MAX_FRAME_BYTES
from protocol.courier.messages import (
    AppTokenRequest,
    AppTokenResponse,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    Message,
    Push,
    PushAck,
    TokenStatus,
)
from protocol.courier.upward import Upward, UpwardAck
from protocol.identifiers import APP_PURPOSE, ApnsId, HashedTopic
from protocol.notification import Priority
from protocol.provider.request import infer_push_type

if TYPE_CHECKING:
    from collections.abc import Callable

LISTS = ("enabled", "ignored", "opportunistic", "paused", "non_waking")


def as_carried(said: Message) -> Message:
    """The message that comes out at the other end."""
    carry = _CARRIED.get(type(said))
    return carry(said) if carry else said


def _welcome(said: ConnectResponse) -> ConnectResponse:
    return dataclasses.replace(
        said,
        server_time=round(said.server_time * 1000) / 1000,
        max_message_bytes=DEFAULT_MAX_FRAME_BYTES,
        detail="",
        token=said.token if said.status is ConnectStatus.OK else None,
    )


def _filter(said: Filter) -> Filter:
    lists = {name: map(HashedTopic.of, getattr(said, name)) for name in LISTS}
    return Filter(**{name: tuple(dict.fromkeys(lists[name])) for name in LISTS})


def _push(said: Push) -> Push:
    number = number_in(said.message_id)
    return dataclasses.replace(
        said,
        message_id=id_from(number),
        token=said.token if said.channel is None else None,
        apns_id=ApnsId.from_random(number.to_bytes(4) + bytes(12)),
        push_type=infer_push_type(said.topic),
        priority=Priority.IMMEDIATE,
        collapse_id=None,
        expires_at=float(min(int(said.expires_at), 0xFFFF_FFFF)),
        sent_at=min(round(said.sent_at * 1e9), 2**64 - 1) / 1e9,
    )


def _ack(said: PushAck) -> PushAck:
    return dataclasses.replace(said, message_id=id_from(number_in(said.message_id)))


def _keep_alive(said: KeepAlive) -> KeepAlive:
    return KeepAlive(60 * min(-(-said.interval_seconds // 60), 99))


def _token_response(said: AppTokenResponse) -> AppTokenResponse:
    token = said.token if said.status is TokenStatus.OK else None
    return AppTokenResponse(said.status, HashedTopic.of(said.topic), token, APP_PURPOSE)


_CARRIED: dict[type[Message], Callable[[Any], Message]] = {
    ConnectResponse: _welcome,
    Filter: _filter,
    Push: _push,
    PushAck: _ack,
    KeepAlive: _keep_alive,
    AppTokenRequest: lambda said: AppTokenRequest(HashedTopic.of(said.topic)),
    AppTokenResponse: _token_response,
    ChannelsResponse: lambda said: dataclasses.replace(said, unknown=()),
    Upward: lambda said: Upward(said.number, HashedTopic.of(said.topic)),
    # The same frame either way; a device of ours sends nothing that would be answered with it.
    UpwardAck: lambda said: PushAck(id_from(said.number)),
}
