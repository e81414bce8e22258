"""What may be done to the stream of an answer, and to its connection: HTTP/2 frames and TCP."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator
from pydantic.dataclasses import dataclass

from gateway.faults.actions import Answer
from gateway.faults.basics import STRICT, Act, RequestAct, Seconds, Stage
from protocol.provider.http import ERROR_NAMES, ErrorName

_Unsigned = Annotated[int, Field(ge=0, lt=1 << 32)]
_StreamId = Annotated[int, Field(ge=0, lt=1 << 31)]
ErrorCode = ErrorName | _Unsigned
When = Literal["request", "connect"]


def number_of(code: ErrorCode) -> int:
    """What a GOAWAY or RST_STREAM says."""
    return ERROR_NAMES.index(code) if isinstance(code, str) else code


# -- of one stream ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class ResetStream(RequestAct):
    """RST_STREAM in place of an answer; ``REFUSED_STREAM`` says that nothing was processed."""

    bends: ClassVar[bool] = True

    type: Literal["reset-stream"]
    code: ErrorCode = "INTERNAL_ERROR"

    @property
    def is_answered(self) -> bool:
        """A reset is no answer."""
        return False

    def __str__(self) -> str:
        return f"reset the stream, {self.code}"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class _Cut(RequestAct):
    """The gateway's own answer, or ``answer``; the push is taken in the first case."""

    bends: ClassVar[bool] = True

    answer: Answer | None = None

    @property
    def takes(self) -> bool:
        """The gateway's own answer is that to a push it has taken, or refused."""
        return self.accept or self.answer is None


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Pieces(_Cut):
    """Answer in DATA frames of ``bytes_each``, ``seconds`` apart.

    ``empty_end``: END_STREAM comes on an empty frame of its own.
    """

    type: Literal["pieces"]
    bytes_each: int = Field(default=1, ge=1)
    seconds: Seconds = 0
    empty_end: bool = False

    def __str__(self) -> str:
        return f"answer in pieces of {self.bytes_each} bytes"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Truncate(_Cut):
    """Answer the first ``bytes`` of the body, ``then`` end the stream, reset it, or do nothing."""

    type: Literal["truncate"]
    bytes: int = Field(default=0, ge=0)
    then: Literal["end", "reset", "nothing"] = "end"

    def __str__(self) -> str:
        return f"cut the answer off after {self.bytes} bytes, {self.then}"


# -- of a connection -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class _ConnectionAct(RequestAct):
    """``at``: when a request matches, or as soon as a connection is made."""

    bends: ClassVar[bool] = True

    at: When = "request"

    @property
    def stage(self) -> Stage:
        """As the user wishes."""
        return Stage.REQUEST if self.at == "request" else Stage.CONNECTION


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Goaway(_ConnectionAct):
    """GOAWAY with requests in flight.

    * ``last_stream``: ``this`` request was heard; ``before``: it was not; ``all``: 2^31-1, as
      servers begin a graceful end; or a number.
    * ``reason``: makes the debug data ``{"reason":…}``, as Apple's; ``debug``: any text.
    * ``twice``: one with 2^31-1 first, the other at once behind it.
    * ``answers``: the request is taken and answered behind it; else it never is.
    * ``close_seconds``: how long afterwards that is, and the connection ends; null = at once, and
      it stays open.
    """

    type: Literal["goaway"]
    code: ErrorCode = "NO_ERROR"
    last_stream: Literal["all", "this", "before"] | _StreamId = "this"
    reason: str | None = Field(default=None, max_length=200)
    debug: str | None = Field(default=None, max_length=4000)
    twice: bool = False
    answers: bool = False
    close_seconds: Seconds | None = 0

    @property
    def takes(self) -> bool:
        """What is answered is the gateway's own answer."""
        return self.accept or self.answers

    @property
    def is_answered(self) -> bool:
        """As the user wishes."""
        return self.answers

    def __str__(self) -> str:
        return f"GOAWAY {self.code}, last stream {self.last_stream}" + ", twice" * self.twice


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Settings(_ConnectionAct):
    """SETTINGS with other values; the request goes on."""

    is_transparent: ClassVar[bool] = True

    type: Literal["settings"]
    header_table_size: _Unsigned | None = None
    enable_push: _Unsigned | None = None
    max_concurrent_streams: _Unsigned | None = None
    initial_window_size: _Unsigned | None = None
    max_frame_size: _Unsigned | None = None
    max_header_list_size: _Unsigned | None = None

    @property
    def takes(self) -> bool:
        """The request goes on."""
        return True

    @model_validator(mode="after")
    def _changes_something(self) -> "Settings":
        if not self.values():
            raise ValueError("no setting is named, such as max_concurrent_streams")
        return self

    def values(self) -> dict[int, int]:
        """By RFC 9113's numbers, 6.5.2."""
        in_order = (
            self.header_table_size,
            self.enable_push,
            self.max_concurrent_streams,
            self.initial_window_size,
            self.max_frame_size,
            self.max_header_list_size,
        )
        return {number: value for number, value in enumerate(in_order, 1) if value is not None}

    def __str__(self) -> str:
        return f"SETTINGS {self.values()}"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Close(_ConnectionAct):
    """End the connection without a word.

    ``fin``: TCP's end, without GOAWAY and TLS's goodbye. ``reset``: TCP's RST. ``half-open``: it
    stays, and nothing is heard or said any more, for ``seconds``; null = until the provider leaves
    (as far as a process can: its kernel still acknowledges).
    """

    type: Literal["close"]
    how: Literal["fin", "reset", "half-open"] = "fin"
    seconds: Seconds | None = None

    @property
    def is_answered(self) -> bool:
        """Nobody hears anything any more."""
        return False

    def __str__(self) -> str:
        return f"close the connection, {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class _Trait(Act):
    """How a connection is from its beginning; several may come together."""

    is_transparent: ClassVar[bool] = True

    @property
    def stage(self) -> Stage:
        """From its beginning."""
        return Stage.CONNECTION


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class NoPingAck(_Trait):
    """PING is never acknowledged."""

    type: Literal["no-ping-ack"]

    def __str__(self) -> str:
        return "no PING is acknowledged"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class NoWindow(_Trait):
    """No window is ever opened: once the first ones are full, the provider has to wait for ever.

    ``stream_bytes``: the first window of each stream (INITIAL_WINDOW_SIZE); with 0 nothing but
    headers can be sent. That of the connection is 65,535 bytes, by RFC 9113.
    """

    type: Literal["no-window"]
    stream_bytes: int = Field(default=65_535, ge=0, lt=1 << 31)

    def __str__(self) -> str:
        return f"windows of {self.stream_bytes} bytes that never open"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class IdleClose(_Trait):
    """Close after so many seconds of silence, with GOAWAY IdleTimeout or (false) without."""

    type: Literal["idle-close"]
    seconds: float = Field(gt=0, le=1e6)
    goaway: bool = True

    def __str__(self) -> str:
        return f"close after {self.seconds:g} s of silence" + ", no GOAWAY" * (not self.goaway)
