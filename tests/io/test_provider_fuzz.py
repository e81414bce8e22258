"""Whatever a provider sends, its connection answers in HTTP/2 or says goodbye; it never raises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import trio
from hyperframe.frame import Frame
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from trio.testing import MockClock, memory_stream_pair

from gateway.provider.contract import ConnectionSettings
from protocol.provider.http import HttpRequest, HttpResponse
from tests.examples_drawn import examples
from tests.io.streams import EMPTY_SETTINGS, PREFACE, new_gateway

if TYPE_CHECKING:
    from collections.abc import Awaitable


BLOCKS = [
    b"\x83\x87\x84",  # :method POST, :scheme https, :path /
    b"\x83\x87\x84\x40\x07apns-id\x01x",
    b"\x82\x84",
    b"\x83",
    b"\xbe\xbf",
    b"\x3f\xff\xff\xff\x7f",
    b"",
]
PAYLOADS = st.one_of(
    st.binary(max_size=20),
    st.sampled_from([*BLOCKS, b"\0\0\0\0", b"\0\0\0\1", b"\0\0\0\0\0", b"\7" * 8, b"\0\4\0\0\0\0"]),
    st.integers(0, 2**32 - 1).map(lambda number: number.to_bytes(4, "big")),
    st.tuples(st.integers(0, 9), st.integers(0, 2**32 - 1)).map(
        lambda pair: pair[0].to_bytes(2, "big") + pair[1].to_bytes(4, "big")
    ),
)


def _frame(parts: tuple[int, int, int, bytes]) -> bytes:
    kind, flags, stream_id, payload = parts
    return (
        len(payload).to_bytes(3, "big")
        + bytes([kind, flags])
        + stream_id.to_bytes(4, "big")
        + payload
    )


FRAMES = st.one_of(
    st.tuples(
        st.integers(0, 12),
        st.integers(0, 255),
        st.sampled_from([0, 1, 3, 5, 2, 2**31 - 1]),
        PAYLOADS,
    ),
    st.tuples(
        st.just(1), st.sampled_from([4, 5]), st.sampled_from([1, 3, 5, 7]), st.sampled_from(BLOCKS)
    ),
    st.tuples(
        st.just(0), st.sampled_from([0, 1]), st.sampled_from([1, 3, 5]), st.binary(max_size=9)
    ),
    st.tuples(st.just(3), st.just(0), st.sampled_from([1, 3, 5]), st.just(b"\0\0\0\x08")),
).map(_frame)


def _some_answer(request: HttpRequest) -> HttpResponse | Awaitable[HttpResponse]:
    async def later() -> HttpResponse:
        await trio.sleep(0.5)
        if len(request.body) == 5:
            raise ZeroDivisionError
        return HttpResponse(400, (), b'{"reason":"BadTopic"}')

    return HttpResponse(200, ()) if len(request.body) % 2 else later()


async def _serve(library: str, pieces: list[bytes]) -> bytes:
    """Everything the gateway says to these pieces and a FIN; fails if anything is raised."""
    ours, theirs = memory_stream_pair()
    limits = ConnectionSettings(
        library=library,  # type: ignore[arg-type]
        streams_tolerated=5,
        heard_body_bytes=10,
        resets_at_once=5,
        low_window_bytes=65_500,
    )
    gateway = new_gateway(ours, _some_answer, limits)
    said = b""
    with trio.fail_after(120):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(gateway.run)
            for piece in pieces:
                try:
                    await theirs.send_all(piece)
                except trio.BrokenResourceError:
                    break
                await trio.sleep(0.2)
            await theirs.send_eof()
            while data := await theirs.receive_some():
                said += bytes(data)
        await gateway.ended.wait()
    return said


def _check(said: bytes) -> None:
    """Whole frames, SETTINGS first, nothing after GOAWAY, JSON in it if anything."""
    names = []
    view = memoryview(said)
    while view:
        frame, length = Frame.parse_frame_header(view[:9])
        assert len(view) >= 9 + length
        frame.parse_body(view[9 : 9 + length])
        names.append(type(frame).__name__)
        if names[-1] == "GoAwayFrame" and frame.additional_data:
            json.loads(frame.additional_data)
        view = view[9 + length :]
    assert names[:1] == ["SettingsFrame"]
    assert "GoAwayFrame" not in names[:-1]


@pytest.mark.parametrize("library", ["jh2", "h2"])
@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(FRAMES, max_size=12), batched=st.booleans())
@example(pieces=[_frame((1, 5, 1, BLOCKS[0])), _frame((3, 0, 1, b"\0\0\0\x08"))], batched=True)
@example(pieces=[_frame((7, 0, 0, bytes(8))), _frame((1, 5, 1, BLOCKS[0]))], batched=False)
def test_any_frames_after_the_preface(library: str, pieces: list[bytes], batched: bool) -> None:
    if batched:
        pieces = [b"".join(pieces)]
    pieces = [PREFACE + EMPTY_SETTINGS, *pieces]
    _check(trio.run(_serve, library, pieces, clock=MockClock(autojump_threshold=0)))


@pytest.mark.parametrize("library", ["jh2", "h2"])
@settings(max_examples=examples(40))
@given(pieces=st.lists(st.binary(max_size=60), max_size=5), polite=st.booleans())
def test_any_bytes(library: str, pieces: list[bytes], polite: bool) -> None:
    if polite:
        pieces = [PREFACE, *pieces]
    _check(trio.run(_serve, library, pieces, clock=MockClock(autojump_threshold=0)))
