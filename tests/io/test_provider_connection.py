"""One provider connection in memory: requests and answers (clients.md §2, 5 to 27)."""

# ruff: noqa: ARG001 - autojump_clock does its work by being there

from __future__ import annotations

from typing import Any

import pytest
import trio
from hyperframe.frame import SettingsFrame, WindowUpdateFrame
from trio.testing import wait_all_tasks_blocked

from protocol.provider.http import HttpRequest, HttpResponse
from tests.io.streams import (
    APNS_ID,
    Held,
    Provider,
    accepted,
    connect,
    refused,
)

WHOLE_BODY = [("HeadersFrame", False), ("DataFrame", True)]


async def test_b10_settings_come_first_and_promptly_and_are_exactly_apples(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hear_until(lambda: len(provider.frames) >= 2)
    settings, window = provider.frames
    assert isinstance(settings, SettingsFrame)
    assert list(settings.settings.items()) == [
        (1, 4096),
        (3, 1),
        (4, 65_535),
        (5, 16_384),
        (6, 8000),
    ]
    assert isinstance(window, WindowUpdateFrame)


async def test_b12_a_200_is_one_headers_frame_with_end_stream(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    answer = await provider.answer(await provider.post())
    assert (answer.status, answer.body, answer.shape) == (200, b"", [("HeadersFrame", True)])


async def test_b13_an_error_is_headers_and_exactly_one_data_frame_with_end_stream(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, refused("BadDeviceToken"), library)
    await provider.hello()
    answer = await provider.answer(await provider.post())
    assert (answer.status, answer.reason) == (400, "BadDeviceToken")
    assert answer.shape == WHOLE_BODY


async def test_b11_apns_id_is_echoed_byte_for_byte(nursery: trio.Nursery, library: str) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    for apns_id in (APNS_ID, APNS_ID.upper(), "not a uuid: \xe9"):
        answer = await provider.answer(
            await provider.post(headers=(("apns-id", apns_id.encode("latin-1")),))
        )
        assert answer.headers["apns-id"] == apns_id


async def test_b17_header_names_leave_in_lower_case(nursery: trio.Nursery, library: str) -> None:
    def answer(_: HttpRequest) -> HttpResponse:
        return HttpResponse(201, (("Apns-Channel-Id", "dHN0"),))

    provider, _ = connect(nursery, answer, library)
    await provider.hello()
    answered = await provider.answer(await provider.post())
    assert answered.headers == {":status": "201", "apns-channel-id": "dHN0"}


@pytest.mark.parametrize(
    "name", [(":authority", "localhost"), (":authority", "localhost:2197"), ("host", "localhost")]
)
async def test_b5_the_authority_is_never_looked_at(
    nursery: trio.Nursery, library: str, name: tuple[str, str]
) -> None:
    asked: list[HttpRequest] = []

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append(request)
        return accepted(request)

    provider, _ = connect(nursery, answer, library)
    await provider.hello()
    pseudo = name[0].startswith(":")
    headers = [(":method", "POST"), (":scheme", "https"), (":path", "/3/device/ab")]
    headers = [*headers, name, ("apns-topic", "com.example")]
    provider.core.send_headers(1, headers, end_stream=True)
    await provider.flush()
    assert (await provider.answer(1)).status == 200
    rest = () if pseudo else (name,)
    fields = (*rest, ("apns-topic", "com.example"))
    assert asked == [HttpRequest("POST", "/3/device/ab", fields, b"")]


async def test_b6_content_length_and_content_type_may_be_missing_or_odd(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    odd = (
        ("content-type", "application/x-www-form-urlencoded"),
        ("accept-encoding", "gzip"),
        ("content-length", "2"),
    )
    for headers in ((), odd):
        answer = await provider.answer(await provider.post(b"{}", headers))
        assert answer.headers == {":status": "200"}


@pytest.mark.parametrize("first", [1, 3, 13])
async def test_b7_the_first_stream_may_be_1_3_or_13(
    nursery: trio.Nursery, library: str, first: int
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello(ENABLE_PUSH=1)
    for idle in range(3, first, 2):
        provider.core.prioritize(idle, weight=100, depends_on=0)  # as nghttp does
    assert (await provider.answer(await provider.post(stream_id=first))).status == 200
    assert (await provider.answer(await provider.post(stream_id=first + 2))).status == 200


async def test_b9_twenty_first_requests_before_settings_are_all_served(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    numbers = [provider.ask() for _ in range(20)]
    await provider.flush()
    for number in numbers:
        assert (await provider.answer(number)).status == 200


async def test_b9_a_client_that_knows_the_limit_of_one_and_exceeds_it_is_served_too(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    provider, _ = connect(nursery, held, library)
    await provider.hello()
    await provider.settle()
    assert provider.core.remote_settings.max_concurrent_streams == 1
    provider.exceed_the_limit()
    numbers = [provider.ask() for _ in range(1000)]
    await provider.flush()
    await wait_all_tasks_blocked()
    assert len(held.asked) == 1000
    held.let_go()
    for number in numbers:
        assert (await provider.answer(number)).status == 200


async def test_the_stream_limit_rises_once_when_a_valid_token_was_seen(
    nursery: trio.Nursery, library: str
) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        gateway.handle.authenticated()
        return accepted(request)

    provider, gateway = connect(nursery, answer, library)
    await provider.hello()
    for _ in range(3):
        await provider.answer(await provider.post())
    limits = [f.settings for f in provider.frames if isinstance(f, SettingsFrame) and f.settings]
    assert limits[1:] == [{3: 1000}]
    assert provider.core.remote_settings.max_concurrent_streams == 1000
    assert gateway.connection.statistics().stream_limit == 1000


async def test_the_new_limit_comes_before_the_answer_as_apple_sends_it(
    nursery: trio.Nursery, library: str
) -> None:
    def answer(request: HttpRequest) -> HttpResponse:
        gateway.handle.authenticated()
        return accepted(request)

    provider, gateway = connect(nursery, answer, library)
    await provider.hello()
    number = await provider.post()
    await provider.answer(number)
    kinds = [type(f).__name__ for f in provider.frames]
    assert kinds.index("SettingsFrame", 1) < kinds.index("HeadersFrame")


async def test_b27_a_ping_is_answered_while_requests_wait(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    provider, _ = connect(nursery, held, library)
    await provider.hello()
    for _ in range(50):
        provider.ask()
    provider.core.ping(b"12345678")
    await provider.flush()
    await provider.hear_until(
        lambda: any(type(e).__name__ == "PingAckReceived" for e in provider.events)
    )
    assert len(held.asked) == 50


async def test_b27_no_ping_of_ours_is_ever_sent(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery
) -> None:
    provider, _ = connect(nursery, accepted, idle_seconds=10_000)
    await provider.hello()
    await provider.answer(await provider.post())
    with trio.move_on_after(9000):
        while await provider.hear():
            pass
    assert "PingFrame" not in {type(frame).__name__ for frame in provider.frames}


async def test_answers_leave_as_they_are_ready_not_as_they_were_asked(
    nursery: trio.Nursery, library: str
) -> None:
    first, second = Held(), Held()
    waiting = iter([first, second])
    provider, _ = connect(nursery, lambda request: next(waiting)(request), library)
    await provider.hello()
    one, two = provider.ask(), provider.ask()
    await provider.flush()
    await wait_all_tasks_blocked()
    second.let_go()
    await provider.answer(two)
    assert not provider.ended(one)
    first.let_go()
    await provider.answer(one)


async def test_trailers_end_a_request_and_are_ignored(nursery: trio.Nursery, library: str) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    number = provider.ask(b"{}", end=False)
    provider.core.send_headers(number, [("x-trailer", "1")], end_stream=True)
    await provider.flush()
    assert (await provider.answer(number)).status == 200


async def test_a_body_in_many_small_frames_with_padding_arrives_whole(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    held.let_go()
    provider, _ = connect(nursery, held, library)
    await provider.hello()
    number = provider.ask(None, end=False)
    for piece in (b"{", b"", b'"a"', b":1"):
        provider.core.send_data(number, piece, pad_length=7)
        await provider.flush()
    provider.core.send_data(number, b"}", end_stream=True)
    await provider.flush()
    await provider.answer(number)
    assert held.asked[0].body == b'{"a":1}'


async def test_b21_a_withdrawn_request_is_neither_answered_nor_reset(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    gone, kept = provider.ask(), provider.ask()
    await provider.flush()
    await wait_all_tasks_blocked()
    provider.core.reset_stream(gone, 8)
    await provider.flush()
    await provider.settle()
    held.let_go()
    await provider.answer(kept)
    await wait_all_tasks_blocked()
    assert provider.frames_on(gone) == []
    assert held.finished == 2  # the push may have been on its way: it is not cut in the middle
    assert gateway.connection.statistics().requests_withdrawn == 1


async def test_a_request_reset_in_the_batch_in_which_it_came_does_no_harm(
    nursery: trio.Nursery, library: str
) -> None:
    for answer in (accepted, refused("BadTopic")):
        provider, _ = connect(nursery, answer, library)
        await provider.hello()
        gone = provider.ask()
        provider.core.reset_stream(gone, 8)
        unfinished = provider.ask(end=False)
        provider.core.reset_stream(unfinished, 8)
        kept = provider.ask()
        await provider.flush()
        await provider.answer(kept)
        assert provider.frames_on(gone) == provider.frames_on(unfinished) == []


class TestBug:
    """An exception in the answer is ours: logged once, 500, and the other streams live on."""

    @staticmethod
    def broken(request: HttpRequest) -> HttpResponse:
        if request.body == b"bug":
            raise ZeroDivisionError
        return accepted(request)

    @staticmethod
    async def broken_later(request: HttpRequest) -> HttpResponse:
        await trio.lowlevel.checkpoint()
        return TestBug.broken(request)

    @pytest.mark.parametrize("later", [False, True])
    async def test_b14_a_bug_is_answered_500_with_a_reason(
        self, nursery: trio.Nursery, library: str, later: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        provider, _ = connect(nursery, self.broken_later if later else self.broken, library)
        await provider.hello()
        bug, fine = provider.ask(b"bug"), provider.ask(b"{}")
        await provider.flush()
        answer = await provider.answer(bug)
        assert (answer.status, answer.body) == (500, b'{"reason":"InternalServerError"}')
        assert answer.headers["apns-id"] == APNS_ID
        assert (await provider.answer(fine)).status == 200
        (record,) = [r for r in caplog.records if r.levelname == "ERROR"]
        assert record.exc_info is not None
        assert "connection 7" in record.message


async def test_statistics_count_what_happened(nursery: trio.Nursery, library: str) -> None:
    held = Held()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    await provider.post()
    await provider.settle()
    before = gateway.connection.statistics()
    assert (before.streams_open, before.requests_answered, before.stream_limit) == (1, 0, 1)
    assert before.facts.connection_id == 7
    held.let_go()
    await provider.answer(1)
    after = gateway.connection.statistics()
    assert (after.streams_open, after.requests_answered, after.draining) == (0, 1, False)
    assert after.bytes_sent == len(provider.received)
    assert after.bytes_received >= before.bytes_received > 0


def test_the_client_core_of_these_tests_is_not_the_library_under_test() -> None:
    core: Any = Provider(None).core  # type: ignore[arg-type]
    assert type(core).__module__ == "h2.connection"


async def test_a_later_stream_may_be_complete_before_an_earlier_one(
    nursery: trio.Nursery, library: str
) -> None:
    provider, gateway = connect(nursery, accepted, library)
    await provider.hello()
    early, late = provider.ask(end=False), provider.ask()
    await provider.flush()
    assert (await provider.answer(late)).status == 200
    provider.core.end_stream(early)
    await provider.flush()
    assert (await provider.answer(early)).status == 200
    gateway.connection.drain()
    await provider.hear_out()
    assert provider.goaways[0].last_stream_id == late


async def test_headers_too_long_for_one_frame_continue_in_the_next(
    nursery: trio.Nursery, library: str
) -> None:
    long = HttpResponse(200, (("apns-id", "\u00ff" * 20_000),))
    provider, _ = connect(nursery, lambda _: long, library)
    await provider.hello()
    answer = await provider.answer(await provider.post())
    assert answer.headers["apns-id"] == "\u00ff" * 20_000
    assert ("ContinuationFrame", False) in answer.shape
