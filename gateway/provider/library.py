"""The HTTP/2 library, loaded and bent. The only module that imports it.

It serves ``jh2`` and ``h2``, which share an interface. What is changed:

* It may still answer after the peer's GOAWAY, as RFC 9113 6.8 asks (node's ``session.close()`` says
  GOAWAY first and waits for its answers); the library drops what is unsent and refuses more.
* It never counts open streams, which it does for every request by looking at all of them; closed
  ones are swept away now and then.
* It writes no GOAWAY of its own.
* It refuses a frame that is too long by its header; left alone, it waits for all 16 MB of it first.
* It takes RST_STREAM of an idle stream and a table size update behind header fields for the errors
  that they are (RFC 9113 5.1, RFC 7541 4.2), and calls every error of HPACK by its code.
* Settings start from RFC 9113's defaults on both sides; jh2 assumes those of a browser.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any, NamedTuple

from gateway.provider import wire


class _Welcoming:
    """The library's connection state, without states: whether to go on is the shell's decision."""

    def process_input(self, _input: object) -> list[Any]:
        return []


class _StrictDecoder:
    """The library's HPACK decoder, which is told nothing after it is made.

    Args:
        decoder: ``hpack``'s, or jh2's in Rust.
        oversized: what it raises at a header list too long; that is no error of HPACK.
        error: what is raised at any other.
    """

    __slots__ = ("_decode", "_decoder", "_error", "_oversized", "_table_bytes")

    def __init__(
        self,
        decoder: Any,  # noqa: ANN401
        oversized: type[Exception],
        error: type[Exception],
    ) -> None:
        self._decoder = decoder
        self._decode = decoder.decode
        self._table_bytes = decoder.header_table_size
        self._oversized = oversized
        self._error = error

    def decode(self, block: bytes, *, raw: bool) -> Any:  # noqa: ANN401
        """The header list of a block."""
        try:
            headers = self._decode(block, raw=raw)
        except self._oversized:
            raise
        except BaseException as error:
            # Hostile bytes also draw IndexError … from hpack, and from jh2 a Rust panic, which is
            # no Exception. All mean the same: a block that cannot be read.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            # Without its words: jh2 would take "index out of bounds" for its own.
            raise self._error("HPACK: a header block that cannot be decoded") from error
        if self._decoder.header_table_size != self._table_bytes:
            self._table_bytes = self._decoder.header_table_size
            if block[0] >> 5 != _SIZE_UPDATE:
                raise self._error("HPACK: a dynamic table size update behind header fields")
        return headers


_SIZE_UPDATE = 0b001
"""The first three bits of a dynamic table size update (RFC 7541 6.3)."""


class Library(NamedTuple):
    """What is used of ``h2`` or ``jh2``."""

    server_class: Any
    events: Any
    config: Any
    settings: Any
    stream_errors: type[Exception]
    compression_error: type[Exception]
    oversized_error: type[Exception]


_Base: Any = object


class _Changes(_Base):  # type: ignore[misc]
    """What the server core does otherwise than the library's; mixed into it by ``load``."""

    exceptions: Any
    acknowledges_pings = True
    MAX_CLOSED_STREAMS = wire.CLOSED_STREAMS_REMEMBERED

    def receive_data(self, data: bytes | bytearray) -> list[Any]:
        """Parse; what stays in the buffer is the beginning of a frame."""
        events: list[Any] = super().receive_data(data)
        rest = self.incoming_buffer._data[: wire.LENGTH_BYTES]  # noqa: SLF001 - it tells nobody
        if wire.is_too_long(rest):
            raise self.exceptions.FrameTooLargeError("a frame longer than our SETTINGS allow")
        return events

    @property
    def open_inbound_streams(self) -> int:
        """Never too many: streams are counted in ``inbound.py``."""
        return 0

    def sweep(self) -> None:
        """Forget the streams that have closed."""
        super().open_inbound_streams  # noqa: B018 - the property deletes closed streams

    def _receive_ping_frame(self, frame: Any) -> Any:  # noqa: ANN401
        """Acknowledge, unless a fault rule says otherwise."""
        frames, events = super()._receive_ping_frame(frame)
        return (frames if self.acknowledges_pings else []), events

    def _receive_rst_stream_frame(self, frame: Any) -> Any:  # noqa: ANN401
        """Refuse to close what was never opened."""
        if frame.stream_id > self.highest_inbound_stream_id:
            raise self.exceptions.ProtocolError("RST_STREAM of an idle stream")
        return super()._receive_rst_stream_frame(frame)

    def clear_outbound_data_buffer(self) -> None:
        """Called at the peer's GOAWAY; what is written stays written."""

    def _terminate_connection(self, _code: int) -> None:
        """Called on an error of the peer; the shell says the one GOAWAY."""


@lru_cache
def load(name: str) -> Library:
    """Import a library and derive the server class from it."""
    connection, events, config, settings, exceptions = (
        importlib.import_module(f"{name}.{part}")
        for part in ("connection", "events", "config", "settings", "exceptions")
    )
    any_error: Any = exceptions.ProtocolError
    return Library(
        type("Server", (_Changes, connection.H2Connection), {"exceptions": exceptions}),
        events,
        config,
        settings,
        stream_errors=any_error,
        compression_error=type(
            "CompressionError", (any_error,), {"error_code": wire.COMPRESSION_ERROR}
        ),
        oversized_error=connection.OversizedHeaderListError,
    )


def new_server(name: str) -> Any:  # noqa: ANN401 - the library is untyped
    """A server core whose settings, before and without SETTINGS, are RFC 9113's on both sides."""
    library = load(name)
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
    # jh2 assumes a browser's defaults (6 MB windows, 64 KB header table) for either side; a peer
    # that does not mention a setting means RFC 9113's.
    core.local_settings = library.settings.Settings(
        client=False,
        initial_values={
            wire.SETTING_HEADER_TABLE_SIZE: wire.HEADER_TABLE_BYTES,
            wire.SETTING_MAX_STREAMS: wire.UNLIMITED_STREAMS,
            wire.SETTING_WINDOW_SIZE: wire.STREAM_WINDOW_BYTES,
            wire.SETTING_FRAME_SIZE: wire.FRAME_BYTES,
            wire.SETTING_HEADER_LIST_SIZE: wire.DECODED_HEADER_BYTES,
        },
    )
    core.remote_settings = library.settings.Settings(
        client=True,
        initial_values={
            wire.SETTING_HEADER_TABLE_SIZE: 4096,
            wire.SETTING_WINDOW_SIZE: 65_535,
            wire.SETTING_FRAME_SIZE: 16_384,
        },
    )
    core.max_inbound_frame_size = wire.FRAME_BYTES
    core.max_outbound_frame_size = wire.FRAME_BYTES
    core.decoder.max_allowed_table_size = wire.HEADER_TABLE_BYTES
    core.decoder.max_header_list_size = wire.DECODED_HEADER_BYTES
    core.decoder = _StrictDecoder(core.decoder, library.oversized_error, library.compression_error)
    return core
