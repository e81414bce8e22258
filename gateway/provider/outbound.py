"""From answers to HTTP/2 frames: one HEADERS, then one DATA with the whole body, or nothing more.

clients.md 12, 13: an extra empty DATA, a second DATA or END_STREAM on its own make aioapns and
Pushy lose the answer or the connection. A body is cut only where the peer's window or frame size
leaves no choice; what does not fit waits here, as much as the connection has patience for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.provider.http2 import Http2
    from gateway.provider.inbound import Stream
    from protocol.provider.http import HttpResponse


class Outbound:
    """Writes the answers of one connection.

    Attributes:
        streams: the open streams by number, shared with ``Inbound``; one that has ended and
            is answered is removed.
        answered: how many answers went out whole.
        peer_opens_window: the peer has enlarged its connection window at least once.
        waiting_bytes: how much of all answers waits for the peer to open its window.
    """

    def __init__(self, http2: Http2, streams: dict[int, Stream]) -> None:
        self.streams = streams
        self.answered = 0
        self.peer_opens_window = False
        self.waiting_bytes = 0
        self._http2 = http2
        self._opened = False
        self._waiting: dict[int, tuple[Stream, bytes]] = {}

    @property
    def waiting(self) -> int:
        """How many answers wait for the peer to open its window."""
        return len(self._waiting)

    def respond(self, stream: Stream, response: HttpResponse) -> None:
        """Write an answer; its stream must be open."""
        stream.open = False
        number, body = stream.stream_id, response.body
        if stream.ended and self._http2.send_whole(number, response.status, response.headers, body):
            self._answered(stream)
            return
        if not self._http2.send_headers(number, response.status, response.headers, end=not body):
            return
        if body:
            self._continue(stream, body)
        else:
            self._answered(stream)

    def window_opened(self, stream_id: int | None) -> None:
        """The peer opened a stream's window, the connection's (0) or every stream's (None)."""
        self._opened = True
        if stream_id == 0:
            self.peer_opens_window = True

    def go_on(self) -> bool:
        """After a batch of events, send what waited for a window. Whether one was opened."""
        if not self._opened:
            return False
        self._opened = False
        for stream, rest in list(self._waiting.values()):
            self._continue(stream, rest)
        return True

    def forget(self, stream_id: int) -> None:
        """The stream is gone; nobody waits for the rest of its answer."""
        waited = self._waiting.pop(stream_id, None)
        if waited is not None:
            self.waiting_bytes -= len(waited[1])

    def _continue(self, stream: Stream, body: bytes) -> None:
        self.forget(stream.stream_id)
        sent = self._http2.send_body(stream.stream_id, body)
        if sent < len(body):
            self._waiting[stream.stream_id] = (stream, body[sent:])
            self.waiting_bytes += len(body) - sent
        else:
            self._answered(stream)

    def _answered(self, stream: Stream) -> None:
        self.answered += 1
        stream.answered = True
        if stream.ended:
            self.streams.pop(stream.stream_id, None)
        self._http2.sweep(len(self.streams))
