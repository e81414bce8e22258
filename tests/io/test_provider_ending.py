"""How a provider connection ends (clients.md §2, 23 to 26): drain, GOAWAY, idle, gone."""

# ruff: noqa: ARG001 - autojump_clock does its work by being there

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.io.streams import (
    Held,
    accepted,
    connect,
)

if TYPE_CHECKING:
    from protocol.provider.http import HttpRequest, HttpResponse


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


async def test_b23_the_last_answers_of_a_drain_can_be_read_before_the_goaway(
    autojump_clock: trio.abc.Clock, nursery: trio.Nursery, library: str
) -> None:
    # httpx drops the answers that it reads together with a GOAWAY.
    held = Held()
    provider, gateway = connect(nursery, held, library)
    await provider.hello()
    asked = [await provider.post() for _ in range(3)]
    await provider.settle()
    gateway.connection.drain()
    started = trio.current_time()
    held.let_go()
    for stream_id in asked:
        await provider.answer(stream_id)
    assert trio.current_time() == started
    assert provider.goaways == []
    await provider.hear_out()
    assert trio.current_time() == pytest.approx(started + 0.1)
    assert len(provider.goaways) == 1


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


async def test_requests_after_a_goaway_in_the_same_batch_are_not_begun(
    nursery: trio.Nursery, library: str
) -> None:
    asked: list[bytes] = []

    def answer(request: HttpRequest) -> HttpResponse:
        asked.append(request.body)
        gateway.handle.goaway("BadCertificate")
        return accepted(request)

    provider, gateway = connect(nursery, answer, library)
    await provider.hello()
    provider.ask(b"1")
    provider.ask(b"2")
    await provider.flush()
    await provider.hear_out()
    assert asked == [b"1"]
    assert provider.goaways[0].last_stream_id == 1


async def test_a_provider_that_listens_no_more_is_still_heard(
    nursery: trio.Nursery, library: str
) -> None:
    """Send and forget: its socket answers ours with resets while its requests still arrive."""
    held = Held()
    held.let_go()
    provider, gateway = connect(nursery, held, library)
    await provider.stream.receive_stream.aclose()
    await provider.hello()
    for _ in range(3):
        await provider.post()
        await wait_all_tasks_blocked()
    await provider.stream.send_stream.aclose()
    await gateway.ended.wait()
    assert held.finished == 3


async def test_nothing_is_said_after_the_goaway_though_a_request_in_flight_proves_who_it_is(
    nursery: trio.Nursery, library: str
) -> None:
    provider, gateway = connect(nursery, accepted, library)
    await provider.hello()
    await provider.settle()
    gateway.handle.goaway("BadCertificate")
    gateway.handle.authenticated()
    await provider.hear_out()
    assert type(provider.frames[-1]).__name__ == "GoAwayFrame"
