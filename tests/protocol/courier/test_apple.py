"""What is true of Apple's wire in every dialect of it."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.courier.apple_names import id_from, number_in
from protocol.courier.channels import (
    ChannelMark,
    Channels,
    ChannelsResponse,
    ChannelsStatus,
    TopicChannels,
)
from protocol.courier.connection import CourierConnection
from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.items import Number, Repeated
from protocol.courier.messages import (
    AckStatus,
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
    Message,
    NoStorage,
    Push,
    PushAck,
    SetState,
    TokenStatus,
)
from protocol.courier.pack import PackedCodec
from protocol.courier.proof import ConnectProof
from protocol.courier.states import Role
from protocol.courier.tlv import TlvCodec
from protocol.courier.upward import Upward, UpwardAck
from protocol.identifiers import DeviceToken, HashedTopic, Topic, UniqueId
from tests.protocol.courier.carried import as_carried
from tests.protocol.courier.examples import CHANNEL, OK, PUSH, TOPIC
from tests.protocol.courier.strategies import BY_TYPE, messages

if TYPE_CHECKING:
    from protocol.courier.apple import AppleCodec
    from protocol.courier.items import Item

BASE = DeviceToken(bytes(range(32)))
SCOPED = DeviceToken(bytes(range(100, 132)))
PROOF = ConnectProof(b"a certificate", bytes(17), b"a signature")
WELCOME = dataclasses.replace(OK, token=BASE)
HASHED = HashedTopic.of(TOPIC)

dialects = pytest.mark.parametrize("dialect", [TlvCodec, PackedCodec])


def sent(codec: AppleCodec, message: Message) -> tuple[int, bytes]:
    """Command and body of the frame that says it."""
    [found] = codec.frames(64 * 1024).receive(codec.encode(message))
    return found


def heard(codec: AppleCodec, command: int, *items: Item) -> Message | None:
    """What these items mean."""
    [(number, body)] = codec.frames(64 * 1024).receive(codec.write(command, items))
    return codec.decode(number, body)


@dialects
@given(messages)
def test_every_message_comes_out_as_far_as_the_wire_carries_it(
    dialect: type[AppleCodec], message: Message
) -> None:
    near, far = dialect(), dialect()
    if isinstance(message, AppTokenInvalidate | AppTokenInvalidateResponse):
        with pytest.raises(LocalProtocolError, match="no publicly known form"):
            near.encode(message)
        return
    if isinstance(message, AppTokenResponse) and message.token is None:
        message = dataclasses.replace(message, status=TokenStatus.REFUSED)
    if isinstance(message, Push):
        far.encode(AppTokenRequest(message.topic))
        # Where direction is told by it, no token has the length of a topic's hash.
        is_sayable = message.token is not None and len(message.token) != 20
        message = message if is_sayable else dataclasses.replace(message, token=SCOPED)
    assert far.decode(*sent(near, message)) == as_carried(message)


@dialects
@given(st.lists(st.one_of(*(BY_TYPE[kind] for kind in (Filter, PushAck, AppTokenRequest)))))
def test_what_a_link_has_said_before_changes_nothing(
    dialect: type[AppleCodec], said: list[Message]
) -> None:
    near, far = dialect(), dialect()
    for message in said * 2:
        assert far.decode(*sent(near, message)) == as_carried(message)


class Link:
    """Both ends of one link; what is said comes out at the other end, and is returned."""

    def __init__(self, dialect: type[AppleCodec]) -> None:
        self.ends = {role: CourierConnection(role, dialect()) for role in Role}

    def device(self, message: Message) -> Message:
        return self._say(Role.DEVICE, message)

    def gateway(self, message: Message) -> Message:
        return self._say(Role.GATEWAY, message)

    def _say(self, speaker: Role, message: Message) -> Message:
        [said] = self.ends[speaker.peer].receive_data(self.ends[speaker].send(message))
        return said


@dialects
def test_a_conversation_from_connect_to_acknowledgement(dialect: type[AppleCodec]) -> None:
    link = Link(dialect)
    connect = Connect(interface="WiFi", os_version="15.1", hardware="Mac1,1", proof=PROOF)
    assert link.device(connect) == connect
    assert link.gateway(WELCOME) == WELCOME
    assert link.device(AppTokenRequest(TOPIC)) == AppTokenRequest(HASHED)
    # The gateway says the hash, and the device knows what it has asked for.
    answer = AppTokenResponse(TokenStatus.OK, HASHED, SCOPED)
    assert link.gateway(answer) == AppTokenResponse(TokenStatus.OK, TOPIC, SCOPED)
    assert link.device(Filter(enabled=(TOPIC,))) == Filter(enabled=(HASHED,))
    assert link.gateway(NoStorage()) == NoStorage()
    push = dataclasses.replace(PUSH, token=SCOPED)
    at_device = link.gateway(push)
    assert isinstance(at_device, Push)
    assert (at_device.token, at_device.topic, at_device.payload) == (SCOPED, TOPIC, push.payload)
    assert link.device(PushAck(at_device.message_id)) == PushAck(push.message_id)
    assert link.device(KeepAlive(600)) == KeepAlive(600)
    assert link.gateway(KeepAliveResponse()) == KeepAliveResponse()
    assert link.device(SetState(False, 60)) == SetState(False, 60)


@dialects
def test_a_broadcast_is_for_the_device_and_names_its_channel(dialect: type[AppleCodec]) -> None:
    link = Link(dialect)
    link.device(Connect())
    link.gateway(WELCOME)
    link.device(Filter(enabled=(TOPIC,)))
    mark = ChannelMark(CHANNEL, 2**62)
    wanted = Channels(7, (TopicChannels(TOPIC, (mark,), (CHANNEL,)),), replace=True)
    assert link.device(wanted) == wanted
    for status in ChannelsStatus:
        assert link.gateway(ChannelsResponse(7, status)) == ChannelsResponse(7, status)
    push = dataclasses.replace(PUSH, token=None, channel=mark)
    at_device = link.gateway(push)
    assert isinstance(at_device, Push)
    assert (at_device.token, at_device.channel) == (None, mark)


@dialects
def test_two_pushes_in_flight_have_two_numbers(dialect: type[AppleCodec]) -> None:
    gateway, device = dialect(), dialect()
    device.encode(Filter(enabled=(TOPIC,)))
    ids = [UniqueId.from_random(b"\x7f\xff\xff\xff" + bytes(11) + bytes([n])) for n in range(3)]
    at_device = [
        device.decode(*sent(gateway, dataclasses.replace(PUSH, message_id=unique_id)))
        for unique_id in (*ids, ids[0])
    ]
    numbers = [number_in(push.message_id) for push in at_device if isinstance(push, Push)]
    assert numbers == [0x7FFFFFFF, 0, 1, 0x7FFFFFFF]
    for number, unique_id in zip(numbers[:3], ids, strict=True):
        ack = PushAck(id_from(number), AckStatus.UNKNOWN_TOKEN)
        acknowledged = gateway.decode(*sent(device, ack))
        assert acknowledged == PushAck(unique_id, AckStatus.UNKNOWN_TOKEN)
    # Once more: no push in flight has this id.
    assert gateway.decode(*sent(device, PushAck(id_from(0)))) == PushAck(id_from(0))


@dialects
def test_a_device_is_told_its_token_and_keeps_it(dialect: type[AppleCodec]) -> None:
    device, gateway = dialect(), dialect()
    assert device.decode(*sent(gateway, WELCOME)) == WELCOME
    kept = heard(device, 0x08, (1, Number(0, 1)), (10, Number(0, 8)))
    assert isinstance(kept, ConnectResponse)
    assert kept.token == BASE  # not said: the one that was presented is accepted


@dialects
def test_what_is_left_out_has_a_meaning(dialect: type[AppleCodec]) -> None:
    codec = dialect()
    assert heard(codec, 0x07) == Connect(interface="")
    assert heard(codec, 0x07, (2, Number(2, 1))) == Connect(is_active=False, interface="")
    assert heard(codec, 0x09) == Filter()
    assert heard(codec, 0x0C) == KeepAlive(0)
    assert heard(codec, 0x0C, (5, b"10")) == KeepAlive(600)
    assert heard(codec, 0x0C, (5, b"\x00\x0a")) == KeepAlive(0)
    assert heard(codec, 0x0C, (5, b"9" * 4)) == KeepAlive(0)
    assert heard(codec, 0x14, (1, Number(0, 1))) == SetState(False)
    assert heard(codec, 0x0B, (4, Number(9, 4))) == PushAck(id_from(9))
    # Any status but ours: what it means is not known, and the push has arrived.
    acknowledged = heard(codec, 0x0B, (4, Number(9, 4)), (8, Number(3, 1)))
    assert acknowledged == PushAck(id_from(9))
    refused = heard(codec, 0x08, (1, Number(5, 1)), (10, Number(1000, 8)))
    assert refused == ConnectResponse(ConnectStatus.REFUSED, 1.0, 64 * 1024)


@dialects
@pytest.mark.parametrize("number", [1, 0xFFFF_FFFF])
def test_what_a_device_sends_upwards_is_told_from_a_push_and_answered_with_its_number(
    dialect: type[AppleCodec], number: int
) -> None:
    items = [(1, Repeated(HASHED.digest)), (2, Repeated(BASE)), (3, b"bplist00")]
    items.append((4, Number(number, 4)))
    assert heard(dialect(), 0x0A, *items) == Upward(number, HASHED)
    command, body = sent(dialect(), UpwardAck(number))
    assert command == 0x0B
    answer = dialect().read(body)
    assert (answer.number(4, 4), answer.number(8, 1)) == (number, 0)


@dialects
def test_commands_and_items_that_nobody_knows_are_ignored(dialect: type[AppleCodec]) -> None:
    assert heard(dialect(), 0x1E, (1, b"x")) is None
    assert heard(dialect(), 0x0D, (200, b"x"), (1, Number(1, 1))) == KeepAliveResponse()


@dialects
@pytest.mark.parametrize(
    ("command", "items", "match"),
    [
        (0x07, [(2, Number(1, 1)), (9, b"\xff")], "0x07, connect: item 9: expected text in UTF-8"),
        (0x07, [(9, "a\nb")], "item 9: expected printable text"),
        (0x07, [(1, b"")], "a device token is 1 to 100 bytes, not 0"),
        (0x07, [(12, b"der")], "item 14 is missing"),
        (0x07, [(12, b"der"), (14, b"\x01\x02")], "item 14: expected 01 01 and a signature"),
        (0x07, [(12, b"der"), (14, b"\x01\x01")], "item 13 is missing"),
        (0x08, [(1, Number(0, 1))], "0x08, connect response: item 10 is missing"),
        (0x09, [(2, b"short")], "a topic is named by 20 bytes of SHA-1, not 5"),
        (0x0A, [(2, bytes(20)), (4, Number(1, 4)), (29, b"\x0b")], "wire type 3"),
        (0x0B, [(8, Number(0, 1))], "0x0b, push ack: item 4 is missing"),
        (0x0B, [(4, b"123")], "item 4: expected a number of 4 bytes, not 3 bytes"),
        (0x11, [], "0x11, token request: item 2 is missing"),
        (0x12, [(1, Number(0, 1)), (2, b""), (3, bytes(20))], "a device token is 1 to 100 bytes"),
        (0x14, [], "0x14, set state: item 1 is missing"),
        (0x1D, [(1, Number(0, 4))], "0x1d, channels: item 4 is missing"),
        (0x1D, [(1, Number(0, 4)), (2, b"\x12\x00")], "a topic is letters"),
    ],
)
def test_a_message_that_makes_no_sense_is_refused_and_says_why(
    dialect: type[AppleCodec], command: int, items: list[Item], match: str
) -> None:
    with pytest.raises(RemoteProtocolError, match=match):
        heard(dialect(), command, *items)


@dialects
def test_what_providers_call_by_text_a_device_calls_by_hash(dialect: type[AppleCodec]) -> None:
    said = heard(dialect(), 0x11, (2, HASHED.digest))
    assert isinstance(said, AppTokenRequest)
    assert said.topic == HASHED == HashedTopic.of(Topic("com.example.app"))


@dialects
def test_what_has_no_known_form_is_not_said(dialect: type[AppleCodec]) -> None:
    with pytest.raises(LocalProtocolError, match="AppTokenInvalidate has no publicly known form"):
        dialect().encode(AppTokenInvalidate(SCOPED))
