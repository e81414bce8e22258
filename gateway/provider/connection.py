"""One provider's HTTP/2 connection on Trio.

Two tasks, and one more per answer that waits. The reader turns bytes into requests, synchronously and in batches;
the writer alone sends. The reader never writes, so a peer that does not read cannot stall what was heard before; it
stops reading when too much waits to be sent, so such a peer costs bounded memory; and the writer hangs up on it after
``write_seconds``.

How a connection ends: ``_finish`` says GOAWAY, the reader stops, the writer flushes and closes the stream at once
(clients.md 24). Requests that were heard whole are answered to the end even if nobody is there to hear it: the
provider may have sent and left. Only cancellation from outside cuts them.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import trio

from gateway.provider.contract import ConnectionStatistics
from gateway.provider.http2 import PeerError
from gateway.provider.inbound import Inbound
from gateway.provider.outbound import Outbound
from protocol.provider.http import HttpResponse

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

CLOSE_SECONDS = 5
"""How long TLS may take to say goodbye."""
WINDOW_GRACE_SECONDS = 1
"""How long a peer may take to open a connection window that has become small."""


class ProviderConnection:
    """Serves HTTP/2 on one stream.

    Resource handling: ``run`` owns the stream and closes it, whatever happens. ``drain`` and the methods of
    ``ConnectionHandle`` may be called at any time from the same thread.

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
        self._bell = trio.Event()
        self._room = trio.Event()
        self._reading = trio.CancelScope()
        self._nursery: trio.Nursery | None = None
        self._finishing = False
        self._draining = False
        self._peer_left = False
        self._in_flight = 0
        self._waiting_since = 0.0
        self._low_since: float | None = None
        self._bytes_received = 0
        self._bytes_sent = 0
        self._stream_limit = settings.streams_before_authentication
        self._http2.greet()
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
        finally:
            await trio.aclose_forcefully(self._stream)

    def drain(self) -> None:
        """Answer new requests 503 Shutdown, finish those in flight, say GOAWAY Shutdown, close."""
        self._draining = True
        self._finish_if_idle()

    def authenticated(self) -> None:
        """Raise the stream limit."""
        if self._stream_limit != self._settings.streams_after_authentication:
            self._stream_limit = self._settings.streams_after_authentication
            self._http2.advertise_streams(self._stream_limit)
            self._bell.set()

    def goaway(self, reason: str) -> None:
        """Say GOAWAY with Apple's word and close at once."""
        self._finish(_reason(reason), f"GOAWAY {reason}")

    def statistics(self) -> ConnectionStatistics:
        """What the console shows."""
        return ConnectionStatistics(
            facts=self._facts,
            streams_open=len(self._inbound.streams),
            requests_answered=self._outbound.answered,
            requests_withdrawn=self._inbound.withdrawn,
            bytes_received=self._bytes_received,
            bytes_sent=self._bytes_sent,
            stream_limit=self._stream_limit,
            draining=self._draining,
        )

    # -- reading --------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        while not self._finishing:
            with trio.CancelScope(deadline=self._deadline()) as self._reading:
                await self._read_until_end()
                return
            self._silence()

    async def _read_until_end(self) -> None:
        settings, reading = self._settings, self._reading
        try:
            while data := await self._stream.receive_some():
                self._hear(data)
                if self._finishing:
                    return
                if self._http2.unsent_bytes() > settings.unsent_bytes:
                    await self._until_there_is_room()
                reading.deadline = self._deadline()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer left; not news

    def _hear(self, data: bytes | bytearray) -> None:
        self._bytes_received += len(data)
        try:
            self._http2.receive(data)
        except PeerError as error:
            self._finish(b"", f"the provider broke HTTP/2: {error}", error.code)
        self._finish_if_idle()
        self._bell.set()

    async def _until_there_is_room(self) -> None:
        self._room = trio.Event()
        await self._room.wait()

    def _deadline(self) -> float:
        """When the reader looks up: patience for a closed window, else for silence."""
        settings = self._settings
        if self._outbound.waiting:
            return self._waiting_since + settings.write_seconds
        if self._low_since is not None and not self._in_flight:
            return self._low_since + WINDOW_GRACE_SECONDS
        return trio.current_time() + settings.idle_seconds

    def _silence(self) -> None:
        """The reader's deadline has passed, or the connection is finishing."""
        if self._low_since is not None:
            self._finish_if_idle()
        elif self._outbound.waiting:
            waiting = self._outbound.waiting
            self._finish(b"", f"{waiting} answers wait for a window that stays closed")
        elif not self._in_flight:
            self._finish(_reason("IdleTimeout"), f"silent for {self._settings.idle_seconds} s")

    # -- answering (called by Inbound) ------------------------------------------------------------------------

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
            stream.answering = trio.CancelScope()
            self._nursery.start_soon(self._await_answer, stream, stream.answering, outcome)

    def _ask(self, stream: Stream) -> HttpResponse | Awaitable[HttpResponse]:
        if stream.head.list_bytes > self._settings.header_list_bytes:
            return _refusal(stream, 431, "PayloadTooLarge")
        answer = self._shutdown_answer if self._draining else self._answer
        try:
            return answer(stream.request())
        except Exception:  # the last line of defence (architecture.md 6)
            log.exception(BUG, self._facts.connection_id, stream.stream_id)
            return _refusal(stream, 500, "InternalServerError")

    async def _await_answer(
        self, stream: Stream, scope: trio.CancelScope, outcome: Awaitable[HttpResponse]
    ) -> None:
        response = None
        with scope:
            try:
                response = await outcome
            except Exception:  # the last line of defence (architecture.md 6)
                log.exception(BUG, self._facts.connection_id, stream.stream_id)
                response = _refusal(stream, 500, "InternalServerError")
        self._respond(stream, response)

    def _respond(self, stream: Stream, response: HttpResponse | None) -> None:
        self._in_flight -= 1
        if response is not None and not self._finishing:
            was_waiting = self._outbound.waiting
            self._outbound.respond(stream, response)
            if self._outbound.waiting > was_waiting == 0:
                self._waiting_since = trio.current_time()
                self._reading.deadline = self._deadline()
        self._bell.set()
        self._finish_if_idle()

    def withdrawn(self, stream: Stream) -> None:
        """The provider cancelled a request."""
        self._outbound.forget(stream.stream_id)

    def window_opened(self, stream_id: int | None) -> None:
        """The provider lets us send more."""
        if stream_id == 0:
            self._low_since = None
        self._outbound.window_opened(stream_id)

    def peer_leaves(self, _code: int) -> None:
        """The provider said GOAWAY: it opens no more streams, and still wants its answers."""
        self._peer_left = True
        self._finish_if_idle()

    # -- ending ---------------------------------------------------------------------------------------------

    def _finish_if_idle(self) -> None:
        if self._in_flight or self._finishing:
            return
        if self._window_stays_low():
            self._finish(_reason("Shutdown"), "the provider never opens its connection window")
        elif self._outbound.waiting:
            return
        elif self._draining:
            self._finish(_reason("Shutdown"), "drained")
        elif self._peer_left:
            self._finish(b"", "the provider said GOAWAY")

    def _window_stays_low(self) -> bool:
        """Whether this is aioapns, which never opens its window: 65,535 bytes of refusals is all.

        After that its caller hangs (clients.md 22); a new connection has a new window.
        """
        low = self._http2.peer_window_bytes < self._settings.low_window_bytes
        if self._outbound.peer_opens_window or not low:
            return False
        now = trio.current_time()
        if self._low_since is None:
            self._low_since = now
            self._reading.deadline = self._deadline()
        return now - self._low_since >= WINDOW_GRACE_SECONDS

    def _finish(self, debug_data: bytes, why: str, code: int = 0) -> None:
        """Say GOAWAY, stop reading, let the writer flush and close. Idempotent."""
        if not self._finishing:
            self._http2.goaway(code, debug_data, self._inbound.highest_begun)
            self._log(why)
            self._finish_quietly()

    def _finish_quietly(self) -> None:
        self._finishing = True
        self._reading.cancel()
        self._bell.set()

    def _log(self, why: str) -> None:
        log.info("connection %d (%s) ends: %s", self._facts.connection_id, self._facts.peer, why)

    # -- writing --------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        try:
            await self._send_until_finished()
            with trio.move_on_after(CLOSE_SECONDS):
                await self._stream.aclose()
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            self._finish_quietly()  # the peer left; not news

    async def _send_until_finished(self) -> None:
        while True:
            while data := self._http2.take():
                with trio.move_on_after(self._settings.write_seconds) as patience:
                    await self._stream.send_all(data)
                if patience.cancelled_caught:
                    self._log(f"it has not read for {self._settings.write_seconds} s")
                    self._finish_quietly()
                    await trio.aclose_forcefully(self._stream)
                    return
                self._bytes_sent += len(data)
                self._room.set()
            if self._finishing:
                return
            self._bell = trio.Event()
            await self._bell.wait()


def _refusal(stream: Stream, status: int, reason: str) -> HttpResponse:
    """The shell's own answer, shaped like every other: ``apns-id`` echoed, a reason (clients.md 11, 14)."""
    echo = tuple(field for field in stream.head.headers if field[0] == "apns-id")[:1]
    return HttpResponse(status, echo, _reason(reason))


def _reason(reason: str) -> bytes:
    """Apple's JSON, without spaces as on the wire."""
    return json.dumps({"reason": reason}, separators=(",", ":")).encode()
