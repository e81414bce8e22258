"""Who may say what, and when.

Rules
    1. The device opens with Connect and says nothing more until it is answered.
    2. A ConnectResponse answers a Connect. OK makes the link READY; anything else ends it.
    3. READY: the device may ask for and give back app tokens, keep the link alive, say whether a
       person is using it, acknowledge, send upwards, and say which topics it wants; the gateway
       answers.
    4. The first Filter makes the link FILTERED: only now may the gateway push, or say that
       nothing is stored, and only now may the device name its channels: what waits on one may
       follow at once. Later Filters change topics, not the state.
    5. A PushAck is legal before the first Filter too: a device that reconnects may acknowledge
       what the last link handed it, and an acknowledgement of an unknown push is harmless.
    6. CLOSED is final: nothing is legal in it. The end of the stream, a refusal and every
       RemoteProtocolError lead there.
    7. The table does not count: it does not match answers to questions.

Both ends go through the same states, so one table serves both roles: what the DEVICE may send is
what the GATEWAY may receive. Everything that moves the state is in this file, except rule 6's end
of the stream and errors, which are no messages.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from protocol.courier.channels import Channels, ChannelsResponse
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    NoStorage,
    Push,
    PushAck,
    SetState,
)
from protocol.courier.upward import Upward, UpwardAck

if TYPE_CHECKING:
    from protocol.courier.messages import Message


class Role(Enum):
    """Which end of the link this is."""

    GATEWAY = "gateway"
    DEVICE = "device"

    @property
    def peer(self) -> Role:
        """The other end."""
        return Role.DEVICE if self is Role.GATEWAY else Role.GATEWAY


class CourierState(Enum):
    """How far the conversation has come; the same at both ends."""

    CONNECTING = "CONNECTING"  # nothing has been said
    CONNECTED = "CONNECTED"  # the device has said Connect; the answer is pending
    READY = "READY"  # welcome; no topics yet
    FILTERED = "FILTERED"  # the device has said which topics it wants
    CLOSED = "CLOSED"  # over


# What is looked up: the type of a message, or for a ConnectResponse its status.
Trigger: TypeAlias = "type[Message] | ConnectStatus"

_S = CourierState


def _anytime(device: bool, state: CourierState) -> dict[Trigger, CourierState]:
    """What rule 3 allows from READY on; it does not move the state."""
    if device:
        said: tuple[Trigger, ...] = (
            AppTokenRequest,
            AppTokenInvalidate,
            KeepAlive,
            PushAck,
            SetState,
            Upward,
        )
    else:
        said = (AppTokenResponse, AppTokenInvalidateResponse, KeepAliveResponse, UpwardAck)
    return dict.fromkeys(said, state)


# TRANSITIONS[who speaks][state][what is said] → the state after it; absent = illegal.
TRANSITIONS: dict[Role, dict[CourierState, dict[Trigger, CourierState]]] = {
    Role.DEVICE: {
        _S.CONNECTING: {Connect: _S.CONNECTED},
        _S.CONNECTED: {},
        _S.READY: {**_anytime(True, _S.READY), Filter: _S.FILTERED},
        _S.FILTERED: {
            **_anytime(True, _S.FILTERED),
            Filter: _S.FILTERED,
            Channels: _S.FILTERED,
        },
        _S.CLOSED: {},
    },
    Role.GATEWAY: {
        _S.CONNECTING: {},
        _S.CONNECTED: {ConnectStatus.OK: _S.READY, ConnectStatus.REFUSED: _S.CLOSED},
        _S.READY: _anytime(False, _S.READY),
        _S.FILTERED: {
            **_anytime(False, _S.FILTERED),
            Push: _S.FILTERED,
            NoStorage: _S.FILTERED,
            ChannelsResponse: _S.FILTERED,
        },
        _S.CLOSED: {},
    },
}


def trigger_of(message: Message) -> Trigger:
    """The key of a message in the table."""
    return type(message) if type(message) is not ConnectResponse else message.status
