"""Faults of streams and connections, frame by frame over TLS, at a whole gateway."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import trio
import trio.testing
from hyperframe.frame import (
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)

from gateway.faults.reading import read_rule
from tests.e2e.world import until
from tests.io.provider_desk import Desk, desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from gateway.faults.book import Entry
    from tests.io.streams import Provider

LAST = (1 << 31) - 1
BODY = b'{"reason":"ServiceUnavailable"}'


class Lab:
    """A provider's desk, and rules for the gateway before it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def rule(self, words: Any) -> Entry:  # noqa: ANN401
        return self.desk.here.gateway.faults.book.add(read_rule(words))

    async def ask(self, provider: Provider | None = None) -> tuple[Provider, int]:
        """Send a push; who heard it and on which stream."""
        provider = provider or await self.desk.dial()
        return provider, await self.desk.send(provider)

    async def ask_beyond_goaway(self) -> tuple[Provider, int]:
        """The same by a provider that still listens then; h2 takes it for the end of everything."""
        provider, stream = await self.ask()
        provider.core.receive_data = lambda _data: []
        return provider, stream

    def arrived(self) -> int:
        """How many pushes were taken."""
        journal = self.desk.here.gateway.journal
        return len(journal.find(lambda record: record.notification is not None))


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[Lab]:
    async with desk(tmp_path) as made:
        yield Lab(made)


def kinds(frames: list[Frame]) -> list[str]:
    return [type(frame).__name__.removesuffix("Frame") for frame in frames]


# -- a stream --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "arrived"),
    [
        ("reset-stream times=1", 2, 0),
        ("reset-stream times=1 code=REFUSED_STREAM", 7, 0),
        ("reset-stream times=1 code=255 accept=true", 255, 1),
    ],
)
async def test_a_stream_is_reset_and_the_next_is_served(
    lab: Lab, words: str, code: int, arrived: int
) -> None:
    lab.rule(words)
    provider, stream = await lab.ask()
    await provider.hear_until(lambda: provider.frames_on(stream))
    [reset] = provider.frames_on(stream)
    assert isinstance(reset, RstStreamFrame)
    assert (reset.error_code, lab.arrived()) == (code, arrived)
    assert (await lab.desk.ask(provider)).status == 200


async def test_an_answer_comes_in_pieces(lab: Lab) -> None:
    answer = {"type": "answer", "status": 503}
    lab.rule({"action": {"type": "pieces", "bytes_each": 10, "answer": answer}, "times": 1})
    provider, stream = await lab.ask()
    told = await provider.answer(stream)
    assert (told.status, told.body) == (503, BODY)
    assert told.shape == [("HeadersFrame", False), *[("DataFrame", False)] * 3, ("DataFrame", True)]
    assert (await lab.desk.ask(provider)).status == 200


async def test_an_accepted_push_may_be_answered_with_an_empty_end(lab: Lab) -> None:
    lab.rule("pieces empty_end=true times=1")
    provider, stream = await lab.ask()
    told = await provider.answer(stream)
    assert (told.status, told.body) == (200, b"")
    assert told.shape == [("HeadersFrame", False), ("DataFrame", True)]
    assert lab.arrived() == 1


async def test_pieces_come_so_many_seconds_apart(lab: Lab) -> None:
    answer = {"type": "answer", "status": 503}
    lab.rule({"action": {"type": "pieces", "bytes_each": 16, "seconds": 0.05, "answer": answer}})
    began = trio.current_time()
    provider, stream = await lab.ask()
    await provider.answer(stream)
    assert trio.current_time() - began >= 0.05


@pytest.mark.parametrize(
    ("then", "shape"),
    [
        ("end", ["Headers", "Data"]),
        ("reset", ["Headers", "Data", "RstStream"]),
        ("nothing", ["Headers", "Data"]),
    ],
)
async def test_an_answer_is_cut_off(lab: Lab, then: str, shape: list[str]) -> None:
    provider = await lab.desk.dial()
    assert (await lab.desk.ask(provider)).status == 200, (
        "from now on more than one stream may be open"
    )
    answer = {"type": "answer", "status": 503}
    lab.rule(
        {"action": {"type": "truncate", "bytes": 9, "then": then, "answer": answer}, "times": 1}
    )
    _, stream = await lab.ask(provider)
    await provider.hear_until(lambda: len(provider.frames_on(stream)) == len(shape))
    frames = provider.frames_on(stream)
    assert kinds(frames) == shape
    assert isinstance(frames[1], DataFrame)
    assert frames[1].data == BODY[:9]
    assert ("END_STREAM" in frames[1].flags) is (then == "end")
    assert (await lab.desk.ask(provider)).status == 200


# -- GOAWAY ----------------------------------------------------------------------------------------


async def test_goaway_comes_with_the_request_in_flight_and_the_connection_ends(lab: Lab) -> None:
    lab.rule("goaway reason=Shutdown match.nth_on_connection=2")
    provider = await lab.desk.dial()
    assert (await lab.desk.ask(provider)).status == 200
    _, stream = await lab.ask(provider)
    await provider.hear_out()
    [goaway] = provider.goaways
    assert (goaway.error_code, goaway.last_stream_id) == (0, stream)
    assert json.loads(goaway.additional_data) == {"reason": "Shutdown"}
    assert provider.frames_on(stream) == []
    assert lab.arrived() == 1


@pytest.mark.parametrize(
    ("words", "code", "last_streams"),
    [
        ("last_stream=before code=ENHANCE_YOUR_CALM", 11, [1]),
        ("last_stream=all code=99", 99, [LAST]),
        ("last_stream=7 twice=true", 0, [LAST, 7]),
    ],
)
async def test_goaway_says_any_code_and_any_last_stream(
    lab: Lab, words: str, code: int, last_streams: list[int]
) -> None:
    provider = await lab.desk.dial()
    assert (await lab.desk.ask(provider)).status == 200
    lab.rule(f"goaway {words}")
    await lab.ask(provider)
    await provider.hear_out()
    assert [goaway.last_stream_id for goaway in provider.goaways] == last_streams
    assert {goaway.error_code for goaway in provider.goaways} == {code}


async def test_goaway_may_come_before_the_answer_as_servers_end_gracefully(lab: Lab) -> None:
    lab.rule("goaway last_stream=all answers=true close_seconds=0.05")
    provider, stream = await lab.ask_beyond_goaway()
    await provider.hear_until(lambda: provider.ended(stream))
    assert [kind for kind in kinds(provider.frames) if kind in ("GoAway", "Headers")] == [
        "GoAway",
        "Headers",
    ]
    await provider.hear_out()
    assert lab.arrived() == 1


@pytest.mark.parametrize("words", ["", "answers=true"])
async def test_a_connection_ends_so_many_seconds_behind_goaway(lab: Lab, words: str) -> None:
    lab.rule(f"goaway close_seconds=0.05 {words}")
    began = trio.current_time()
    provider, _ = await lab.ask_beyond_goaway()
    await provider.hear_out()
    assert provider.goaways
    assert trio.current_time() - began >= 0.05


async def test_a_connection_may_stay_open_behind_goaway_and_hear_nothing_new(lab: Lab) -> None:
    lab.rule("goaway answers=true close_seconds=null times=1")
    provider, stream = await lab.ask_beyond_goaway()
    await provider.hear_until(lambda: provider.ended(stream))
    provider.core.remote_settings.max_concurrent_streams = 2
    provider.core.remote_settings.acknowledge()
    _, after = await lab.ask(provider)
    await provider.settle()
    assert provider.frames_on(after) == []
    assert lab.arrived() == 1


# -- the connection --------------------------------------------------------------------------------


async def test_settings_change_and_the_request_goes_on(lab: Lab) -> None:
    lab.rule("settings max_concurrent_streams=1 max_header_list_size=100 times=1")
    provider, stream = await lab.ask()
    assert (await provider.answer(stream)).status == 200
    changed = [frame.settings for frame in provider.frames if isinstance(frame, SettingsFrame)]
    assert {3: 1, 6: 100} in changed


async def test_no_ping_is_acknowledged_from_the_beginning(lab: Lab) -> None:
    lab.rule("no-ping-ack times=1")
    deaf, provider = await lab.desk.dial(), await lab.desk.dial()
    for each in (deaf, provider):
        await each.stream.send_all(b"\0\0\x08\6\0\0\0\0\0ping-me!")
        assert (await lab.desk.ask(each)).status == 200
    assert [kinds(each.frames).count("Ping") for each in (deaf, provider)] == [0, 1]
    assert isinstance(next(f for f in provider.frames if isinstance(f, PingFrame)), PingFrame)
    [first, second] = lab.desk.here.gateway.providers.statistics()
    assert first.facts.faults == ("rule 1: no PING is acknowledged",)
    assert second.facts.faults == ()


async def test_windows_never_open(lab: Lab) -> None:
    lab.rule("no-window stream_bytes=10")
    provider = await lab.desk.dial()
    await provider.hear_until(lambda: 4 in _values(provider))
    assert _values(provider)[4] == 10
    assert provider.core.outbound_flow_control_window == 65_535
    assert not [frame for frame in provider.frames if isinstance(frame, WindowUpdateFrame)]


def _values(provider: Provider) -> dict[int, int]:
    return {
        number: value
        for frame in provider.frames
        if isinstance(frame, SettingsFrame)
        for number, value in frame.settings.items()
    }


@pytest.mark.parametrize(("words", "goaways"), [("", 1), ("goaway=false", 0)])
async def test_silence_ends_a_connection(lab: Lab, words: str, goaways: int) -> None:
    lab.rule(f"idle-close seconds=0.05 {words}")
    provider, stream = await lab.ask()
    assert (await provider.answer(stream)).status == 200
    await provider.hear_out()
    assert len(provider.goaways) == goaways


@pytest.mark.parametrize("at", ["request", "connect"])
async def test_a_connection_ends_by_fin_without_a_word(lab: Lab, at: str) -> None:
    lab.rule(f"close at={at}")
    tcp, provider = await _dial_by_tcp(lab)
    if at == "request":
        await lab.ask(provider)
    with pytest.raises(trio.BrokenResourceError) as cut:  # TLS misses its goodbye
        await provider.hear_out()
    assert "EOF" in str(cut.value.__cause__)
    assert not provider.goaways
    assert await tcp.receive_some() == b""


@pytest.mark.parametrize("at", ["request", "connect"])
async def test_a_connection_is_reset(lab: Lab, at: str) -> None:
    lab.rule(f"close how=reset at={at}")
    _, provider = await _dial_by_tcp(lab)
    await lab.ask(provider)
    with pytest.raises(trio.BrokenResourceError) as cut:
        await provider.hear_out()
    # As soon as it was made: then writing has failed, and reading finds the end.
    assert at == "connect" or _has_cause(cut.value, ConnectionResetError)
    assert not provider.goaways


async def _dial_by_tcp(lab: Lab) -> tuple[trio.SocketStream, Provider]:
    provider = await lab.desk.dial()
    return provider.stream.transport_stream, provider


def _has_cause(error: BaseException | None, kind: type[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False


async def test_a_half_open_connection_swallows_everything(lab: Lab) -> None:
    rule = lab.rule("close how=half-open times=1")
    provider = await lab.desk.dial()
    await provider.settle()
    _, stream = await lab.ask(provider)
    await until(lambda: rule.hits)
    await trio.testing.wait_all_tasks_blocked()
    await provider.stream.send_all(b"\0\0\x08\6\0\0\0\0\0ping-me!")
    with trio.move_on_after(0.1) as waiting:
        await provider.hear_out()
    assert waiting.cancelled_caught
    assert "Ping" not in kinds(provider.frames)
    assert provider.frames_on(stream) == []
    assert lab.arrived() == 0
    assert (await lab.desk.ask()).status == 200, "others are served"
    await trio.aclose_forcefully(provider.stream)
    await until(lambda: len(lab.desk.here.gateway.providers.statistics()) == 1)


async def test_a_half_open_connection_ends_after_so_many_seconds(lab: Lab) -> None:
    lab.rule("close how=half-open seconds=0.05")
    began = trio.current_time()
    provider, _ = await lab.ask()
    await provider.hear_out()
    assert trio.current_time() - began >= 0.05
    assert not provider.goaways


async def test_a_connection_may_be_greeted_with_goaway(lab: Lab) -> None:
    lab.rule("goaway at=connect reason=BadCertificateEnvironment match.environment=development")
    provider = await lab.desk.dial()
    await provider.hear_out()
    [goaway] = provider.goaways
    assert (goaway.last_stream_id, b"BadCertificateEnvironment" in goaway.additional_data) == (
        0,
        True,
    )
    assert not [frame for frame in provider.frames if isinstance(frame, HeadersFrame)]
