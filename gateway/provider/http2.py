"""The HTTP/2 library, made to speak as Apple's front does. The only module that imports it.

``Http2`` is a server's end of one connection without IO: bytes in, calls to a ``Hearer`` out; answers in, bytes
out. It serves ``jh2`` and ``h2``, which share an interface. Where it departs from the library:

* The SETTINGS frames are written by hand. The library would send ENABLE_PUSH and, in jh2, ENABLE_CONNECT_PROTOCOL;
  and it enforces the stream limit that it believes in, while we advertise Apple's 1 and serve more
  (clients.md 9: node-apn loses 19 of 20 first requests to REFUSED_STREAM).
* It may still answer after the peer's GOAWAY, as RFC 9113 6.8 asks (node's ``session.close()`` says GOAWAY
  first and waits for its answers); the library drops what is unsent and refuses more.
* Counting open streams for every request is replaced by a sweep now and then: linear instead of quadratic.
* Header validation is ours (``headers.py``), in one pass over the list.
"""

from __future__ import annotations

import importlib
import struct
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gateway.provider.headers import encode_headers

if TYPE_CHECKING:
    from gateway.provider.contract import ConnectionSettings
    from gateway.provider.headers import RawHeaders
    from protocol.provider.http import Headers

PROTOCOL_ERROR = 1
ENHANCE_YOUR_CALM = 11
HEADER_TABLE_BYTES = 4096
STREAM_WINDOW_BYTES = 65_535
CONNECTION_WINDOW_BYTES = 1 << 24
FRAME_BYTES = 16_384
DECODED_HEADER_BYTES = 1 << 16
"""Above this a header block is a bomb (CVE-2016-6581) and ends the connection; below, it is answered."""
CLOSED_STREAMS_REMEMBERED = 4096
UNLIMITED_STREAMS = (1 << 31) - 1

# RFC 9113 6.5.2
_HEADER_TABLE_SIZE, _ENABLE_PUSH, _MAX_STREAMS, _WINDOW_SIZE, _FRAME_SIZE, _HEADER_LIST_SIZE = (
    range(1, 7)
)


class PeerError(Exception):
    """The peer broke HTTP/2 or our patience; ``code`` is RFC 9113's error code for the GOAWAY."""

    def __init__(self, message: str, code: int = PROTOCOL_ERROR) -> None:
        super().__init__(message)
        self.code = code


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


class _Welcoming:
    """The library's connection state, without states: whether to go on is the shell's decision."""

    def process_input(self, _input: object) -> list[Any]:
        return []


class _Library(NamedTuple):
    """What is used of ``h2`` or ``jh2``."""

    server_class: Any
    events: Any
    config: Any
    settings: Any
    stream_errors: type[Exception]


@lru_cache
def _library(name: str) -> _Library:
    """Import a library and derive the server class from it."""
    connection, events, config, settings, exceptions = (
        importlib.import_module(f"{name}.{part}")
        for part in ("connection", "events", "config", "settings", "exceptions")
    )

    base: Any = connection.H2Connection

    class Server(base):  # type: ignore[misc]
        MAX_CLOSED_STREAMS = CLOSED_STREAMS_REMEMBERED

        @property
        def open_inbound_streams(self) -> int:
            """Never too many: streams are counted in ``inbound.py``."""
            return 0

        def sweep(self) -> None:
            """Forget the streams that have closed."""
            super().open_inbound_streams  # noqa: B018 - the property deletes closed streams

        def clear_outbound_data_buffer(self) -> None:
            """Called at the peer's GOAWAY; what is written stays written."""

        def _terminate_connection(self, _code: int) -> None:
            """Called on an error of the peer; the shell says the one GOAWAY."""

    return _Library(Server, events, config, settings, exceptions.ProtocolError)


def _new_server(name: str) -> Any:  # noqa: ANN401 - the library is untyped
    """A server core whose settings, before and without SETTINGS, are RFC 9113's on both sides."""
    library = _library(name)
    core = library.server_class(
        library.config.H2Configuration(
            client_side=False,
            header_encoding=None,
            validate_inbound_headers=False,
            normalize_inbound_headers=False,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
    )
    core.state_machine = _Welcoming()
    # jh2 assumes a browser's defaults (6 MB windows, 64 KB header table) for either side; a peer that does not
    # mention a setting means RFC 9113's.
    core.local_settings = library.settings.Settings(
        client=False,
        initial_values={
            _HEADER_TABLE_SIZE: HEADER_TABLE_BYTES,
            _MAX_STREAMS: UNLIMITED_STREAMS,
            _WINDOW_SIZE: STREAM_WINDOW_BYTES,
            _FRAME_SIZE: FRAME_BYTES,
            _HEADER_LIST_SIZE: DECODED_HEADER_BYTES,
        },
    )
    core.remote_settings = library.settings.Settings(
        client=True,
        initial_values={_HEADER_TABLE_SIZE: 4096, _WINDOW_SIZE: 65_535, _FRAME_SIZE: 16_384},
    )
    core.max_inbound_frame_size = FRAME_BYTES
    core.max_outbound_frame_size = FRAME_BYTES
    core.decoder.max_allowed_table_size = HEADER_TABLE_BYTES
    core.decoder.max_header_list_size = DECODED_HEADER_BYTES
    return core


def settings_frame(values: dict[int, int]) -> bytes:
    """A SETTINGS frame with exactly these values, in this order (RFC 9113 6.5)."""
    payload = b"".join(struct.pack(">HI", key, value) for key, value in values.items())
    return struct.pack(">I", len(payload))[1:] + b"\x04\x00\x00\x00\x00\x00" + payload


class Http2:
    """A server's end of one HTTP/2 connection, without IO.

    Args:
        settings: the numbers; ``library`` chooses the implementation.
        hearer: called from within ``receive``.
    """

    def __init__(self, settings: ConnectionSettings, hearer: Hearer) -> None:
        self._settings = settings
        self._core = _new_server(settings.library)
        self._unsent = bytearray()
        self._unreplenished_bytes = 0
        self._hear = self._ears(hearer)
        # A batch is parsed before its events are heard: a stream answered in between may have been reset in it.
        self._gone: tuple[type[Exception], ...] = (
            _library(settings.library).stream_errors,
            KeyError,
        )

    def _ears(self, hearer: Hearer) -> dict[type, Any]:
        events: Any = _library(self._settings.library).events
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

    # -- receiving ------------------------------------------------------------------------------------------

    def receive(self, data: bytes | bytearray) -> None:
        """Take bytes from the peer and tell the hearer what they mean.

        Raises:
            PeerError: the peer broke HTTP/2; nothing more can be read; say ``goaway``.
        """
        hear = self._hear
        for event in self._parse(data):
            ear = hear.get(event.__class__)
            if ear is not None:
                ear(event)

    def _parse(self, data: bytes | bytearray) -> list[Any]:
        try:
            events: list[Any] = self._core.receive_data(data)
        except BaseException as error:
            # h2 documents ProtocolError; hostile bytes also draw AssertionError, KeyError … from it, and a
            # Rust panic, which is no Exception, from jh2's HPACK. All mean the same: bytes we cannot read.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            raise PeerError(
                f"{type(error).__name__}: {error}",
                int(getattr(error, "error_code", PROTOCOL_ERROR)),
            ) from error
        return events

    def _settings_changed(self, hearer: Hearer) -> None:
        # A peer may allow a table of 4 GB; every apns-id would be kept in it.
        if self._core.encoder.header_table_size > HEADER_TABLE_BYTES:
            self._core.encoder.header_table_size = HEADER_TABLE_BYTES
        hearer.settings_changed()

    def replenish_connection(self, flow_bytes: int) -> None:
        """Give back connection window for bytes heard, in few large updates."""
        self._unreplenished_bytes += flow_bytes
        if self._unreplenished_bytes >= CONNECTION_WINDOW_BYTES // 4:
            self._core.increment_flow_control_window(self._unreplenished_bytes)
            self._unreplenished_bytes = 0

    def replenish_stream(self, stream_id: int, flow_bytes: int) -> None:
        """Let the peer send that many more bytes on a stream."""
        with suppress(*self._gone):
            self._core.increment_flow_control_window(flow_bytes, stream_id)

    # -- sending --------------------------------------------------------------------------------------------

    def greet(self) -> None:
        """SETTINGS first, exactly Apple's five, then a large connection window (clients.md 8)."""
        self._unsent += settings_frame(
            {
                _HEADER_TABLE_SIZE: HEADER_TABLE_BYTES,
                _MAX_STREAMS: self._settings.streams_before_authentication,
                _WINDOW_SIZE: STREAM_WINDOW_BYTES,
                _FRAME_SIZE: FRAME_BYTES,
                _HEADER_LIST_SIZE: self._settings.header_list_bytes,
            }
        )
        self._core.increment_flow_control_window(CONNECTION_WINDOW_BYTES - STREAM_WINDOW_BYTES)

    def advertise_streams(self, limit: int) -> None:
        """Tell the peer how many streams it may have open."""
        self._collect()
        self._unsent += settings_frame({_MAX_STREAMS: limit})

    def send_headers(self, stream_id: int, status: int, headers: Headers, *, end: bool) -> bool:
        """The one HEADERS frame of an answer.

        Returns:
            Whether the stream still was there. If not, the hearer is about to be told of its reset.
        """
        try:
            self._core.send_headers(stream_id, encode_headers(status, headers), end_stream=end)
        except self._gone:
            return False
        return True

    def send_body(self, stream_id: int, body: bytes) -> int:
        """Send as much of a body as the peer's window and frame size allow; END_STREAM if it is all.

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

    def abandon(self, stream_id: int) -> None:
        """After a whole answer to an unfinished request: RST_STREAM NO_ERROR (RFC 9113 8.1)."""
        with suppress(*self._gone):
            self._core.reset_stream(stream_id, 0)

    def sweep(self, open_streams: int) -> None:
        """Forget closed streams once they outnumber the open ones."""
        if len(self._core.streams) > 2 * open_streams + 64:
            self._core.sweep()

    def goaway(self, code: int, debug_data: bytes, last_stream_id: int) -> None:
        """The last frame: nothing is sent after it."""
        self._core.close_connection(code, debug_data, last_stream_id)

    @property
    def peer_window_bytes(self) -> int:
        """How much the peer will still receive on the whole connection."""
        window: int = self._core.outbound_flow_control_window
        return window

    def _collect(self) -> None:
        self._unsent += self._core.data_to_send()

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
