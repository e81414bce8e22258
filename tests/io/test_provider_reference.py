"""reference/apns-provider-api.md §1.3 to §1.5: one test per row, named after it."""

# ruff: noqa: ARG002, ANN401 - autojump_clock does its work by being there; settings by name

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
import trio
from hyperframe.frame import PingFrame, RstStreamFrame, SettingsFrame
from trio.testing import wait_all_tasks_blocked

from gateway.store.client import SqliteStore
from protocol.provider.http import HttpResponse
from tests.io.provider_desk import desk
from tests.io.streams import Held, Provider, accepted, connect, frame, refused

if TYPE_CHECKING:
    from pathlib import Path

    from protocol.provider.http import HttpRequest
    from tests.io.provider_front import Listen
    from tests.io.streams import Gateway

SETTINGS = {
    "HEADER_TABLE_SIZE": (1, 4096),
    "MAX_CONCURRENT_STREAMS of a token connection": (3, 1),
    "INITIAL_WINDOW_SIZE": (4, 65_535),
    "MAX_FRAME_SIZE": (5, 16_384),
    "MAX_HEADER_LIST_SIZE": (6, 8000),
}


def limits(provider: Provider) -> list[int]:
    """MAX_CONCURRENT_STREAMS, each time that it was said."""
    said = [f.settings for f in provider.frames if isinstance(f, SettingsFrame) and f.settings]
    return [settings[3] for settings in said]


def resets(provider: Provider, stream_id: int) -> list[int]:
    frames = provider.frames_on(stream_id)
    return [f.error_code for f in frames if isinstance(f, RstStreamFrame)]


class Judge:
    """Says what is wanted of the next pushes; each is made by an authenticated provider."""

    def __init__(self) -> None:
        self.gateway: Gateway
        self.reason = ""
        self.status = 400

    def __call__(self, request: HttpRequest) -> HttpResponse:
        self.gateway.handle.authenticated()
        if not self.reason:
            return accepted(request)
        answer = refused(self.reason, self.status)(request)
        assert isinstance(answer, HttpResponse)
        return answer


async def judged(nursery: trio.Nursery, library: str, **settings: Any) -> tuple[Provider, Judge]:
    judge = Judge()
    provider, judge.gateway = connect(nursery, judge, library, **settings)
    await provider.hello()
    assert (await provider.answer(await provider.post())).status == 200
    return provider, judge


class Test13Settings:
    @pytest.mark.parametrize("name", SETTINGS)
    async def test_the_first_settings(self, nursery: trio.Nursery, library: str, name: str) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hear_until(lambda: provider.frames)
        key, value = SETTINGS[name]
        first = provider.frames[0]
        assert isinstance(first, SettingsFrame)
        assert first.settings[key] == value

    async def test_enable_push_and_others_are_not_in_them(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hear_until(lambda: provider.frames)
        first = provider.frames[0]
        assert isinstance(first, SettingsFrame)
        assert first.settings == dict(SETTINGS.values())

    async def test_max_concurrent_streams_is_1_first_and_1000_once_a_valid_token_was_processed(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = await judged(nursery, library)
        await provider.answer(await provider.post())
        assert limits(provider) == [1, 1000]

    async def test_max_concurrent_streams_of_a_certificate_connection_is_1000_from_the_start(
        self, tmp_path: Path
    ) -> None:
        async with desk(tmp_path, streams_after_error=1) as provider:
            line = await provider.dial(certificate=provider.certificate())
            assert (await provider.ask(line, authorization=None)).status == 200
            assert (await provider.ask(line, apns_priority="7")).reason == "BadPriority"
            assert (await provider.ask(line)).status == 200
            assert limits(line) == [1000, 1, 1000]

    async def test_after_a_rejected_push_it_is_1_and_restored_after_the_next_accepted_one(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, judge = await judged(nursery, library, streams_after_error=1)
        judge.reason = "BadTopic"
        await provider.answer(await provider.post())
        await provider.answer(await provider.post())
        assert limits(provider) == [1, 1000, 1]
        assert judge.gateway.connection.statistics().stream_limit == 1
        judge.reason = ""
        await provider.answer(await provider.post())
        assert limits(provider) == [1, 1000, 1, 1000]

    async def test_by_default_a_rejected_push_leaves_it_alone(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, judge = await judged(nursery, library)
        judge.reason = "BadTopic"
        await provider.answer(await provider.post())
        assert limits(provider) == [1, 1000]

    async def test_surplus_streams_are_refused_when_told_to_and_more_on_them_is_stream_closed(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, gateway = connect(nursery, held, library, refuses_surplus_streams=True)
        await provider.hello()
        await provider.settle()
        provider.exceed_the_limit()
        kept, surplus = provider.ask(), provider.ask(None, end=False)
        await provider.flush()
        await provider.settle()
        assert resets(provider, surplus) == [7]  # REFUSED_STREAM
        await provider.stream.send_all(frame(0, 1, surplus, b"{}"))
        await provider.settle()
        assert resets(provider, surplus) == [7, 5]  # STREAM_CLOSED
        held.let_go()
        assert (await provider.answer(kept)).status == 200
        assert len(held.asked) == 1
        assert gateway.connection.statistics().streams_open == 0
        assert (await provider.answer(await provider.post())).status == 200

    async def test_surplus_streams_after_the_drop_to_1_are_refused_too(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, judge = await judged(
            nursery, library, refuses_surplus_streams=True, streams_after_error=1
        )
        judge.reason = "BadTopic"
        await provider.answer(await provider.post())
        provider.exceed_the_limit()
        slow, surplus = provider.ask(None, end=False), provider.ask()
        await provider.flush()
        await provider.settle()
        assert resets(provider, surplus) == [7]
        provider.core.end_stream(slow)
        await provider.flush()
        assert (await provider.answer(slow)).reason == "BadTopic"

    async def test_early_extra_streams_are_served_so_that_aioapns_survives(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, _ = connect(nursery, held, library)
        await provider.hello()
        provider.exceed_the_limit()
        numbers = [provider.ask() for _ in range(1000)]
        await provider.flush()
        await provider.settle()
        assert len(held.asked) == 1000
        held.let_go()
        for number in numbers:
            assert (await provider.answer(number)).status == 200

    async def test_the_first_settings_come_promptly_before_the_client_has_said_anything(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hear_until(lambda: provider.frames)
        assert isinstance(provider.frames[0], SettingsFrame)
        assert trio.current_time() == 0

    @pytest.mark.parametrize(
        ("form", "decoded"),
        [
            (b"\x40\x07apns-id\x01x", "x"),  # incremental indexing
            (b"\x00\x07apns-id\x01x", "x"),  # without indexing
            (b"\x10\x07apns-id\x01x", "x"),  # never indexed
            (b"\x40\x07apns-id\x01x\xbe", "x"),  # indexed: the field before, once more
            (b"\x00\x07apns-id\x81\xf3", "x"),  # Huffman
        ],
    )
    async def test_hpack_in_every_form(
        self, nursery: trio.Nursery, library: str, form: bytes, decoded: str
    ) -> None:
        held = Held()
        held.let_go()
        provider, _ = connect(nursery, held, library)
        await provider.hello()
        await provider.stream.send_all(frame(1, 5, 1, b"\x83\x87\x84" + form))
        await wait_all_tasks_blocked()
        assert set(held.asked[0].headers) == {("apns-id", decoded)}


class Test14Goaway:
    @pytest.mark.parametrize("reason", ["BadCertificate", "BadCertificateEnvironment"])
    async def test_the_payload_is_json_without_spaces_and_the_socket_closes(
        self, nursery: trio.Nursery, library: str, reason: str
    ) -> None:
        provider, gateway = connect(nursery, accepted, library)
        await provider.hello()
        gateway.handle.goaway(reason)
        await provider.hear_out()
        (goaway,) = provider.goaways
        assert goaway.additional_data == b'{"reason":"%s"}' % reason.encode()
        assert (goaway.error_code, goaway.last_stream_id) == (0, 0)

    async def test_a_rejected_push_does_not_by_itself_close_the_connection(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, judge = await judged(nursery, library)
        judge.reason = "BadDeviceToken"
        for _ in range(200):
            assert (await provider.answer(await provider.post())).reason == "BadDeviceToken"
        assert provider.goaways == []

    async def test_streams_in_flight_are_answered_before_the_goaway(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        provider, gateway = connect(nursery, held, library)
        await provider.hello()
        number = await provider.post()
        await provider.settle()
        gateway.connection.drain()
        await wait_all_tasks_blocked()
        held.let_go()
        await provider.hear_out()
        assert provider.ended(number)
        assert json.loads(provider.goaways[0].additional_data) == {"reason": "Shutdown"}

    async def test_idle_timeout_is_a_goaway(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library, idle_seconds=30)
        await provider.hello()
        await provider.answer(await provider.post())
        await trio.sleep(29)
        await provider.answer(await provider.post())
        heard = trio.current_time()
        await provider.hear_out()
        assert trio.current_time() - heard == pytest.approx(30)
        assert json.loads(provider.goaways[0].additional_data) == {"reason": "IdleTimeout"}

    async def test_too_many_errors_end_it_after_the_answers(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        """[A:RESP] "too many errors disconnect"."""
        provider, judge = await judged(nursery, library, max_errors=3)
        judge.reason = "BadTopic"
        numbers = [provider.ask() for _ in range(5)]
        await provider.flush()
        await provider.hear_out()
        assert [provider.ended(number) for number in numbers] == [True] * 3 + [False] * 2
        (goaway,) = provider.goaways
        assert provider.frames[-1] is goaway
        assert (goaway.error_code, goaway.additional_data) == (11, b"")  # ENHANCE_YOUR_CALM
        assert goaway.last_stream_id == numbers[2], "the others may be sent again"

    async def test_too_many_errors_wait_for_what_is_in_flight(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        answers = iter([held, refused("BadTopic")])
        provider, _ = connect(
            nursery, lambda request: next(answers)(request), library, max_errors=1
        )
        await provider.hello()
        slow, wrong = provider.ask(), provider.ask()
        await provider.flush()
        await provider.answer(wrong)
        await provider.settle()
        assert provider.goaways == []
        held.let_go()
        await provider.hear_out()
        assert provider.ended(slow)
        assert provider.goaways[0].error_code == 11

    async def test_a_drain_does_not_change_how_a_connection_ends_that_makes_too_many_errors(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        held = Held()
        answers = iter([held, refused("BadTopic")])
        provider, gateway = connect(
            nursery, lambda request: next(answers)(request), library, max_errors=1
        )
        await provider.hello()
        slow, wrong = provider.ask(), provider.ask()
        await provider.flush()
        await provider.answer(wrong)
        gateway.connection.drain()
        assert not gateway.connection.statistics().draining
        held.let_go()
        await provider.hear_out()
        assert provider.ended(slow)
        assert provider.goaways[0].error_code == 11

    async def test_bad_device_token_ends_it_sooner_and_410_never(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, judge = await judged(nursery, library, max_errors=4)
        judge.reason, judge.status = "Unregistered", 410
        for _ in range(20):
            await provider.answer(await provider.post())
        judge.reason, judge.status = "BadDeviceToken", 400
        await provider.answer(await provider.post())
        last = await provider.post()
        await provider.hear_out()
        assert provider.ended(last)
        assert provider.goaways[0].last_stream_id == last


class Test15PingIdleReuse:
    async def test_a_connection_is_reused_for_days_by_a_ping_an_hour(
        self, autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
    ) -> None:
        """One ping in good time: at the very second of the timeout it would be too late."""
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        for _ in range(48):
            await provider.answer(await provider.post())
            await trio.sleep(3599)
            await provider.settle()
        assert (await provider.answer(await provider.post())).status == 200

    async def test_every_ping_is_acknowledged_at_any_rate(
        self, nursery: trio.Nursery, library: str
    ) -> None:
        provider, _ = connect(nursery, accepted, library)
        await provider.hello()
        await provider.settle()
        for number in range(5000):
            provider.core.ping(number.to_bytes(8, "big"))
        async with trio.open_nursery() as sending:
            sending.start_soon(provider.stream.send_all, provider.core.data_to_send())
            await provider.hear_until(lambda: len(_pongs(provider)) == 5000)
        assert _pongs(provider) == [number.to_bytes(8, "big") for number in range(5000)]

    async def test_pings_are_answered_at_once_while_1000_streams_wait_for_a_store_that_hangs(
        self, tmp_path: Path
    ) -> None:
        async with desk(tmp_path, store="sqlite") as provider:
            line = await provider.dial()
            assert (await provider.ask(line)).status == 200
            store = provider.here.gateway.store
            assert isinstance(store, SqliteStore)
            assert store.process_id is not None
            os.kill(store.process_id, signal.SIGSTOP)
            try:
                numbers = [provider.write(line, apns_id=None) for _ in range(1000)]
                for turn in range(10):
                    line.core.ping(turn.to_bytes(8, "big"))
                    await line.flush()
                    await line.hear_until(lambda turn=turn: len(_pongs(line)) == turn + 1)
                assert not any(map(line.ended, numbers)), "the store hangs: none can be answered"
            finally:
                os.kill(store.process_id, signal.SIGCONT)
            for number in numbers:
                assert (await line.answer(number)).status in (200, 503)

    async def test_a_ping_behind_1000_pushes_is_answered_before_the_last_of_them(
        self, tmp_path: Path
    ) -> None:
        async with desk(tmp_path, store="sqlite") as provider:
            line = await provider.dial()
            assert (await provider.ask(line)).status == 200
            answered = len(_ends(line))
            for _ in range(1000):
                provider.write(line, apns_id=None)
            line.core.ping(b"in haste")
            await line.flush()
            await line.hear_until(lambda: len(_ends(line)) == answered + 1000)
            [pong] = [at for at, heard in enumerate(line.frames) if isinstance(heard, PingFrame)]
            assert pong < _ends(line)[-1]

    async def test_a_client_that_closes_when_idle_is_not_news(
        self, nursery: trio.Nursery, library: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Pushy after 60 s, aioapns after 10 s."""
        provider, gateway = connect(nursery, accepted, library)
        await provider.hello()
        await provider.answer(await provider.post())
        await provider.stream.aclose()
        await gateway.ended.wait()
        assert caplog.records == []

    async def test_rapid_connecting_is_blocked_for_a_while_when_told_to(
        self, listening: Listen, client_context: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async with listening(churn=(3, 60.0)) as front:
            for _ in range(3):
                await front.dial(client_context)
            for _ in range(3):
                with pytest.raises(trio.BrokenResourceError):
                    await front.dial(client_context)
            assert len(front.facts) == 3
        (warning,) = [r for r in caplog.records if r.levelname == "WARNING"]
        assert "127.0.0.1 is blocked for 60 s: more than 3 connections" in warning.message

    async def test_by_default_rapid_connecting_is_not_blocked(
        self, listening: Listen, client_context: Any
    ) -> None:
        async with listening() as front:
            for _ in range(30):
                await trio.aclose_forcefully((await front.dial(client_context)).stream)


def _pongs(provider: Provider) -> list[bytes]:
    return [f.opaque_data for f in provider.frames if isinstance(f, PingFrame) and "ACK" in f.flags]


def _ends(provider: Provider) -> list[int]:
    """Where, among the frames that were heard, answers end."""
    return [at for at, heard in enumerate(provider.frames) if "END_STREAM" in heard.flags]
