"""One provider's HTTP/2 connection on Trio.

Two tasks, and one more per answer that waits. The reader turns bytes into requests, synchronously
and in batches; the writer alone sends. The reader never writes, so a peer that does not read cannot
stall what was heard before; it stops reading when too much waits to be sent, so such a peer costs
bounded memory; and the writer hangs up on it after ``write_seconds``.

How a connection ends: ``Ending`` decides; ``_finish`` says GOAWAY, the reader stops, the writer
flushes and closes the stream at once (clients.md 24). Requests that were heard whole are answered
to the end even if nobody is there to hear it: the provider may have sent and left.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from gateway.provider.answers import Answers
from gateway.provider.bent import Bending, Bent
from gateway.provider.contract import ConnectionStatistics
from gateway.provider.ending import Ending, Farewell
from gateway.provider.inbound import Inbound
from gateway.provider.outbound import Outbound
from gateway.provider.standing import Standing
from gateway.provider.wire import ENHANCE_YOUR_CALM, PeerError
from gateway.provider.writer import Writer
from protocol.provider.http import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.faults.basics import Act
    from gateway.provider.contract import (
        ConnectionFacts,
        ConnectionSettings,
        MakeAnswer,
        Refused,
        ShutdownAnswer,
    )
    from gateway.provider.inbound import Stream

log = logging.getLogger(__name__)


class ProviderConnection:
    """Serves HTTP/2 on one stream.

    Resource handling: ``run`` owns the stream and closes it, whatever happens. ``drain`` and the
    methods of ``ConnectionHandle`` may be called at any time from the same thread.

    Args:
        stream: an open stream, TLS done.
        make_answer: makes the answer of this connection.
        shutdown_answer: answers what arrives while draining.
        facts: who is there.
        settings: the numbers.
        refused: told of requests that are refused here, before any answer hears of them.

    Attributes:
        requests: how many have been handed on to be answered.
        faults: what a fault rule does to it as soon as it runs.
        farewell: how it ended, if by our will.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        make_answer: MakeAnswer,
        shutdown_answer: ShutdownAnswer,
        facts: ConnectionFacts,
        settings: ConnectionSettings,
        refused: Refused,
    ) -> None:
        self.requests = 0
        self.faults: tuple[Act, ...] = ()
        self.farewell: Farewell | None = None
        self._stream = stream
        self._facts = facts
        self._settings = settings
        self._inbound = Inbound(settings, self, trio.current_time)
        self._http2 = self._inbound.http2
        self._outbound = Outbound(self._http2, self._inbound.streams)
        self._writer = Writer(stream, self._http2, settings.write_seconds)
        self._ending = Ending(settings, self._inbound, self._outbound, trio.current_time)
        self._standing = Standing(settings, settings.streams_at_first(facts))
        self._reading = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._finishing = False
        self._highest_begun = 0
        self._in_flight = self._unwanted = self._bytes_received = 0
        self._inbound.stream_limit = self._standing.streams
        self._http2.greet(self._standing.streams)
        parts = self._http2, self._inbound.streams, self._ending, self._writer
        self._bending = Bending(*parts, finish=self._finish)
        self._answers = Answers(make_answer(facts, self), shutdown_answer, refused, facts, settings)

    async def run(self) -> None:
        """Serve until either side leaves."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._write)
                if self.faults:
                    nursery.start_soon(self._bending.bend, Bent(self.faults))
                await self._read()
                self._finish_quietly()
                nursery.cancel_scope.deadline = trio.current_time() + self._settings.write_seconds
            if nursery.cancel_scope.cancelled_caught:
                self._log(f"{self._in_flight + self._unwanted} answers took too long")
        finally:
            await trio.aclose_forcefully(self._stream)

    def drain(self) -> None:
        """Answer new requests 503 Shutdown, finish those in flight, say GOAWAY Shutdown, close."""
        self._ending.drain()
        self._finish_if_due()

    def leave(self) -> None:
        """Answer what is in flight and what still comes, say GOAWAY Shutdown, close."""
        self._ending.leave()

    def authenticated(self) -> None:
        """Raise the stream limit."""
        self._standing.authenticated()
        self._advertise_streams()

    def goaway(self, reason: str, detail: str = "") -> None:
        """Say GOAWAY with Apple's word and close at once."""
        self._finish(Farewell.of(reason, detail))

    def statistics(self) -> ConnectionStatistics:
        """What the console shows."""
        return ConnectionStatistics(
            facts=self._facts,
            streams_open=len(self._inbound.streams),
            requests_answered=self._outbound.answered,
            requests_withdrawn=self._inbound.withdrawn,
            bytes_received=self._bytes_received,
            bytes_sent=self._writer.bytes_sent,
            stream_limit=self._inbound.stream_limit,
            draining=self._ending.is_draining,
        )

    # -- reading -----------------------------------------------------------------------------------

    async def _read(self) -> None:
        while not self._finishing:
            with trio.CancelScope() as self._reading:
                self._set_deadline()
                await self._read_until_end()
                return
            if farewell := self._ending.farewell_in_silence(is_idle=not self._in_flight):
                self._finish(farewell)

    async def _read_until_end(self) -> None:
        try:
            while data := await self._stream.receive_some():
                self._hear(data)
                if self._finishing:
                    return
                if self._http2.unsent_bytes() > self._settings.unsent_bytes:
                    await self._writer.until_there_is_room()
                self._set_deadline()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer left; not news

    def _hear(self, data: bytes | bytearray) -> None:
        self._bytes_received += len(data)
        try:
            self._http2.receive(data)
        except PeerError as error:
            self._finish(Farewell(f"the provider broke HTTP/2: {error}", code=error.code))
        if self._outbound.go_on():
            self._ending.went_on()
        self._finish_if_due()
        self._writer.ring()

    def _set_deadline(self) -> None:
        """When the reader looks up, if the provider says nothing until then."""
        self._reading.deadline = self._ending.deadline(is_idle=not self._in_flight)

    # -- answering ---------------------------------------------------------------------------------

    def begin(self, stream: Stream) -> None:
        """Answer a request: at once if it can be, else in a task of its own."""
        if self._finishing or self._ending.has_had_enough:
            return  # clients.md 26: the provider will send it again
        if stream.stream_id > self._highest_begun:
            self._highest_begun = stream.stream_id
        self._in_flight += 1
        self.requests += 1
        outcome = self._answers.ask(stream, is_draining=self._ending.is_draining)
        if isinstance(outcome, HttpResponse):
            self._respond(stream, outcome)
        else:
            assert self._nursery is not None
            self._nursery.start_soon(self._await_answer, stream, outcome)

    async def _await_answer(self, stream: Stream, outcome: Awaitable[HttpResponse | Bent]) -> None:
        try:
            response: HttpResponse | Bent | None = await outcome
            if isinstance(response, Bent):
                response = await self._bending.bend(response, stream)
        except Exception as bug:  # the last line of defence (architecture.md 6)
            response = self._answers.own_up(stream, bug)
        if not stream.open:
            self._unwanted -= 1
            return
        if response is None:
            self._in_flight -= 1
            stream.open = False
        else:
            self._respond(stream, response)
        self._writer.ring()
        self._finish_if_due()

    def _respond(self, stream: Stream, response: HttpResponse) -> None:
        self._in_flight -= 1
        if self._finishing:
            return
        if self._standing.answered(response):
            self._advertise_streams()
            if self._standing.is_spoilt:
                self._ending.give_up(self._standing.errors)
        self._outbound.respond(stream, response)
        if self._outbound.waiting_bytes > self._settings.waiting_bytes:
            why = f"{self._outbound.waiting_bytes} bytes of answers wait for the provider's windows"
            self._finish(Farewell(why, code=ENHANCE_YOUR_CALM))
        elif self._ending.answered():
            self._set_deadline()

    def _advertise_streams(self) -> None:
        if self._inbound.stream_limit != self._standing.streams and not self._finishing:
            self._inbound.stream_limit = self._standing.streams
            self._http2.advertise_streams(self._standing.streams)
            self._writer.ring()

    # -- what Inbound tells ------------------------------------------------------------------------

    def withdrawn(self, stream: Stream, *, in_progress: bool) -> None:
        """The provider cancelled a request; its answer, if one is being made, will be dropped.

        It is not cancelled: the push may be half way into the store, and a cancel scope per request
        costs as much as its task.

        Raises:
            PeerError: too much is being done that nobody wants.
        """
        self._outbound.forget(stream.stream_id)
        self._ending.withdrawn()
        if not in_progress:
            return
        self._in_flight -= 1
        self._unwanted += 1
        if self._unwanted > self._settings.streams_tolerated:
            raise PeerError(f"{self._unwanted} cancelled requests in progress", ENHANCE_YOUR_CALM)

    def window_opened(self, stream_id: int | None) -> None:
        """The provider lets us send more."""
        if stream_id == 0:
            self._ending.connection_window_opened()
        self._outbound.window_opened(stream_id)

    def peer_leaves(self, _code: int) -> None:
        """The provider said GOAWAY, as node's ``session.close()`` does, and wants its answers."""
        self._ending.peer_leaves()

    # -- ending ------------------------------------------------------------------------------------

    def _finish_if_due(self) -> None:
        if self._in_flight or self._finishing:
            return
        if farewell := self._ending.farewell():
            self._finish(farewell)
        else:
            self._set_deadline()

    def _finish(self, farewell: Farewell) -> None:
        """Say GOAWAY, stop reading, let the writer flush and close. Idempotent."""
        if not self._finishing:
            self.farewell = farewell
            if farewell.debug_data is not None:
                self._http2.goaway(farewell.code, farewell.debug_data, self._highest_begun)
            self._log(farewell.why)
            self._finish_quietly()

    def _finish_quietly(self) -> None:
        self._finishing = True
        self._reading.cancel()
        self._writer.finish()

    def _log(self, why: str) -> None:
        log.info("connection %d (%s) ends: %s", self._facts.connection_id, self._facts.peer, why)

    async def _write(self) -> None:
        if not await self._writer.run():
            self._log(f"it has not read for {self._settings.write_seconds} s")
        self._finish_quietly()
