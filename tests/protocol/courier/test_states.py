from __future__ import annotations

from typing import get_args

import pytest

from protocol.courier import messages as m
from protocol.courier.channels import Channels, ChannelsResponse
from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.states import TRANSITIONS, CourierState, Role, trigger_of
from protocol.courier.upward import Upward, UpwardAck
from tests.protocol.courier.examples import EXAMPLES, OK, REFUSED, ConnectionPair

CONNECTING, CONNECTED, READY, FILTERED, CLOSED = CourierState
ANY = {READY: READY, FILTERED: FILTERED}

# Who may say what in which state, said once more in another form than the table's.
LEGAL: dict[object, tuple[Role, dict[CourierState, CourierState]]] = {
    m.Connect: (Role.DEVICE, {CONNECTING: CONNECTED}),
    m.ConnectStatus.OK: (Role.GATEWAY, {CONNECTED: READY}),
    m.ConnectStatus.REFUSED: (Role.GATEWAY, {CONNECTED: CLOSED}),
    m.Filter: (Role.DEVICE, {READY: FILTERED, FILTERED: FILTERED}),
    m.Push: (Role.GATEWAY, {FILTERED: FILTERED}),
    m.PushAck: (Role.DEVICE, ANY),
    m.KeepAlive: (Role.DEVICE, ANY),
    m.KeepAliveResponse: (Role.GATEWAY, ANY),
    m.NoStorage: (Role.GATEWAY, {FILTERED: FILTERED}),
    m.AppTokenRequest: (Role.DEVICE, ANY),
    m.AppTokenResponse: (Role.GATEWAY, ANY),
    m.SetState: (Role.DEVICE, ANY),
    Channels: (Role.DEVICE, {FILTERED: FILTERED}),
    ChannelsResponse: (Role.GATEWAY, {FILTERED: FILTERED}),
    m.AppTokenInvalidate: (Role.DEVICE, ANY),
    m.AppTokenInvalidateResponse: (Role.GATEWAY, ANY),
    Upward: (Role.DEVICE, ANY),
    UpwardAck: (Role.GATEWAY, ANY),
}


def test_the_table_has_a_row_for_every_role_and_state() -> None:
    assert set(TRANSITIONS) == set(Role)
    for rows in TRANSITIONS.values():
        assert set(rows) == set(CourierState)


def test_every_message_is_legal_for_one_role_somewhere() -> None:
    said = {
        role: {trigger for row in rows.values() for trigger in row}
        for role, rows in TRANSITIONS.items()
    }
    device, gateway = set(get_args(m.DeviceMessage)), set(get_args(m.GatewayMessage))
    assert said[Role.DEVICE] == device
    assert said[Role.GATEWAY] == gateway - {m.ConnectResponse} | set(m.ConnectStatus)


def test_the_peer_of_the_peer_is_oneself() -> None:
    assert Role.GATEWAY.peer is Role.DEVICE
    assert Role.DEVICE.peer is Role.GATEWAY


def test_a_connect_response_is_looked_up_by_its_status() -> None:
    assert [trigger_of(OK), trigger_of(REFUSED)] == list(m.ConnectStatus)
    assert trigger_of(m.Connect()) is m.Connect


def test_the_examples_cover_every_trigger() -> None:
    assert {trigger_of(example) for example in EXAMPLES} == set(LEGAL)


@pytest.mark.parametrize("state", CourierState)
@pytest.mark.parametrize("speaker", Role)
@pytest.mark.parametrize("message", EXAMPLES, ids=lambda m: type(m).__name__)
def test_a_message_moves_both_ends_or_is_refused_by_both(
    speaker: Role, state: CourierState, message: m.Message
) -> None:
    pair = ConnectionPair(state)
    allowed_speaker, moves = LEGAL[trigger_of(message)]
    if speaker is allowed_speaker and state in moves:
        pair.say(speaker, message)
        assert pair.ends[speaker].state is moves[state]
        return
    with pytest.raises(LocalProtocolError, match=state.value):
        pair.ends[speaker].send(message)
    assert pair.ends[speaker].state is state
    frame = pair.ends[speaker]._codec.encode(message)
    with pytest.raises(RemoteProtocolError, match=state.value):
        pair.ends[speaker.peer].receive_data(frame)
    assert pair.ends[speaker.peer].state is CLOSED
