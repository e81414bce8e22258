"""One valid message of each type, and two connections back to back (after h11's tests)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.courier.channels import ChannelMark, Channels, ChannelsResponse, TopicChannels
from protocol.courier.compact import CompactCodec
from protocol.courier.connection import CourierConnection
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
    TokenStatus,
)
from protocol.courier.states import CourierState, Role
from protocol.courier.upward import Upward, UpwardAck
from protocol.identifiers import ApnsId, ChannelId, DeviceToken, TokenPurpose, Topic, UniqueId
from protocol.notification import Priority, PushType
from tests.protocol.courier.carried import as_carried

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.courier.codec import Codec
    from protocol.courier.messages import Message

TOPIC = Topic.parse("com.example.app")
TOKEN = DeviceToken(bytes(32))
CHANNEL = ChannelId.from_random(bytes(16))
UNIQUE_ID = UniqueId.from_random(bytes(16))
PUSH = Push(
    message_id=UNIQUE_ID,
    token=TOKEN,
    topic=TOPIC,
    payload=b'{"aps":{}}',
    apns_id=ApnsId.from_random(bytes(16)),
    push_type=PushType.ALERT,
    priority=Priority.IMMEDIATE,
    collapse_id=None,
    expires_at=2_000_000_000.0,
    sent_at=1_700_000_000.0,
)
OK = ConnectResponse(ConnectStatus.OK, 1_700_000_000.0, 64 * 1024)
REFUSED = ConnectResponse(ConnectStatus.REFUSED, 1_700_000_000.0, 64 * 1024, "no such device")

EXAMPLES: tuple[Message, ...] = (
    Connect(),
    OK,
    REFUSED,
    Filter(enabled=(TOPIC,)),
    PUSH,
    PushAck(UNIQUE_ID),
    KeepAlive(600),
    KeepAliveResponse(),
    NoStorage(),
    AppTokenRequest(TOPIC, purpose=TokenPurpose("start Flight")),
    AppTokenResponse(TokenStatus.OK, TOPIC, TOKEN, TokenPurpose("start Flight")),
    SetState(True),
    Channels(1, (TopicChannels(TOPIC, (ChannelMark(CHANNEL, 0),)),), replace=True),
    ChannelsResponse(1),
    AppTokenInvalidate(TOKEN, is_expired=True),
    AppTokenInvalidateResponse(TokenStatus.OK, TOKEN),
    Upward(1, TOPIC),
    UpwardAck(1),
)

_WAY_TO: dict[CourierState, tuple[tuple[Role, Message], ...]] = {
    CourierState.CONNECTING: (),
    CourierState.CONNECTED: ((Role.DEVICE, Connect()),),
    CourierState.READY: ((Role.DEVICE, Connect()), (Role.GATEWAY, OK)),
    CourierState.FILTERED: (
        (Role.DEVICE, Connect()),
        (Role.GATEWAY, OK),
        (Role.DEVICE, Filter(enabled=(TOPIC,))),
    ),
    CourierState.CLOSED: ((Role.DEVICE, Connect()), (Role.GATEWAY, REFUSED)),
}


def same(message: Message) -> Message:
    """What msgpack carries."""
    return message


class ConnectionPair:
    """Both ends of one link. What one end says must come out equal, and alone, at the other.

    Or, in a dialect that carries less than ``CompactCodec``, as much of it as that carries.
    """

    def __init__(
        self,
        state: CourierState = CourierState.CONNECTING,
        dialect: Callable[[], Codec] = CompactCodec,
    ) -> None:
        self.ends = {role: CourierConnection(role, dialect()) for role in Role}
        self._carried = same if dialect is CompactCodec else as_carried
        for speaker, message in _WAY_TO[state]:
            self.say(speaker, message)
        assert {end.state for end in self.ends.values()} == {state}

    def say(self, speaker: Role, message: Message) -> None:
        data = self.ends[speaker].send(message)
        assert self.ends[speaker.peer].receive_data(data) == [self._carried(message)]
        assert self.ends[speaker].state is self.ends[speaker.peer].state
