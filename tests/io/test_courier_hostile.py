"""Whatever a device says on its link, the gateway goes on, and others have their pushes."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING

import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock

from gateway.courier.terms import CourierSettings
from protocol.courier.compact import CompactCodec
from protocol.courier.frames import frame
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenRequest,
    Connect,
    Filter,
    PushAck,
)
from protocol.identifiers import DeviceToken, TokenPurpose
from tests.builders import TOKEN, TOPIC, notification, registration
from tests.examples_drawn import examples
from tests.io.phones import Gateway
from tests.protocol.courier import strategies as anything

if TYPE_CHECKING:
    import pytest

encode = CompactCodec().encode
# What has something to do with what is there, which random names have not.
topics = st.just(TOPIC) | anything.topics
tokens = st.just(TOKEN) | anything.tokens
known = st.one_of(
    st.just(Connect()),
    st.builds(Filter, *[st.lists(topics, max_size=2).map(tuple)] * 5),
    st.builds(AppTokenRequest, topics, st.booleans(), st.just(TokenPurpose(""))),
    st.builds(AppTokenInvalidate, tokens, st.booleans()),
    st.builds(PushAck, st.integers(1, 4).map(lambda number: notification(number).unique_id)),
)
said = st.lists(
    known.map(encode)
    | anything.messages.map(encode)
    | st.binary(max_size=30)
    | st.builds(frame, st.integers(0, 255), st.binary(max_size=30))
    | st.none(),
    max_size=10,
)


async def converse(pieces: list[bytes | None], *, greets: bool) -> None:
    async with trio.open_nursery() as nursery:
        gateway = Gateway(nursery, CourierSettings())
        theirs = registration(token=DeviceToken(b"other"), device="other")
        other = await gateway.listens(device=theirs.device)
        hostile = await gateway.calls(listens=False)
        greeting = encode(Connect()) + encode(Filter(enabled=(TOPIC,)))
        for number, piece in enumerate([greeting, *pieces] if greets else pieces):
            if piece is None:  # something to answer to
                await gateway.accepts(notification(number))
            else:
                with suppress(trio.BrokenResourceError):  # the gateway has hung up
                    await hostile.sends(piece)
        await gateway.accepts(notification(99, token=theirs.token), to=theirs)
        assert other.numbers == [99]
        nursery.cancel_scope.cancel()


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=said, greets=st.booleans())
def test_any_device(
    pieces: list[bytes | None], *, greets: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def play() -> None:
        await converse(pieces, greets=greets)

    caplog.clear()
    trio.run(play, clock=MockClock(autojump_threshold=0))
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.ERROR] == []
