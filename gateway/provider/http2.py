"""HTTP/2 as Apple's front speaks it, without IO.

``Http2`` is a server's end of one connection: bytes in, calls to a ``Hearer`` out; answers in,
bytes out. Below it is a library (``library.py``); where the two differ:

* SETTINGS frames are written by hand: exactly Apple's five values. The library would add
  ENABLE_PUSH and enforce the stream limit that it advertises; we advertise Apple's 1 and serve more
  (clients.md 9: node-apn loses 19 of 20 first requests to REFUSED_STREAM).
* The usual answer, which fits the peer's window, is written by hand too: it is two frame headers.
* Headers are validated in one pass of ours (``headers.py``).
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from gateway.provider import wire
from gateway.provider.headers import encode_headers
from gateway.provider.library import load, new_server
from gateway.provider.wire import PeerError

if TYPE_CHECKING:
    from gateway.provider.contract import ConnectionSettings
    from gateway.provider.headers import RawHeaders
    from protocol.provider.http import Headers


class Hearer(Protocol):
    """Hears what the peer did, in order, while ``Http2.receive`` runs. May raise ``PeerError``."""

    def request_received(self, stream_id: int, headers: RawHeaders) -> None:
        """A stream opened with these headers."""

    def data_received(self, stream_id: int, data: bytes, flow_bytes: int) -> None:
        """A piece of a body; ``flow_bytes`` is its flow-controlled length, padding included."""

    def stream_ended(self, stream_id: int) -> None:
        """The request is complete."""

    def stream_reset(self, stream_id: int) -> None:
        """The peer, or the library on an error of the peer, closed the stream."""

    def window_opened(self, stream_id: int) -> None:
        """The peer sent WINDOW_UPDATE for this stream, or (0) for the connection."""

    def settings_changed(self) -> None:
        """The peer sent SETTINGS; stream windows may have grown."""

    def goaway_received(self, code: int) -> None:
        """The peer will open no more streams."""


class Http2:
    """A server's end of one HTTP/2 connection, without IO.

    Args:
        settings: the numbers; ``library`` chooses the implementation.
        hearer: called from within ``receive``.
    """

    def __init__(self, settings: ConnectionSettings, hearer: Hearer) -> None:
        self._settings = settings
        self._core = new_server(settings.library)
        self._core.acknowledges_pings = settings.acknowledges_pings
        self._unsent = bytearray()
        self._unreplenished_bytes = 0
        self._is_over = False
        self._is_deaf = False
        self._hear = self._ears(hearer)
        # A batch is parsed before its events are heard: a stream answered in between may have been
        # reset in it.
        self._gone: tuple[type[Exception], ...] = (
            load(settings.library).stream_errors,
            KeyError,
        )

    def _ears(self, hearer: Hearer) -> dict[type, Any]:
        events: Any = load(self._settings.library).events
        return {
            events.RequestReceived: lambda e: hearer.request_received(e.stream_id, e.headers),
            events.DataReceived: lambda e: hearer.data_received(
                e.stream_id, e.data, e.flow_controlled_length
            ),
            events.StreamEnded: lambda e: hearer.stream_ended(e.stream_id),
            events.StreamReset: lambda e: hearer.stream_reset(e.stream_id),
            events.WindowUpdated: lambda e: hearer.window_opened(e.stream_id),
            events.RemoteSettingsChanged: lambda _: self._settings_changed(hearer),
            events.ConnectionTerminated: lambda e: hearer.goaway_received(int(e.error_code)),
        }

    # -- receiving ---------------------------------------------------------------------------------

    def receive(self, data: bytes | bytearray) -> None:
        """Take bytes from the peer and tell the hearer what they mean.

        Raises:
            PeerError: the peer broke HTTP/2; nothing more can be read; say ``goaway``.
        """
        hear = self._hear
        for event in self._parse(data) if not self._is_deaf else ():
            ear = hear.get(event.__class__)
            if ear is not None:
                ear(event)

    def deafen(self) -> None:
        """Hear nothing any more."""
        self._is_deaf = True

    def _parse(self, data: bytes | bytearray) -> list[Any]:
        try:
            events: list[Any] = self._core.receive_data(data)
        except Exception as error:
            # h2 documents ProtocolError; hostile bytes also draw AssertionError, KeyError … from
            # it. All mean the same: bytes we cannot read.
            code = getattr(error, "error_code", None)
            raise PeerError(
                f"{type(error).__name__}: {error}",
                int(code) if isinstance(code, int) else wire.PROTOCOL_ERROR,
            ) from error
        return events

    def _settings_changed(self, hearer: Hearer) -> None:
        # A peer may allow a table of 4 GB; every apns-id would be kept in it.
        if self._core.encoder.header_table_size > wire.HEADER_TABLE_BYTES:
            self._core.encoder.header_table_size = wire.HEADER_TABLE_BYTES
        hearer.settings_changed()

    def replenish_connection(self, flow_bytes: int) -> None:
        """Give back connection window for bytes heard, in few large updates."""
        self._unreplenished_bytes += flow_bytes
        if not self._settings.opens_windows:
            return
        if self._unreplenished_bytes >= wire.CONNECTION_WINDOW_BYTES // 4:
            self._core.increment_flow_control_window(self._unreplenished_bytes)
            self._unreplenished_bytes = 0

    def replenish_stream(self, stream_id: int, flow_bytes: int) -> None:
        """Let the peer send that many more bytes on a stream."""
        if self._settings.opens_windows:
            with suppress(*self._gone):
                self._core.increment_flow_control_window(flow_bytes, stream_id)

    # -- sending -----------------------------------------------------------------------------------

    def greet(self, streams: int) -> None:
        """SETTINGS first, exactly Apple's five, then a large connection window (clients.md 8).

        Args:
            streams: how many the peer may have open.
        """
        self._unsent += wire.settings_frame(
            {
                wire.SETTING_HEADER_TABLE_SIZE: wire.HEADER_TABLE_BYTES,
                wire.SETTING_MAX_STREAMS: streams,
                wire.SETTING_WINDOW_SIZE: self._settings.stream_window_bytes,
                wire.SETTING_FRAME_SIZE: wire.FRAME_BYTES,
                wire.SETTING_HEADER_LIST_SIZE: self._settings.header_list_bytes,
            }
        )
        if self._settings.opens_windows:
            self._core.increment_flow_control_window(
                wire.CONNECTION_WINDOW_BYTES - wire.STREAM_WINDOW_BYTES
            )

    def advertise_streams(self, limit: int) -> None:
        """Tell the peer how many streams it may have open."""
        self.say(wire.settings_frame({wire.SETTING_MAX_STREAMS: limit}))

    def say(self, frame: bytes) -> None:
        """Send a frame of which the library does not know."""
        self._collect()
        self._unsent += frame

    def send_whole(self, stream_id: int, status: int, headers: Headers, body: bytes) -> bool:
        """Answer a request that has ended: a HEADERS and perhaps a DATA, by hand.

        The library's way costs a fifth of all time per request, for states and flags that are known
        here: the stream is half closed by the peer, and this answer closes it.

        Returns:
            False if it does not fit the peer's window or one frame; then nothing was sent.
        """
        core = self._core
        fields = encode_headers(status, headers)
        stream = core.streams.get(stream_id)
        if stream is None or stream.closed:
            return True  # reset in the batch that is being heard; the hearer is about to learn it
        if body:
            window = min(core.outbound_flow_control_window, stream.outbound_flow_control_window)
            if len(body) > min(window, core.max_outbound_frame_size):
                return False
        if sum([len(value) for _, value, _ in fields]) > wire.FRAME_BYTES // 2:
            return False
        self._collect()
        block = core.encoder.encode(fields)
        self._unsent += wire.frame_header(
            len(block), wire.HEADERS, wire.END_HEADERS | (0 if body else wire.END_STREAM), stream_id
        )
        self._unsent += block
        if body:
            self._unsent += wire.frame_header(len(body), wire.DATA, wire.END_STREAM, stream_id)
            self._unsent += body
            core.outbound_flow_control_window -= len(body)
        del core.streams[stream_id]
        return True

    def send_headers(self, stream_id: int, status: int, headers: Headers, *, end: bool) -> bool:
        """The HEADERS frame of an answer that ``send_whole`` cannot send.

        Returns:
            Whether the stream still was there. If not, the hearer is about to be told of its reset.
        """
        fields = [(name, value) for name, value, _ in encode_headers(status, headers)]
        try:
            self._core.send_headers(stream_id, fields, end_stream=end)
        except self._gone:
            return False
        return True

    def send_body(self, stream_id: int, body: bytes) -> int:
        """Send as much of a body as the peer's window and frame size allow, and END_STREAM.

        Returns:
            The number of bytes sent.
        """
        sent = 0
        with suppress(*self._gone):
            sent = self._send_pieces(stream_id, body)
        return sent

    def _send_pieces(self, stream_id: int, body: bytes) -> int:
        core = self._core
        sent = 0
        while sent < len(body):
            allowed = min(core.local_flow_control_window(stream_id), core.max_outbound_frame_size)
            if allowed <= 0:
                break
            piece = body[sent : sent + allowed]
            sent += len(piece)
            core.send_data(stream_id, piece, end_stream=sent == len(body))
        return sent

    def send_piece(self, stream_id: int, piece: bytes, *, end: bool) -> None:
        """A DATA frame of just this, if the peer's window has room for it."""
        with suppress(*self._gone):
            self._core.send_data(stream_id, piece, end_stream=end)

    def abandon(self, stream_id: int) -> None:
        """After a whole answer to an unfinished request: RST_STREAM NO_ERROR (RFC 9113 8.1)."""
        self.reset(stream_id, wire.NO_ERROR)

    def refuse(self, stream_id: int) -> None:
        """RST_STREAM REFUSED_STREAM; frames that follow on it earn STREAM_CLOSED."""
        self.reset(stream_id, wire.REFUSED_STREAM)

    def reset(self, stream_id: int, code: int) -> None:
        """RST_STREAM."""
        with suppress(*self._gone):
            self._core.reset_stream(stream_id, code)

    def sweep(self, open_streams: int) -> None:
        """Forget closed streams once they outnumber the open ones."""
        if len(self._core.streams) > 2 * open_streams + 64:
            self._core.sweep()

    def goaway(self, code: int, debug_data: bytes, last_stream_id: int) -> None:
        """The last frame: nothing is sent after it."""
        self._core.close_connection(code, debug_data, last_stream_id)
        self._collect()
        self.say_no_more()

    def say_no_more(self) -> None:
        """Only what is ready is sent."""
        self._is_over = True

    @property
    def peer_window_bytes(self) -> int:
        """How much the peer will still receive on the whole connection."""
        window: int = self._core.outbound_flow_control_window
        return window

    def _collect(self) -> None:
        data = self._core.data_to_send()
        if not self._is_over:  # the rest of a batch may still open windows
            self._unsent += data

    def unsent_bytes(self) -> int:
        """How many bytes wait to be taken."""
        self._collect()
        return len(self._unsent)

    def take(self) -> bytes:
        """The bytes to send now; whole frames, never cut."""
        self._collect()
        data = bytes(self._unsent)
        self._unsent.clear()
        return data
