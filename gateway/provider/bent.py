"""Does to a stream or a connection what a fault rule says, frame by frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import trio

from gateway.faults.frames import (
    Close,
    Goaway,
    IdleClose,
    NoPingAck,
    NoWindow,
    Pieces,
    ResetStream,
    Settings,
    Truncate,
    number_of,
)
from gateway.provider import wire
from gateway.provider.ending import Farewell
from protocol.provider.response import reason_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gateway.faults.basics import Act
    from gateway.provider.contract import ConnectionSettings
    from gateway.provider.ending import Ending
    from gateway.provider.http2 import Http2
    from gateway.provider.inbound import Stream
    from gateway.provider.writer import Writer
    from protocol.provider.http import HttpResponse


@dataclass(frozen=True, slots=True)
class Bent:
    """In place of an answer: what is done, in order, and what is still to be answered."""

    acts: tuple[Act, ...]
    response: HttpResponse | None = None


class Bending:
    """The fault rules' hand in one connection.

    Args:
        http2: its frames.
        streams: those that are open, by number.
        ending: when it ends.
        writer: what it says.
        finish: ends it now.
    """

    def __init__(
        self,
        http2: Http2,
        streams: dict[int, Stream],
        ending: Ending,
        writer: Writer,
        finish: Callable[[Farewell], None],
    ) -> None:
        self._http2 = http2
        self._streams = streams
        self._ending = ending
        self._writer = writer
        self._finish = finish

    async def bend(self, bent: Bent, stream: Stream | None = None) -> HttpResponse | None:
        """Do what is to be done; the answer that is still to be given, if any.

        Args:
            bent: what.
            stream: of the request; None when there is none, at the beginning of a connection.
        """
        response = bent.response
        for act in bent.acts:
            match act:
                case Settings():
                    self._http2.say(wire.settings_frame(act.values()))
                case Goaway():
                    await self._say_goaway(act, stream)
                case Close():
                    await self._break_off(act)
                case ResetStream() if stream is not None:
                    self._reset(stream, number_of(act.code))
                case Pieces() | Truncate() if stream is not None and response is not None:
                    await self._cut(act, stream, response)
                    response = None
        return response

    # -- a stream --------------------------------------------------------------------------------

    def _reset(self, stream: Stream, code: int) -> None:
        self._streams.pop(stream.stream_id, None)
        self._http2.reset(stream.stream_id, code)

    async def _cut(self, act: Pieces | Truncate, stream: Stream, response: HttpResponse) -> None:
        number, body = stream.stream_id, response.body
        is_whole = not body and not (isinstance(act, Pieces) and act.empty_end)
        self._http2.send_headers(number, response.status, response.headers, end=is_whole)
        if isinstance(act, Pieces):
            await self._send_in_pieces(act, number, body)
        elif not is_whole:
            self._http2.send_piece(number, body[: act.bytes], end=act.then == "end")
        if isinstance(act, Truncate) and act.then == "reset":
            self._reset(stream, number_of("INTERNAL_ERROR"))
        elif is_whole or isinstance(act, Pieces) or act.then == "end":
            self._streams.pop(number, None)

    async def _send_in_pieces(self, act: Pieces, number: int, body: bytes) -> None:
        starts = range(0, len(body), act.bytes_each)
        for start in starts:
            piece = body[start : start + act.bytes_each]
            is_last = start == starts[-1] and not act.empty_end
            self._http2.send_piece(number, piece, end=is_last)
            self._writer.ring()
            await trio.sleep(act.seconds)
        if act.empty_end:
            self._http2.send_piece(number, b"", end=True)

    # -- the connection --------------------------------------------------------------------------

    async def _say_goaway(self, act: Goaway, stream: Stream | None) -> None:
        heard = max(self._streams, default=0) if stream is None else stream.stream_id
        last = {"all": wire.LAST_STREAM_ID, "this": heard, "before": max(0, heard - 2)}.get(
            str(act.last_stream)
        )
        last = int(act.last_stream) if last is None else last
        debug = reason_json(act.reason) if act.reason is not None else (act.debug or "").encode()
        code = number_of(act.code)
        if act.twice:
            self._http2.say(wire.goaway_frame(code, debug, wire.LAST_STREAM_ID))
        self._http2.say(wire.goaway_frame(code, debug, last))
        if act.close_seconds == 0 and not act.answers:
            self._http2.say_no_more()
        self._ending.has_had_enough = last != wire.LAST_STREAM_ID
        self._writer.ring()
        if act.close_seconds is None:
            return
        await trio.sleep(act.close_seconds)
        farewell = Farewell(str(act), debug_data=None)  # it has been said
        if act.answers:
            self._ending.leave(farewell)
        else:
            self._finish(farewell)

    async def _break_off(self, act: Close) -> None:
        if act.how == "half-open":
            self._http2.deafen()
            self._writer.hush()
            if act.seconds is None:
                return
            await trio.sleep(act.seconds)
        else:
            self._writer.break_off(is_reset=act.how == "reset")
        self._finish(Farewell(str(act), debug_data=None))


def with_traits(settings: ConnectionSettings, acts: Iterable[Act]) -> ConnectionSettings:
    """The numbers of a connection that is so from its beginning."""
    for act in acts:
        if isinstance(act, NoPingAck):
            settings = replace(settings, acknowledges_pings=False)
        elif isinstance(act, NoWindow):
            settings = replace(settings, opens_windows=False, stream_window_bytes=act.stream_bytes)
        elif isinstance(act, IdleClose):
            settings = replace(settings, idle_seconds=act.seconds, says_why_when_idle=act.goaway)
    return settings
