"""One provider connection in memory: the behaviours of clients.md §2 that concern HTTP/2."""

from __future__ import annotations

import json
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


@pytest.fixture(params=["jh2", "h2"])
def library(request: pytest.FixtureRequest) -> str:
    return str(request.param)


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


async def test_b8_the_connection_window_is_sixteen_megabytes_from_the_start(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hear_until(lambda: len(provider.frames) >= 2)
    assert provider.frames[1].stream_id == 0
    assert provider.core.outbound_flow_control_window == 1 << 24


async def test_b8_the_connection_window_is_replenished_for_ever(
    nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, accepted, library)
    await provider.hello()
    await provider.hear()
    for _ in range(1200):  # 18 MB of bodies, more than the window
        number = provider.ask(b"x" * 15_000)
        await provider.flush()
        await provider.hear_until(lambda number=number: provider.ended(number))
    assert provider.core.outbound_flow_control_window > 1 << 22


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


async def test_b23_b24_drain_answers_what_is_in_flight_then_says_goaway_and_closes(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    early = await provider.post()
    await provider.settle()
    gateway.connection.drain()
    provider.exceed_the_limit()
    late = await provider.post()
    answer = await provider.answer(late)
    assert (answer.status, answer.reason) == (503, "Shutdown")
    assert gateway.connection.statistics().draining
    assert provider.goaways == []
    held.let_go()
    await provider.hear_out()
    assert provider.ended(early)
    (goaway,) = provider.goaways
    assert provider.frames[-1] is goaway
    assert (goaway.error_code, goaway.last_stream_id) == (0, late)
    assert json.loads(goaway.additional_data) == {"reason": "Shutdown"}
    await gateway.ended.wait()


async def test_drain_of_an_idle_connection_is_over_at_once(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
) -> None:
    provider, gateway = connect(nursery, accepted, library)
    await provider.hello()
    await provider.settle()
    started = trio.current_time()
    gateway.connection.drain()
    gateway.connection.drain()
    await provider.hear_out()
    assert trio.current_time() == started
    assert len(provider.goaways) == 1


async def test_drain_gives_a_half_heard_request_a_second_and_no_more(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
) -> None:
    provider, gateway = connect(nursery, accepted, library)
    await provider.hello()
    quick, never = provider.ask(end=False), provider.ask(end=False)
    await provider.flush()
    await provider.settle()
    started = trio.current_time()
    gateway.connection.drain()
    provider.core.end_stream(quick)
    await provider.flush()
    assert (await provider.answer(quick)).status == 503
    await provider.hear_out()
    assert trio.current_time() - started == 1
    assert provider.goaways[0].last_stream_id == quick < never


async def test_drain_before_the_first_byte(nursery: trio.Nursery, library: str) -> None:
    provider, gateway = connect(nursery, accepted, library)
    gateway.connection.drain()
    await provider.hear_out()
    assert [f.last_stream_id for f in provider.goaways] == [0]


async def test_b26_what_arrives_after_our_goaway_is_not_processed(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    held.let_go()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    await provider.settle()
    gateway.handle.goaway("BadCertificateEnvironment")
    await provider.post()
    await provider.hear_out()
    assert held.asked == []


async def test_goaway_from_the_factory_is_the_first_thing_after_settings(
    nursery: trio.Nursery, library: str
) -> None:
    provider, gateway = connect(nursery, accepted, library)
    gateway.handle.goaway("BadCertificateEnvironment")
    gateway.handle.goaway("BadCertificate")
    await provider.hear_out()
    (goaway,) = provider.goaways
    # The very bytes of Apple's: apns-provider-api.md 1.4.
    assert goaway.additional_data == b'{"reason":"BadCertificateEnvironment"}'
    assert (goaway.body_len, goaway.error_code, goaway.last_stream_id) == (46, 0, 0)


async def test_b25_an_idle_connection_is_told_idle_timeout_after_an_hour(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
) -> None:
    provider, gateway = connect(nursery, accepted, library)
    await provider.hello()
    await provider.answer(await provider.post())
    with trio.fail_after(3601):
        while await provider.hear():
            pass
    assert trio.current_time() >= 3600
    assert json.loads(provider.goaways[0].additional_data) == {"reason": "IdleTimeout"}
    assert provider.goaways[0].error_code == 0
    await gateway.ended.wait()


async def test_a_connection_with_a_request_in_flight_is_not_idle(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    provider, _ = connect(nursery, held, library, idle_seconds=10)
    await provider.hello()
    number = await provider.post()
    await trio.sleep(35)
    held.let_go()
    assert (await provider.answer(number)).status == 200
    await provider.hear_out()
    assert provider.goaways[0].additional_data == b'{"reason":"IdleTimeout"}'


async def test_b23_a_provider_that_says_goaway_first_still_gets_its_answers(
    nursery: trio.Nursery, library: str
) -> None:
    """node's session.close(): GOAWAY at once, streams to their end."""
    held = Held()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    whole, unfinished = provider.ask(), provider.ask(end=False)
    provider.core.ping(b"12345678")
    data = provider.core.data_to_send()
    await provider.stream.send_all(data + b"\0\0\x08\7\0\0\0\0\0\0\0\0\0\0\0\0\0")
    provider.core.end_stream(unfinished)
    await provider.flush()
    await wait_all_tasks_blocked()
    held.let_go()
    assert (await provider.answer(whole)).status == 200
    assert (await provider.answer(unfinished)).status == 200
    await provider.hear_out()
    assert any(type(e).__name__ == "PingAckReceived" for e in provider.events)
    await gateway.ended.wait()


async def test_a_request_heard_whole_is_finished_although_the_provider_left(
    nursery: trio.Nursery, library: str
) -> None:
    held = Held()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    await provider.post()
    await provider.stream.aclose()
    await wait_all_tasks_blocked()
    assert not gateway.ended.is_set()
    held.let_go()
    await gateway.ended.wait()
    assert held.finished == 1


async def test_answers_nobody_waits_for_are_cut_in_the_end(
    autojump_clock: trio.abc.Clock,
    nursery: trio.Nursery,
    library: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    held = Held()
    provider, gateway = connect(nursery, held, library, write_seconds=30)
    await provider.hello()
    await provider.post()
    await provider.stream.aclose()
    started = trio.current_time()
    await gateway.ended.wait()
    assert trio.current_time() - started == 30
    assert "1 answers took too long" in caplog.text


async def test_cancellation_from_outside_cuts_everything_and_closes_the_stream(
    library: str,
) -> None:
    held = Held()
    async with trio.open_nursery() as nursery:
        provider, gateway = connect(nursery, held, library)
        await provider.hello()
        await provider.post()
        await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert held.finished == 0
    with pytest.raises(trio.ClosedResourceError):
        await gateway.stream.send_all(b"x")


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


class TestWindow:
    """Bodies against small peer windows."""

    async def test_b13_a_body_is_split_only_when_the_window_is_too_small(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, refused("BadDeviceToken"), library)
        await provider.hello(INITIAL_WINDOW_SIZE=10)
        number = await provider.post()
        await provider.hear_until(lambda: len(provider.frames_on(number)) == 2)
        provider.core.increment_flow_control_window(1000, number)
        await provider.flush()
        answer = await provider.answer(number)
        assert answer.reason == "BadDeviceToken"
        assert answer.shape == [("HeadersFrame", False), ("DataFrame", False), ("DataFrame", True)]

    async def test_settings_that_enlarge_the_windows_release_what_waited(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, refused("BadDeviceToken"), library)
        await provider.hello(INITIAL_WINDOW_SIZE=0)
        number = await provider.post()
        await provider.hear_until(lambda: provider.frames_on(number))
        assert not provider.ended(number)
        provider.core.update_settings({4: 65_535})
        await provider.flush()
        assert (await provider.answer(number)).shape == WHOLE_BODY

    async def test_a_peer_that_names_no_window_has_the_default_one(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """jh2 would assume a browser's 6 MB for a peer that keeps silent."""
        big = HttpResponse(200, (), b"x" * 100_000)
        provider, _ = connect(nursery, lambda _: big, library)
        await provider.stream.send_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
        provider.core.initiate_connection()
        provider.core.data_to_send()
        number = await provider.post()
        await wait_all_tasks_blocked()
        await provider.hear()
        sizes = [f.body_len for f in provider.frames_on(number)[1:]]
        assert sum(sizes) == 65_535
        assert max(sizes) == 16_384

    async def test_a_large_body_goes_out_in_frames_the_peer_accepts(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        """A list of 10,000 channels has some 200 KB."""
        big = HttpResponse(200, (), bytes(range(256)) * 800)
        provider, _ = connect(nursery, lambda _: big, library)
        await provider.hello(INITIAL_WINDOW_SIZE=1 << 20)
        provider.core.increment_flow_control_window(1 << 20)
        answer = await provider.answer(await provider.post())
        assert answer.body == big.body
        assert answer.shape[-1] == ("DataFrame", True)

    async def test_a_request_withdrawn_while_its_body_waits_is_forgotten(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, refused("BadDeviceToken"), library)
        await provider.hello(INITIAL_WINDOW_SIZE=0)
        number = await provider.post()
        await provider.hear_until(lambda: provider.frames_on(number))
        provider.core.reset_stream(number, 8)
        provider.core.increment_flow_control_window(1000)
        await provider.flush()
        await provider.settle()
        assert gateway.connection.statistics().streams_open == 0
        gateway.connection.drain()
        await provider.hear_out()

    async def test_drain_waits_for_a_body_that_waits_for_a_window(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        provider, gateway = connect(nursery, refused("BadDeviceToken"), library)
        await provider.hello(INITIAL_WINDOW_SIZE=0)
        number = await provider.post()
        await provider.hear_until(lambda: provider.frames_on(number))
        gateway.connection.drain()
        await trio.sleep(5)
        provider.core.increment_flow_control_window(1000, number)
        await provider.flush()
        assert (await provider.answer(number)).reason == "BadDeviceToken"
        await provider.hear_out()


@pytest.mark.parametrize("opens", [False, True])
async def test_b22_a_peer_that_never_opens_its_window_is_sent_away_before_it_hangs(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str, opens: bool
) -> None:
    """aioapns never does; everyone else does in time, and stays."""
    provider, _ = connect(nursery, refused("x" * 1000), library)
    await provider.hello()
    for _ in range(100):
        await provider.post()
        await trio.sleep(0.1)
        await provider.hear()
        if provider.goaways:
            break
        if opens and provider.core.inbound_flow_control_window < 20_000:
            provider.core.increment_flow_control_window(40_000)
            await provider.flush()
    assert provider.core.inbound_flow_control_window > 0
    assert [f.additional_data for f in provider.goaways] == [b'{"reason":"Shutdown"}'][opens:]


async def test_b22_a_burst_that_uses_up_the_window_leaves_the_peer_time_to_open_it(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
) -> None:
    provider, _ = connect(nursery, refused("x" * 1000), library)
    await provider.hello()
    numbers = [provider.ask() for _ in range(80)]
    await provider.flush()
    await trio.sleep(0.9)
    await provider.hear_until(lambda: sum(map(provider.ended, numbers)) >= 60)
    provider.core.increment_flow_control_window(65_535)
    await provider.flush()
    for number in numbers:
        await provider.answer(number)
    await trio.sleep(10)
    assert (await provider.answer(await provider.post())).status == 400
    assert provider.goaways == []


def test_the_client_core_of_these_tests_is_not_the_library_under_test() -> None:
    core: Any = Provider(None).core  # type: ignore[arg-type]
    assert type(core).__module__ == "h2.connection"
