"""One provider's HTTP/2 connection on Trio.

Two tasks, and one more per answer that waits. The reader turns bytes into requests, synchronously
and in batches; the writer alone sends. The reader never writes, so a peer that does not read cannot
stall what was heard before; it stops reading when too much waits to be sent, so such a peer costs
bounded memory; and the writer hangs up on it after ``write_seconds``.

How a connection ends: ``_finish`` says GOAWAY, the reader stops, the writer flushes and closes the
stream at once (clients.md 24). Requests that were heard whole are answered to the end even if
nobody is there to hear it: the provider may have sent and left.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from gateway.provider.contract import ConnectionStatistics
from gateway.provider.inbound import Inbound
from gateway.provider.outbound import Outbound
from gateway.provider.patience import Patience
from gateway.provider.refusals import IDLE_TIMEOUT, SHUTDOWN, reason_json, refusal
from gateway.provider.wire import ENHANCE_YOUR_CALM, PeerError
from gateway.provider.writer import Writer
from protocol.provider.http import HttpResponse
from protocol.provider.rejection import Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from gateway.provider.contract import (
        ConnectionFacts,
        ConnectionSettings,
        MakeAnswer,
        ShutdownAnswer,
    )
    from gateway.provider.inbound import Stream

log = logging.getLogger(__name__)
BUG = "connection %d: no answer could be made to stream %d"


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
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        make_answer: MakeAnswer,
        shutdown_answer: ShutdownAnswer,
        facts: ConnectionFacts,
        settings: ConnectionSettings,
    ) -> None:
        self._stream = stream
        self._facts = facts
        self._settings = settings
        self._inbound = Inbound(settings, self, trio.current_time)
        self._http2 = self._inbound.http2
        self._outbound = Outbound(self._http2, self._inbound.streams)
        self._writer = Writer(stream, self._http2, settings.write_seconds)
        self._reading = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._finishing = False
        self._peer_leaves = False
        self._in_flight = 0
        self._unwanted = 0
        self._patience = Patience(settings)
        self._bytes_received = 0
        self._inbound.stream_limit = settings.streams_at_first(facts)
        self._http2.greet(self._inbound.stream_limit)
        self._shutdown_answer = shutdown_answer
        self._answer = make_answer(facts, self)

    async def run(self) -> None:
        """Serve until either side leaves."""
        try:
            async with trio.open_nursery() as nursery:
                self._nursery = nursery
                nursery.start_soon(self._write)
                await self._read()
                self._finish_quietly()
                nursery.cancel_scope.deadline = trio.current_time() + self._settings.write_seconds
            if nursery.cancel_scope.cancelled_caught:
                self._log(f"{self._in_flight + self._unwanted} answers took too long")
        finally:
            await trio.aclose_forcefully(self._stream)

    def drain(self) -> None:
        """Answer new requests 503 Shutdown, finish those in flight, say GOAWAY Shutdown, close."""
        if not self._draining:
            self._patience.draining_since = trio.current_time()
            self._finish_if_idle()
            self._look_up_in_time()

    def authenticated(self) -> None:
        """Raise the stream limit."""
        if self._inbound.stream_limit != self._settings.streams_after_authentication:
            self._inbound.stream_limit = self._settings.streams_after_authentication
            self._http2.advertise_streams(self._inbound.stream_limit)
            self._writer.ring()

    def goaway(self, reason: str, detail: str = "") -> None:
        """Say GOAWAY with Apple's word and close at once."""
        self._finish(reason_json(reason), ": ".join(filter(None, (f"GOAWAY {reason}", detail))))

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
            draining=self._draining,
        )

    async def _read(self) -> None:
        while not self._finishing:
            with trio.CancelScope() as self._reading:
                self._look_up_in_time()
                await self._read_until_end()
                return
            self._silence()

    async def _read_until_end(self) -> None:
        try:
            while data := await self._stream.receive_some():
                self._hear(data)
                if self._finishing:
                    return
                if self._http2.unsent_bytes() > self._settings.unsent_bytes:
                    await self._writer.until_there_is_room()
                self._look_up_in_time()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer left; not news

    def _hear(self, data: bytes | bytearray) -> None:
        self._bytes_received += len(data)
        try:
            self._http2.receive(data)
        except PeerError as error:
            self._finish(b"", f"the provider broke HTTP/2: {error}", error.code)
        if self._outbound.go_on():
            self._patience.blocked_since = trio.current_time() if self._outbound.waiting else None
        self._finish_if_idle()
        self._writer.ring()

    def _look_up_in_time(self) -> None:
        """Move the reader's deadline; when it passes, ``_silence`` decides."""
        idle = not self._in_flight
        self._reading.deadline = self._patience.deadline(trio.current_time(), idle=idle)

    def _silence(self) -> None:
        waiting = self._outbound.waiting
        self._finish_if_idle()
        if self._patience.is_blocked_too_long(trio.current_time()):
            self._finish(b"", f"{waiting} answers wait for a window that stays closed")
        elif not self._in_flight and not waiting and not self._draining:
            self._finish(IDLE_TIMEOUT, f"silent for {self._settings.idle_seconds} s")

    def begin(self, stream: Stream) -> None:
        """Answer a request: at once if it can be, else in a task of its own."""
        if self._finishing:
            return  # clients.md 26: the provider will send it again
        self._in_flight += 1
        outcome = self._ask(stream)
        if isinstance(outcome, HttpResponse):
            self._respond(stream, outcome)
        else:
            assert self._nursery is not None
            self._nursery.start_soon(self._await_answer, stream, outcome)

    def _ask(self, stream: Stream) -> HttpResponse | Awaitable[HttpResponse]:
        if stream.head.list_bytes > self._settings.header_list_bytes:
            return refusal(stream.head.headers, Reason.PAYLOAD_TOO_LARGE, 431)
        answer = self._shutdown_answer if self._draining else self._answer
        try:
            return answer(stream.request())
        except Exception:  # the last line of defence (architecture.md 6)
            log.exception(BUG, self._facts.connection_id, stream.stream_id)
            return refusal(stream.head.headers, Reason.INTERNAL_SERVER_ERROR)

    async def _await_answer(self, stream: Stream, outcome: Awaitable[HttpResponse]) -> None:
        try:
            response = await outcome
        except Exception:  # the last line of defence (architecture.md 6)
            log.exception(BUG, self._facts.connection_id, stream.stream_id)
            response = refusal(stream.head.headers, Reason.INTERNAL_SERVER_ERROR)
        if not stream.open:
            self._unwanted -= 1
            return
        self._respond(stream, response)
        self._writer.ring()
        self._finish_if_idle()

    def _respond(self, stream: Stream, response: HttpResponse) -> None:
        self._in_flight -= 1
        if not self._finishing:
            self._outbound.respond(stream, response)
            is_blocked = self._outbound.waiting and self._patience.blocked_since is None
            if is_blocked or self._draining:
                self._patience.answered(trio.current_time(), is_blocked=bool(is_blocked))
                self._look_up_in_time()

    def withdrawn(self, stream: Stream, *, in_progress: bool) -> None:
        """The provider cancelled a request; its answer, if one is being made, will be dropped.

        It is not cancelled: the push may be half way into the store, and a cancel scope per request
        costs as much as its task.

        Raises:
            PeerError: too much is being done that nobody wants.
        """
        self._outbound.forget(stream.stream_id)
        if not self._outbound.waiting:
            self._patience.blocked_since = None
        if not in_progress:
            return
        self._in_flight -= 1
        self._unwanted += 1
        if self._unwanted > self._settings.streams_tolerated:
            raise PeerError(f"{self._unwanted} cancelled requests in progress", ENHANCE_YOUR_CALM)

    def window_opened(self, stream_id: int | None) -> None:
        """The provider lets us send more."""
        if stream_id == 0:
            self._patience.low_since = None
        self._outbound.window_opened(stream_id)

    def peer_leaves(self, _code: int) -> None:
        """The provider said GOAWAY, as node's ``session.close()`` does, and wants its answers."""
        self._peer_leaves = True

    def _finish_if_idle(self) -> None:
        if self._in_flight or self._finishing:
            return
        if self._window_stays_low():  # no GOAWAY: aioapns may raise ProtocolError
            self._log("the provider never opens its connection window")
            self._finish_quietly()
        elif self._drained():
            self._finish(SHUTDOWN, "drained")
        elif self._peer_leaves and not self._inbound.streams:
            self._finish(b"", "the provider said GOAWAY")

    @property
    def _draining(self) -> bool:
        return self._patience.draining_since is not None

    def _drained(self) -> bool:
        """Whether nothing is left to answer, or only requests that do not arrive."""
        if not self._draining or self._outbound.waiting:
            return False
        now = trio.current_time()
        overdue = self._patience.is_draining_too_long(now) or not self._inbound.streams
        return overdue and not self._patience.may_still_read(now)

    def _window_stays_low(self) -> bool:
        """Whether this is aioapns, which hangs after 65,535 bytes of errors (clients.md 22)."""
        low = self._http2.peer_window_bytes < self._settings.low_window_bytes
        if self._outbound.peer_opens_window or not low:
            return False
        if self._patience.low_since is None:
            self._patience.low_since = trio.current_time()
            self._look_up_in_time()
        return self._patience.is_low_too_long(trio.current_time())

    def _finish(self, debug_data: bytes, why: str, code: int = 0) -> None:
        """Say GOAWAY, stop reading, let the writer flush and close. Idempotent."""
        if not self._finishing:
            self._http2.goaway(code, debug_data, self._inbound.highest_begun)
            self._log(why)
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
