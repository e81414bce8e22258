"""From HTTP/2 events to whole requests, with every number bounded.

``Inbound`` keeps what has been heard of each open stream and calls ``begin`` once per request: at
its end, or when its body is longer than anyone will listen to. What it holds of a stream is a
header list of ``header_list_bytes`` and a body of ``kept_body_bytes`` at most; of all those that
are not whole yet, ``unfinished_bytes``. The number of streams is bounded; so is their cancelling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.provider.headers import Head, MalformedHeadersError, read_head
from gateway.provider.http2 import Http2
from gateway.provider.wire import ENHANCE_YOUR_CALM, STREAM_WINDOW_BYTES, PeerError
from protocol.provider.http import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.provider.contract import ConnectionSettings
    from gateway.provider.headers import RawHeaders

ENDLESS = 16
"""After how many times ``heard_body_bytes`` a body already answered is taken to have no end."""


class Stream:
    """One open stream, from its HEADERS to the last byte of its answer.

    Attributes:
        stream_id: HTTP/2's number.
        head: method, path, headers.
        body: the kept part of the body.
        heard_bytes: length of the body so far, kept or not.
        held_bytes: what is kept of a request that is not whole yet.
        owed_bytes: flow-controlled bytes not yet given back on the stream.
        ended: END_STREAM was heard.
        begun: the request was handed on to be answered.
        open: neither withdrawn nor answered, though the answer may still wait for a window.
        answered: the whole answer was written.
    """

    __slots__ = (
        "answered",
        "begun",
        "body",
        "ended",
        "head",
        "heard_bytes",
        "held_bytes",
        "open",
        "owed_bytes",
        "stream_id",
    )

    def __init__(self, stream_id: int, head: Head) -> None:
        self.stream_id = stream_id
        self.head = head
        self.body = b""
        self.heard_bytes = 0
        self.held_bytes = 0
        self.owed_bytes = 0
        self.ended = False
        self.begun = False
        self.open = True
        self.answered = False

    def request(self) -> HttpRequest:
        """The request as far as it was kept."""
        head = self.head
        return HttpRequest(head.method, head.path, head.headers, self.body)


class Shell(Protocol):
    """What ``Inbound`` tells its connection."""

    def begin(self, stream: Stream) -> None:
        """The request of this stream is to be answered now."""

    def withdrawn(self, stream: Stream, *, in_progress: bool) -> None:
        """The provider cancelled this stream, perhaps while its answer was being made."""

    def window_opened(self, stream_id: int | None) -> None:
        """More may be sent on a stream, on the connection (0), or anywhere by SETTINGS (None)."""

    def peer_leaves(self, code: int) -> None:
        """The provider said GOAWAY."""


class Inbound:
    """Hears one connection; the ``Hearer`` of its ``Http2``.

    Args:
        settings: the limits.
        shell: told what to do.
        now: a monotonic clock in seconds, for the budget of cancelled requests.

    Attributes:
        streams: the streams that are open, by number.
        withdrawn: how many requests were cancelled.
        stream_limit: the MAX_CONCURRENT_STREAMS last advertised.
    """

    def __init__(
        self, settings: ConnectionSettings, shell: Shell, now: Callable[[], float]
    ) -> None:
        self.streams: dict[int, Stream] = {}
        self.withdrawn = 0
        self.stream_limit = 0
        self.http2 = Http2(settings, self)
        self._settings = settings
        self._shell = shell
        self._now = now
        self._held_bytes = 0
        self._resets_left = float(settings.resets_at_once)
        self._resets_counted_at = now()

    def request_received(self, stream_id: int, headers: RawHeaders) -> None:
        """Remember a new stream, or refuse it.

        Raises:
            PeerError: malformed headers, or more streams or unfinished requests than anyone needs.
        """
        try:
            head = read_head(headers)
        except MalformedHeadersError as error:
            raise PeerError(f"stream {stream_id}: {error}") from error
        if len(self.streams) >= self._settings.streams_tolerated:
            raise PeerError(
                f"more than {len(self.streams)} streams open at once", ENHANCE_YOUR_CALM
            )
        if self._settings.refuses_surplus_streams and len(self.streams) >= self.stream_limit:
            self.http2.refuse(stream_id)
            self.http2.sweep(len(self.streams))
            return
        stream = self.streams[stream_id] = Stream(stream_id, head)
        held_bytes = head.list_bytes
        if held_bytes > self._settings.header_list_bytes:
            stream.head, held_bytes = head.in_short(), self._settings.header_list_bytes
        stream.held_bytes = held_bytes
        self._held_bytes += held_bytes
        if self._held_bytes > self._settings.unfinished_bytes:
            raise self._too_much_unfinished()

    def data_received(self, stream_id: int, data: bytes, flow_bytes: int) -> None:
        """Keep the beginning of a body, count the rest, and let the peer go on.

        It may go on even after an early answer: reset at once, curl loses the answer and httpx
        waits for ever. Only a body without end is reset.
        """
        self.http2.replenish_connection(flow_bytes)
        stream = self.streams.get(stream_id)
        if stream is None:
            return
        room = self._settings.kept_body_bytes - len(stream.body)
        if room > 0 and not stream.begun:
            kept = data[:room]
            stream.body += kept
            stream.held_bytes += len(kept)
            self._held_bytes += len(kept)
            if self._held_bytes > self._settings.unfinished_bytes:
                raise self._too_much_unfinished()
        stream.heard_bytes += len(data)
        stream.owed_bytes += flow_bytes
        if stream.owed_bytes > STREAM_WINDOW_BYTES // 2:
            self.http2.replenish_stream(stream_id, stream.owed_bytes)
            stream.owed_bytes = 0
        if stream.heard_bytes > self._settings.heard_body_bytes:
            self._heard_enough(stream)

    def _heard_enough(self, stream: Stream) -> None:
        if not stream.begun:
            self._start(stream)
        endless = stream.heard_bytes > self._settings.heard_body_bytes * ENDLESS
        if endless and stream.answered:
            del self.streams[stream.stream_id]
            self.http2.abandon(stream.stream_id)

    def stream_ended(self, stream_id: int) -> None:
        """The request is whole."""
        stream = self.streams.get(stream_id)
        if stream is None:
            return
        stream.ended = True
        if not stream.begun:
            self._start(stream)
        elif stream.answered:
            del self.streams[stream_id]

    def stream_reset(self, stream_id: int) -> None:
        """The provider has lost interest: its answer, if one is being made, will be dropped.

        Raises:
            PeerError: requests are cancelled faster than any client does (CVE-2023-44487, "rapid
            reset").
        """
        stream = self.streams.pop(stream_id, None)
        if stream is None:
            return
        self._held_bytes -= stream.held_bytes
        in_progress = stream.begun and stream.open
        stream.open = False
        self.withdrawn += 1
        self._shell.withdrawn(stream, in_progress=in_progress)
        self.http2.sweep(len(self.streams))
        self._count_reset()

    def window_opened(self, stream_id: int) -> None:
        """WINDOW_UPDATE from the peer."""
        self._shell.window_opened(stream_id)

    def settings_changed(self) -> None:
        """SETTINGS from the peer: every stream's window may have grown.

        Raises:
            PeerError: too many of them; each costs us a look at every open stream.
        """
        self._shell.window_opened(None)
        self._count_reset()

    def goaway_received(self, code: int) -> None:
        """GOAWAY from the peer."""
        self._shell.peer_leaves(code)

    def _too_much_unfinished(self) -> PeerError:
        unfinished = f"{self._held_bytes} bytes of unfinished requests"
        return PeerError(f"{unfinished} on {len(self.streams)} streams", ENHANCE_YOUR_CALM)

    def _start(self, stream: Stream) -> None:
        stream.begun = True
        self._held_bytes -= stream.held_bytes
        stream.held_bytes = 0
        self._shell.begin(stream)

    def _count_reset(self) -> None:
        """A token bucket, as nghttp2 has one for RST_STREAM (its defaults are ours)."""
        settings, now = self._settings, self._now()
        earned = (now - self._resets_counted_at) * settings.resets_per_second
        self._resets_left = min(settings.resets_at_once, self._resets_left + earned) - 1
        self._resets_counted_at = now
        if self._resets_left < 0:
            raise PeerError("too many RST_STREAM or SETTINGS frames", ENHANCE_YOUR_CALM)
