"""The gateway's side of the socket: the test plays the store process, and badly."""

# ruff: noqa: ARG001 - autojump_clock does its work by being there

from __future__ import annotations

import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st
from trio.testing import wait_all_tasks_blocked

from gateway.store.availability import Availability
from gateway.store.pump import MAX_BATCH_WEIGHT, MAX_IN_FLIGHT, Pump
from gateway.store.store import OperationRefusedError, StoreUnavailableError
from gateway.store.wire import FrameReader, frame
from tests.examples_drawn import examples

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Peer:
    """A pump in conversation, and the far end of its socket."""

    def __init__(self) -> None:
        self.availability = Availability()
        self.pump = Pump(self.availability)
        self.pump.resume(0)
        ours, theirs = socket.socketpair()
        self.ours = trio.SocketStream(trio.socket.from_stdlib_socket(ours))
        self.stream = trio.SocketStream(trio.socket.from_stdlib_socket(theirs))
        self.reader = FrameReader()
        self.batches: list[tuple[object, ...]] = []
        self.answers: list[object] = []
        self.why: str | None = None

    async def converse(self) -> None:
        self.why = await self.pump.converse(self.ours)
        self.pump.lose(f"lost: {self.why}")

    async def call(self, *operation: object) -> None:
        try:
            self.answers.append(await self.pump.perform(operation))
        except (StoreUnavailableError, OperationRefusedError) as error:
            self.answers.append(error)

    async def hear(self) -> None:
        """Take what the pump has sent by now."""
        await wait_all_tasks_blocked()
        self.batches += self.reader.feed(await self.stream.receive_some(1 << 20))

    async def say(self, *messages: object) -> None:
        await self.stream.send_all(b"".join(map(frame, messages)))
        await wait_all_tasks_blocked()


@asynccontextmanager
async def conversation() -> AsyncIterator[tuple[Peer, trio.Nursery]]:
    peer = Peer()
    async with peer.ours, peer.stream, trio.open_nursery() as nursery:
        nursery.start_soon(peer.converse)
        yield peer, nursery
        nursery.cancel_scope.cancel()


async def test_calls_gather_while_batches_are_in_flight() -> None:
    async with conversation() as (peer, nursery):
        for number in range(MAX_IN_FLIGHT + 3):
            nursery.start_soon(peer.call, "pending", f"{number}")
            await wait_all_tasks_blocked()
        await peer.hear()
        assert [len(batch) for batch in peer.batches] == [1] * MAX_IN_FLIGHT
        await peer.say(("done", (7,), (), 7, 1))
        await peer.hear()
        assert len(peer.batches[-1]) == 3, "those that came meanwhile, together"
        assert (peer.answers, peer.pump.pending, peer.pump.transactions) == ([7], 7, 1)


async def test_a_batch_is_bounded_by_what_it_may_carry() -> None:
    async with conversation() as (peer, nursery):
        for _ in range(3):
            nursery.start_soon(peer.call, "fetch", "phone", 1, 0, MAX_BATCH_WEIGHT, 0.0)
        for _ in range(MAX_BATCH_WEIGHT // 2):
            nursery.start_soon(peer.call, "pending", None)
        await peer.hear()
        fetches = [
            sum(operation[0] == "fetch" for operation in batch)  # type: ignore[index]
            for batch in peer.batches
        ]
        assert sum(fetches) == 3
        assert max(fetches) == 1


async def test_each_call_hears_of_its_own_failure() -> None:
    async with conversation() as (peer, nursery):
        for _ in range(4):
            nursery.start_soon(peer.call, "pending", None)
        await peer.hear()
        failures = ((1, "refused", "TypeError"), (2, "unavailable", "disk full"))
        await peer.say(("done", (10, None, None, 13), failures, 0, 1))
        answers = [str(answer) for answer in peer.answers]
        assert sorted(answers) == sorted(["10", "TypeError", "disk full", "13"])
        assert peer.availability.is_outage


async def test_an_outage_fails_the_batch_it_is_the_answer_to() -> None:
    async with conversation() as (peer, nursery):
        nursery.start_soon(peer.call, "pending", None)
        await peer.hear()
        nursery.start_soon(peer.call, "pending", None)
        await peer.hear()
        await peer.say(("outage", "locked"))
        await peer.say(("done", (1,), (), 1, 1))
        assert [str(answer) for answer in peer.answers] == ["locked", "1"]


@pytest.mark.parametrize(
    ("message", "complaint"),
    [
        (("done", (), (), 0, 0), "something else"),
        (("done", (1, 2), (), 0, 0), "something else"),
        (("done", (1,), ((0,),), 0, 0), "none"),
        (("done", (1,), (3,), 0, 0), "none"),
        (("done", (1,), ((0, 1, 2),), 0, 0), "none"),
        (("broken", "the gateway sent rubbish"), "rubbish"),
        (("gone", "fishing"), "none"),
        (17, "none"),
    ],
)
async def test_an_answer_without_sense_ends_the_conversation(
    message: object, complaint: str
) -> None:
    async with conversation() as (peer, nursery):
        nursery.start_soon(peer.call, "pending", None)
        await peer.hear()
        await peer.say(message)
        assert peer.why is not None
        assert complaint in peer.why
        assert isinstance(peer.answers[0], StoreUnavailableError)


@pytest.mark.parametrize("message", [("done", (1,), (), 0, 0), ("outage", "locked")])
async def test_an_answer_to_nothing_ends_the_conversation(message: object) -> None:
    async with conversation() as (peer, _):
        await peer.say(message)
        assert peer.why is not None


@settings(max_examples=examples(40))
@given(st.lists(st.binary(max_size=30), min_size=1, max_size=4))
def test_garbage_ends_the_conversation_or_waits_for_its_rest(pieces: list[bytes]) -> None:
    async def talk() -> None:
        async with conversation() as (peer, nursery):
            nursery.start_soon(peer.call, "pending", None)
            await peer.hear()
            await peer.stream.send_all(b"".join(pieces) or b"\x00")
            await peer.stream.send_eof()
            await wait_all_tasks_blocked()
            assert peer.why is not None
            assert isinstance(peer.answers[0], StoreUnavailableError)

    trio.run(talk)


async def test_a_dead_peer_fails_what_was_sent_and_keeps_what_was_not() -> None:
    peer = Peer()
    async with peer.ours, trio.open_nursery() as nursery:
        async with peer.stream:
            nursery.start_soon(peer.converse)
            for number in range(MAX_IN_FLIGHT + 1):
                nursery.start_soon(peer.call, "pending", f"{number}")
                await wait_all_tasks_blocked()
        await wait_all_tasks_blocked()
        assert len(peer.answers) == MAX_IN_FLIGHT
        assert all("lost" in str(answer) for answer in peer.answers)
        peer.pump.refuse("down")
    assert str(peer.answers[-1]) == "down"
    await peer.call("pending", None)
    assert str(peer.answers[-1]) == "down"


async def test_a_cancelled_call_is_sent_and_its_answer_dropped() -> None:
    async with conversation() as (peer, nursery):
        with trio.CancelScope() as scope:
            nursery.start_soon(peer.call, "pending", "other")
            await wait_all_tasks_blocked()
            scope.cancel()
            await peer.pump.perform(("never called",))
        await peer.hear()
        assert peer.batches == [(("pending", "other"),)]
        with trio.move_on_after(0):
            await trio.lowlevel.cancel_shielded_checkpoint()
        async with trio.open_nursery() as cancelled:
            cancelled.start_soon(peer.call, "attach", "phone", 0.0)
            await peer.hear()
            cancelled.cancel_scope.cancel()
        await peer.say(("done", (1,), (), 0, 1), ("done", ((5, (), ()),), (), 0, 2))
        await peer.hear()
        assert peer.batches[-1] == (("detach", "phone", 5),)
        assert peer.answers == [1]


async def test_the_end_comes_after_everything_gathered_was_answered() -> None:
    async with conversation() as (peer, nursery):
        nursery.start_soon(peer.call, "pending", None)
        await peer.hear()
        nursery.start_soon(peer.call, "pending", None)
        await wait_all_tasks_blocked()
        peer.pump.end()
        await peer.hear()
        assert len(peer.batches) == 2
        await peer.say(("done", (1,), (), 0, 1), ("done", (1,), (), 0, 2))
        assert await peer.stream.receive_some() == b"", "the pump has said its last word"
        await peer.stream.send_eof()
        await wait_all_tasks_blocked()
        assert peer.answers == [1, 1]
        assert peer.why == "it closed the conversation"


async def test_refusing_what_was_gathered_is_no_outage_of_its_own() -> None:
    """Closing does it, and must not say in the log that pushes fail."""
    peer = Peer()
    async with peer.ours, peer.stream, trio.open_nursery() as nursery:
        nursery.start_soon(peer.call, "pending", None)
        await wait_all_tasks_blocked()
        peer.pump.refuse("the store is closed")
    assert str(peer.answers[0]) == "the store is closed"
    assert not peer.availability.is_outage


# -- a process that lives and does not answer: a stalled disk, a stopped process -------------------


async def test_b18_calls_that_the_process_sits_on_fail_before_clients_give_up(
    autojump_clock: trio.abc.Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """node-apn and kalyke wait 5 s for an answer; who waits for ever has 1000 streams taken."""
    async with conversation() as (peer, nursery):
        began = trio.current_time()
        await peer.call("accept", 1)
        assert 3 <= trio.current_time() - began < 5
        await peer.hear()
        await peer.call("accept", 2)
        assert [type(answer) for answer in peer.answers] == [StoreUnavailableError] * 2
        assert "has not answered for" in str(peer.answers[0])
        assert caplog.text.count("503") == 1
        # It comes to itself: the late answer is nobody's, and the next call is served.
        await peer.say(("done", ("late",), (), 0, 1))
        nursery.start_soon(peer.call, "accept", 3)
        await peer.hear()
        await peer.say(("done", ("in time",), (), 0, 2))
        assert peer.answers[2:] == ["in time"]
        assert peer.why is None, "the conversation went on"


async def test_who_was_attached_after_giving_up_is_detached(
    autojump_clock: trio.abc.Clock,
) -> None:
    async with conversation() as (peer, _):
        await peer.call("attach", "phone", 0)
        await peer.hear()
        await peer.say(("done", ((7, (), ()),), (), 0, 1))
        await peer.hear()
        assert peer.batches == [(("attach", "phone", 0),), (("detach", "phone", 7),)]


async def test_a_slow_process_that_answers_is_waited_for(autojump_clock: trio.abc.Clock) -> None:
    async with conversation() as (peer, nursery):
        for number in range(6):
            nursery.start_soon(peer.call, "accept", number)
            await peer.hear()
            await trio.sleep(2.5)
            await peer.say(("done", (number,), (), 0, number))
        await trio.sleep(60)
        assert peer.answers == list(range(6))
