from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.courier.compact import CompactCodec
from protocol.courier.connection import CourierConnection
from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.frames import frame
from protocol.courier.messages import (
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    Message,
    NoStorage,
    PushAck,
)
from protocol.courier.states import CourierState, Role
from tests.protocol.courier.examples import OK, PUSH, TOPIC, UNIQUE_ID, ConnectionPair

CODEC = CompactCodec()
PING = CODEC.encode(KeepAlive(1))


def gateway_in(state: CourierState) -> CourierConnection:
    return ConnectionPair(state).ends[Role.GATEWAY]


def test_a_conversation_from_connect_to_acknowledgement() -> None:
    pair = ConnectionPair()
    pair.say(Role.DEVICE, Connect())
    pair.say(Role.GATEWAY, OK)
    pair.say(Role.DEVICE, Filter(enabled=(TOPIC,)))
    pair.say(Role.GATEWAY, PUSH)
    pair.say(Role.DEVICE, PushAck(UNIQUE_ID))
    pair.say(Role.GATEWAY, NoStorage())
    pair.say(Role.DEVICE, KeepAlive(60))
    pair.say(Role.GATEWAY, KeepAliveResponse())
    assert pair.ends[Role.DEVICE].state is CourierState.FILTERED


@given(
    st.lists(st.sampled_from([PushAck(UNIQUE_ID), KeepAlive(60), Filter(enabled=(TOPIC,))])),
    st.lists(st.integers(1, 60)),
)
def test_messages_come_out_in_order_however_the_stream_is_cut(
    messages: list[Message], sizes: list[int]
) -> None:
    pair = ConnectionPair(CourierState.READY)
    stream = b"".join(pair.ends[Role.DEVICE].send(message) for message in messages)
    received = []
    for size in [*sizes, len(stream)]:
        received += pair.ends[Role.GATEWAY].receive_data(stream[:size]) if stream else []
        stream = stream[size:]
    assert received == messages


def test_a_connection_knows_its_role_and_its_dialect() -> None:
    connection = CourierConnection(Role.DEVICE, CODEC)
    assert connection.role is Role.DEVICE
    assert connection.dialect == "apnsim-msgpack-v1"


def test_the_end_of_the_stream_closes_quietly_between_frames() -> None:
    gateway = gateway_in(CourierState.FILTERED)
    assert gateway.receive_data(b"") == []
    assert gateway.state is CourierState.CLOSED
    assert gateway.receive_data(b"") == []


def test_the_end_of_the_stream_within_a_frame_is_a_fault() -> None:
    gateway = gateway_in(CourierState.READY)
    gateway.receive_data(PING[:-1])
    with pytest.raises(RemoteProtocolError, match=r"ended 6 bytes into a frame \(in state READY\)"):
        gateway.receive_data(b"")
    assert gateway.state is CourierState.CLOSED
    assert gateway.receive_data(b"") == []


def test_after_the_end_nothing_can_be_said() -> None:
    gateway = gateway_in(CourierState.READY)
    gateway.receive_data(b"")
    with pytest.raises(LocalProtocolError, match="CLOSED, where the gateway may say: nothing"):
        gateway.send(KeepAliveResponse())


def test_after_a_fault_nothing_more_is_heard() -> None:
    gateway = gateway_in(CourierState.CONNECTING)
    with pytest.raises(RemoteProtocolError):
        gateway.receive_data(PING)
    with pytest.raises(RemoteProtocolError, match="7 bytes received in state CLOSED"):
        gateway.receive_data(CODEC.encode(Connect())[:7])
    assert gateway.state is CourierState.CLOSED


def test_good_messages_before_a_bad_one_are_on_the_error() -> None:
    gateway = gateway_in(CourierState.FILTERED)
    ack = CODEC.encode(PushAck(UNIQUE_ID))
    with pytest.raises(RemoteProtocolError, match="is not msgpack") as caught:
        gateway.receive_data(PING + ack + frame(KeepAlive.NUMBER, b"\xc1") + ack)
    assert caught.value.messages == (KeepAlive(1), PushAck(UNIQUE_ID))


def test_a_fault_says_what_was_expected_in_which_state() -> None:
    gateway = gateway_in(CourierState.CONNECTING)
    with pytest.raises(
        RemoteProtocolError,
        match="KeepAlive received in state CONNECTING, where the device may say: Connect",
    ):
        gateway.receive_data(PING)


def test_a_message_out_of_state_is_not_sent_and_changes_nothing() -> None:
    gateway = gateway_in(CourierState.CONNECTED)
    expected = "the gateway may say: ConnectResponse OK, ConnectResponse REFUSED"
    with pytest.raises(LocalProtocolError, match=f"Push sent in state CONNECTED, where {expected}"):
        gateway.send(PUSH)
    assert gateway.state is CourierState.CONNECTED


def test_a_message_too_large_is_not_sent_and_changes_nothing() -> None:
    device = CourierConnection(Role.DEVICE, CODEC, max_frame_bytes=16)
    with pytest.raises(LocalProtocolError, match=r"Connect makes a frame .* limit is 16"):
        device.send(Connect(os_version="27.0 (a long story)"))
    assert device.state is CourierState.CONNECTING


def test_a_frame_too_large_closes_the_connection() -> None:
    gateway = CourierConnection(Role.GATEWAY, CODEC, max_frame_bytes=300)
    with pytest.raises(RemoteProtocolError, match=r"the limit is 300 \(in state CONNECTING\)"):
        gateway.receive_data(b"\x07\x00\x00\x10\x00")
    assert gateway.state is CourierState.CLOSED


@pytest.mark.parametrize(("announced", "limit"), [(1_000, 1_000), (2**32 - 1, 64 * 1024)])
def test_the_welcome_can_only_lower_the_limit(announced: int, limit: int) -> None:
    pair = ConnectionPair(CourierState.CONNECTED)
    pair.say(Role.GATEWAY, ConnectResponse(ConnectStatus.OK, 0.0, announced))
    assert {end.max_frame_bytes for end in pair.ends.values()} == {limit}


def test_a_lowered_limit_binds_the_frames_right_behind_the_welcome() -> None:
    pair = ConnectionPair(CourierState.CONNECTED)
    welcome = CODEC.encode(ConnectResponse(ConnectStatus.OK, 0.0, 256))
    with pytest.raises(RemoteProtocolError, match="the limit is 256") as caught:
        pair.ends[Role.DEVICE].receive_data(welcome + frame(KeepAliveResponse.NUMBER, bytes(300)))
    assert len(caught.value.messages) == 1


def test_unknown_commands_are_ignored_and_counted_in_every_state() -> None:
    unknown = frame(0x1E, b"whatever")
    for state in set(CourierState) - {CourierState.CLOSED}:
        gateway = gateway_in(state)
        assert gateway.receive_data(unknown * 2) == []
        assert gateway.unknown_commands == 2
        assert gateway.state is state
