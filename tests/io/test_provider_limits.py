"""Providers that send too much or break HTTP/2: an answer or one GOAWAY, and bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from trio.testing import wait_all_tasks_blocked

from protocol.identifiers import ApnsId
from protocol.provider.http import HttpRequest, HttpResponse
from tests.io.streams import (
    APNS_ID,
    EMPTY_SETTINGS,
    PREFACE,
    Held,
    Provider,
    accepted,
    connect,
    frame,
)

if TYPE_CHECKING:
    import trio


def too_large(request: HttpRequest) -> HttpResponse:
    """As the endpoint does: the cut body is longer than any payload limit."""
    if len(request.body) > 5120:
        return HttpResponse(413, (), b'{"reason":"PayloadTooLarge"}')
    return accepted(request)


class TestBody:
    async def test_a_body_of_5120_bytes_arrives_whole_and_one_more_is_enough_to_know(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        held.let_go()
        provider, _ = connect(nursery, held, library)
        await provider.hello()
        for size in (5120, 5121, 16_000):
            await provider.answer(await provider.post(b"x" * size))
        assert [len(request.body) for request in held.asked] == [5120, 5121, 5121]

    async def test_a_long_body_is_heard_to_its_end_and_answered_413(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """Ten times the stream's window: the window is replenished meanwhile."""
        provider, _ = connect(nursery, too_large, library)
        await provider.hello()
        await provider.hear()
        number = await self._pour(provider, 650_000)
        provider.core.end_stream(number)
        await provider.flush()
        answer = await provider.answer(number)
        assert (answer.status, answer.reason) == (413, "PayloadTooLarge")
        kinds = {type(f).__name__ for f in provider.frames_on(number)}
        assert kinds == {"WindowUpdateFrame", "HeadersFrame", "DataFrame"}

    async def test_a_body_too_long_to_be_heard_is_answered_early_and_may_go_on(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """Reset at once, curl 7.88 loses the answer and httpx waits for ever."""
        provider, gateway = connect(nursery, too_large, library, heard_body_bytes=50_000)
        await provider.hello()
        await provider.hear()
        number = await self._pour(provider, 60_000)
        assert (await provider.answer(number)).status == 413
        await self._pour(provider, 200_000, number)
        provider.core.end_stream(number)
        await provider.flush()
        await provider.settle()
        assert "RstStreamFrame" not in {type(f).__name__ for f in provider.frames}
        assert gateway.connection.statistics().streams_open == 0

    async def test_a_body_without_end_is_reset_in_the_end_without_reproach(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, too_large, library, heard_body_bytes=10_000)
        await provider.hello()
        await provider.hear()
        number = provider.ask(None, end=False)
        data = provider.core.data_to_send()
        await provider.stream.send_all(data + frame(0, 0, number, b"x" * 16_000))
        assert (await provider.answer(number)).status == 413
        for _ in range(12):
            await provider.stream.send_all(frame(0, 0, number, b"x" * 16_000))
        await provider.settle()
        resets = [f for f in provider.frames_on(number) if type(f).__name__ == "RstStreamFrame"]
        assert resets[0].error_code == 0  # NO_ERROR; what comes after it is STREAM_CLOSED
        assert gateway.connection.statistics().streams_open == 0
        assert (await provider.answer(await provider.post())).status == 200
        assert provider.goaways == []

    async def test_an_endless_body_and_its_end_may_come_in_one_batch(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, too_large, library, heard_body_bytes=1000)
        await provider.hello()
        await provider.hear()
        number = provider.ask(None, end=False)
        data = provider.core.data_to_send() + frame(0, 0, number, b"x" * 10_000) * 3
        await provider.stream.send_all(data + frame(0, 1, number, b"x"))
        assert (await provider.answer(number)).status == 413
        provider.exceed_the_limit()
        assert (await provider.answer(await provider.post())).status == 200
        assert gateway.connection.statistics().streams_open == 0

    async def test_the_answer_to_an_unfinished_request_may_wait_for_a_task(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, _ = connect(nursery, held, library, heard_body_bytes=1000)
        await provider.hello()
        number = provider.ask(b"x" * 2000, end=False)
        await provider.flush()
        await wait_all_tasks_blocked()
        provider.core.end_stream(number)
        await provider.flush()
        await provider.settle()
        held.let_go()
        assert (await provider.answer(number)).status == 200
        assert len(held.asked) == 1

    async def test_an_unfinished_request_that_is_withdrawn_with_its_batch_gets_no_answer(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """Answered early in the batch in which it is also reset: the library knows before us."""
        for answer in (too_large, accepted):
            provider, gateway = connect(nursery, answer, library, heard_body_bytes=100)
            await provider.hello()
            number = provider.ask(b"x" * 6000, end=False)
            provider.core.reset_stream(number, 8)
            kept = provider.ask()
            await provider.flush()
            assert (await provider.answer(kept)).status == 200
            assert provider.frames_on(number) == []
            assert gateway.connection.statistics().streams_open == 0

    async def test_an_early_answer_without_a_body_ends_its_stream_too(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library, heard_body_bytes=100)
        await provider.hello()
        number = await provider.post(b"x" * 200, end=False)
        assert (await provider.answer(number)).shape[0] == ("HeadersFrame", True)

    @staticmethod
    async def _pour(provider: Provider, total: int, number: int | None = None) -> int:
        number = number or provider.ask(None, end=False)
        left = total
        while left:
            size = min(left, 16_000, provider.core.local_flow_control_window(number))
            if size:
                provider.core.send_data(number, b"x" * size)
                await provider.flush()
                left -= size
            else:
                await provider.hear()
        return number


class TestUnfinished:
    """Requests that do not become whole: bounded together, however many streams they are."""

    async def test_header_lists_of_half_open_streams_are_bounded_together(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, accepted, library, unfinished_bytes=20_000)
        await provider.hello()
        await provider.settle()
        provider.exceed_the_limit()
        for _ in range(100):
            provider.ask(None, (("x", "y" * 900),), end=False)
        await provider.flush()
        await provider.hear_out()
        assert [f.error_code for f in provider.goaways] == [11]
        assert gateway.connection.statistics().streams_open <= 20

    async def test_so_are_the_beginnings_of_their_bodies(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library, unfinished_bytes=20_000)
        await provider.hello()
        await provider.settle()
        provider.exceed_the_limit()
        for _ in range(5):
            provider.ask(b"x" * 5000, end=False)
        await provider.flush()
        await provider.hear_out()
        assert [f.error_code for f in provider.goaways] == [11]

    async def test_what_became_whole_or_was_withdrawn_does_not_count(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, _ = connect(nursery, held, library, unfinished_bytes=20_000)
        await provider.hello()
        await provider.settle()
        provider.exceed_the_limit()
        for _ in range(100):
            provider.ask(b"x" * 5000)
            gone = provider.ask(b"x" * 5000, end=False)
            provider.core.reset_stream(gone, 8)
            await provider.flush()
            await provider.settle()
        assert len(held.asked) == 100
        assert provider.goaways == []

    async def test_a_body_that_is_not_heard_any_more_does_not_count(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(
            nursery, too_large, library, unfinished_bytes=9000, heard_body_bytes=6000
        )
        await provider.hello()
        await provider.settle()
        provider.exceed_the_limit()
        for _ in range(10):
            number = await provider.post(b"x" * 7000, end=False)
            assert (await provider.answer(number)).status == 413
        await provider.settle()
        assert provider.goaways == []


class TestHeaders:
    async def test_b14_a_header_list_over_8000_bytes_is_answered_with_a_reason(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, _ = connect(nursery, held, library)
        await provider.hello()
        headers = (("apns-id", APNS_ID), ("authorization", "bearer " + "x" * 8000))
        answer = await provider.answer(await provider.post(b"{}", headers))
        assert (answer.status, answer.reason) == (431, "PayloadTooLarge")
        assert answer.headers["apns-id"] == APNS_ID
        assert held.asked == []

    async def test_a_header_list_too_long_is_not_kept(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, accepted, library)
        await provider.hello()
        headers = (("apns-id", "x" * 2000), ("apns-request-id", APNS_ID), ("x", "y" * 30_000))
        number = await provider.post(None, headers, end=False)
        await provider.settle()
        head = gateway.connection._inbound.streams[number].head
        assert head.headers == (("apns-request-id", APNS_ID),)
        assert head.list_bytes > 32_000
        provider.core.end_stream(number)
        await provider.flush()
        assert (await provider.answer(number)).status == 431

    @pytest.mark.parametrize("sent", [(), (("apns-id", ""),)])
    async def test_b11_the_shells_own_answer_has_an_apns_id_though_none_was_sent(
        self, nursery: trio.Nursery, library: str, sent: tuple[tuple[str, str], ...]
    ) -> None:
        provider, _ = connect(nursery, Held(), library)
        await provider.hello()
        answer = await provider.answer(await provider.post(b"{}", (*sent, ("x", "y" * 8000))))
        assert answer.status == 431
        made = ApnsId.parse(answer.headers["apns-id"])
        assert made == made.upper(), "as Apple's servers write theirs"

    async def test_a_header_bomb_ends_the_connection(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """CVE-2016-6581: one stored field, repeated by one byte each."""
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        await provider.post(headers=(("x-bomb", "x" * 4000),))
        await provider.post(headers=(("x-bomb", "x" * 4000),) * 100)
        await provider.hear_out()
        assert provider.goaways[-1].error_code == 11  # ENHANCE_YOUR_CALM

    async def test_a_continuation_flood_ends_the_connection(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """CVE-2024-27316."""
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        flood = frame(1, 0, 1, b"\x83") + frame(9, 0, 1, b"") * 100
        await provider.stream.send_all(flood)
        await provider.hear_out()
        assert provider.goaways[0].error_code == 1

    @pytest.mark.parametrize(
        "headers",
        [
            [(":method", "POST"), (":scheme", "https")],
            [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("Upper-Case", "x")],
            [(":method", "POST"), (":scheme", "https"), (":path", "/"), ("connection", "close")],
        ],
    )
    async def test_malformed_headers_end_the_connection(
        self, nursery: trio.Nursery, library: str, headers: list[Any]
    ) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        provider.core.send_headers(1, headers, end_stream=True)
        await provider.flush()
        await provider.hear_out()
        assert [f.error_code for f in provider.goaways] == [1]

    async def test_a_peer_may_resize_its_header_table_before_its_fields(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        held.let_go()
        provider, _ = connect(nursery, held, library)
        await provider.hello()
        await provider.settle()
        to_0_and_4096 = b"\x20\x3f\xe1\x1f"
        fields = b"\x83\x87\x84\x40\x01x\x01y"
        await provider.stream.send_all(frame(1, 5, 1, b"\x20" + fields))
        await provider.stream.send_all(frame(1, 5, 3, to_0_and_4096 + fields))
        await provider.stream.send_all(frame(1, 5, 5, b"\x83\x87\x84\xbe"))
        await wait_all_tasks_blocked()
        assert [request.headers for request in held.asked] == [(("x", "y"),)] * 3

    async def test_a_peer_that_allows_a_huge_header_table_does_not_get_one(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, accepted, library)
        await provider.hello(HEADER_TABLE_SIZE=1 << 20)
        provider.core.decoder.max_allowed_table_size = 1 << 20
        for count in range(200):
            apns_id = f"{count:0100}"
            answer = await provider.answer(await provider.post(headers=(("apns-id", apns_id),)))
            assert answer.headers["apns-id"] == apns_id
        core: Any = gateway.connection._http2._core
        assert core.encoder.header_table_size == 4096


class TestPeerBreaksHttp2:
    @pytest.mark.parametrize("hello", [b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n", b"\x16\x03"])
    async def test_a_client_that_speaks_http_1_is_dropped_without_a_status(
        self, nursery: trio.Nursery, library: str, hello: bytes, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        provider, gateway = connect(nursery, accepted, library)
        await provider.stream.send_all(hello)
        await provider.hear_out()
        await gateway.ended.wait()
        assert b"HTTP/1" not in provider.received
        assert {type(f).__name__ for f in provider.frames} == {
            "SettingsFrame",
            "WindowUpdateFrame",
            "GoAwayFrame",
        }
        (record,) = caplog.records
        assert record.levelname == "INFO"
        assert "broke HTTP/2" in record.message
        assert record.exc_info is None

    @pytest.mark.parametrize(
        ("bytes_sent", "code"),
        [
            (frame(0, 0, 0, b"x"), 1),  # DATA on stream 0
            (frame(4, 0, 0, b"odd"), None),  # SETTINGS of three bytes
            (frame(9, 4, 1, b""), None),  # CONTINUATION of nothing
            (frame(5, 4, 1, b"\0\0\0\2"), 1),  # PUSH_PROMISE from a client
            (frame(8, 0, 0, b"\0\0\0\0"), None),  # WINDOW_UPDATE of zero
            (frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2, 3),  # window over 2^31-1
            (frame(0, 0, 1, b"x" * 16_385), 6),  # a frame too large
            (frame(1, 5, 2, b"\x83\x84\x87"), 1),  # an even stream
            (frame(1, 5, 1, b"\xff\xff\xff\xff\xff"), None),  # nonsense in HPACK
            (frame(4, 0, 0, b"\0\2\0\0\0\7"), 1),  # ENABLE_PUSH 7
            (frame(3, 0, 1, b"\0\0\0\x08"), 1),  # RST_STREAM of an idle stream
            (frame(1, 5, 1, b"\x83\x84\x87\x20"), 9),  # the HPACK table resized at the end
        ],
    )
    async def test_a_protocol_error_is_answered_with_one_goaway_and_a_close(
        self, nursery: trio.Nursery, library: str, bytes_sent: bytes, code: int | None
    ) -> None:
        provider, gateway = connect(nursery, accepted, library)
        await provider.stream.send_all(PREFACE + EMPTY_SETTINGS + bytes_sent)
        await provider.hear_out()
        await gateway.ended.wait()
        (goaway,) = provider.goaways
        assert provider.frames[-1] is goaway
        assert goaway.error_code == code if code is not None else goaway.error_code

    async def test_a_body_that_belies_its_content_length_ends_the_connection(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        await provider.post(b"{}", (("content-length", "3"),))
        await provider.hear_out()
        assert [f.error_code for f in provider.goaways] == [1]

    async def test_requests_before_the_error_in_other_batches_are_finished(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, gateway = connect(nursery, held, library)
        await provider.hello()
        await provider.post()
        await provider.settle()
        await provider.stream.send_all(frame(0, 0, 0, b"x"))
        await provider.hear_out()
        assert not gateway.ended.is_set()
        held.let_go()
        await gateway.ended.wait()
        assert held.finished == 1
