"""A hostile provider: requests and frames, right and wrong, as Hypothesis draws them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, TypeAlias

import trio
from hpack import Decoder, Encoder
from hyperframe.frame import ContinuationFrame, DataFrame, HeadersFrame, PingFrame, RstStreamFrame
from hypothesis import strategies as st

from tests.io.streams import EMPTY_SETTINGS, PREFACE, Provider, frame

if TYPE_CHECKING:
    from hyperframe.frame import Frame

Fields: TypeAlias = list[tuple[bytes, bytes]]

TOKEN, BEARER = b"$TOKEN", b"$BEARER"
"""Stand for what only the running gateway knows."""
GOOD: Fields = [
    (b":method", b"POST"),
    (b":scheme", b"https"),
    (b":path", b"/3/device/" + TOKEN),
    (b"authorization", BEARER),
    (b"apns-topic", b"com.example.app"),
    (b"apns-id", b"eabeae54-14a8-11e5-b60b-1697f925ec7b"),
]
BIGGEST_FRAME = 16_384
PING = b"are you?"


class Xs(bytes):
    """As many ``x`` as asked for; Hypothesis need not print them."""

    def __new__(cls, length: int) -> Self:
        return super().__new__(cls, b"x" * length)

    def __repr__(self) -> str:
        return f"Xs({len(self)})"


@dataclass(frozen=True)
class Request:
    """One request on a stream of its own.

    Attributes:
        fields: the header list.
        body: its pieces, one DATA frame each; none: the HEADERS end it.
        ends: whether it is ever whole.
        padding: of each DATA frame, in bytes.
    """

    fields: Fields
    body: list[bytes]
    ends: bool
    padding: int


@dataclass(frozen=True)
class Raw:
    """Any frame at all; ``stream`` counts back from the last one opened, None is stream 0."""

    kind: int
    flags: int
    stream: int | None
    payload: bytes


ODD_VALUES = st.one_of(
    st.sampled_from(
        [b"", b"0", b"-1", b"10", b"1e999", b"\0", b"a\r\nb", b" ", b"\xff\xfe", b"GET"]
    ),
    st.sampled_from([100, 4000, 9000, 20_000, 70_000]).map(Xs),
    st.binary(max_size=30),
)
ODD_NAMES = st.one_of(
    st.sampled_from(
        b" :method :path :scheme :authority :protocol :status te connection transfer-encoding"
        b" content-length Apns-Id apns-id apns-topic apns-priority apns-expiration apns-push-type"
        b" apns-collapse-id authorization cookie host a:b".split(b" ")
    ),
    st.binary(max_size=10),
)


@st.composite
def field_lists(draw: st.DrawFn) -> Fields:
    """A good header list with some things wrong, or none."""
    fields = list(GOOD)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(fields)))
        odd = (draw(ODD_NAMES), draw(ODD_VALUES))
        match draw(st.sampled_from(["insert", "replace", "drop", "swap"])):
            case "insert":
                fields.insert(place, odd)
            case "replace" if place < len(fields):
                fields[place] = (fields[place][0], odd[1])
            case "drop" if place < len(fields):
                del fields[place]
            case "swap" if place < len(fields):
                fields.append(fields.pop(place))
    return fields


BODIES = st.lists(
    st.one_of(
        st.just(b'{"aps":{"alert":"Hello"}}'),
        st.sampled_from([0, 1, 4096, 4097, 5121, 9000, 16_000]).map(Xs),
        st.binary(max_size=40),
    ),
    max_size=3,
)
REQUESTS = st.builds(
    Request, field_lists(), BODIES, st.sampled_from([True, True, False]), st.sampled_from([0, 0, 9])
)
PAYLOADS = st.one_of(
    st.binary(max_size=24),
    st.integers(0, 2**32 - 1).map(lambda number: number.to_bytes(4, "big")),
    st.tuples(st.integers(0, 9), st.integers(0, 2**32 - 1)).map(
        lambda pair: pair[0].to_bytes(2, "big") + pair[1].to_bytes(4, "big")
    ),
    st.sampled_from([bytes(8), b"\0\0\0\x08", b"\x83\x87\x84", Xs(BIGGEST_FRAME), Xs(20_000)]),
)
RAW = st.builds(
    Raw,
    st.integers(0, 12),
    st.integers(0, 255) | st.sampled_from([0, 1, 4, 5]),
    st.none() | st.integers(-2, 4),
    PAYLOADS,
)
CONVERSATIONS = st.tuples(
    st.lists(st.one_of(REQUESTS, REQUESTS, RAW), max_size=8),
    st.lists(st.integers(1, 3000), max_size=5),
)
"""What is said, and the lengths of the first writes in which it is sent."""


@dataclass
class Script:
    """The bytes of one conversation.

    Attributes:
        whole: the streams of requests that are whole and that no raw frame has meddled with.
    """

    data: bytes = PREFACE + EMPTY_SETTINGS
    whole: set[int] = field(default_factory=set)
    _encoder: Encoder = field(default_factory=Encoder)
    _next: int = 1

    def write(self, moves: list[Request | Raw], token: str, bearer: str) -> Script:
        """Add all of it, and a PING at the end."""
        for move in moves:
            if isinstance(move, Request):
                known = {TOKEN: token.encode(), BEARER: bearer.encode()}
                self._request(move, known)
            else:
                self._raw(move)
        self.data += frame(6, 0, 0, PING)
        return self

    def _request(self, move: Request, known: dict[bytes, bytes]) -> None:
        number, self._next = self._next, self._next + 2
        fields = [
            (name, value.replace(TOKEN, known[TOKEN]).replace(BEARER, known[BEARER]))
            for name, value in move.fields
        ]
        block = self._encoder.encode(fields)
        pieces = [block[at : at + BIGGEST_FRAME] for at in range(0, len(block), BIGGEST_FRAME)]
        for at, piece in enumerate(pieces or [b""]):
            last = 4 if at >= len(pieces) - 1 else 0
            ends = 1 if at == 0 and not move.body and move.ends else 0
            self.data += frame(9 if at else 1, last | ends, number, piece)
        for at, piece in enumerate(move.body, 1):
            flags = (1 if at == len(move.body) and move.ends else 0) | (8 if move.padding else 0)
            pad = (bytes([move.padding]), bytes(move.padding)) if move.padding else (b"", b"")
            self.data += frame(0, flags, number, piece.join(pad))
        if move.ends:
            self.whole.add(number)

    def _raw(self, move: Raw) -> None:
        number = 0 if move.stream is None else max(0, self._next - 2 - move.stream)
        self.whole.discard(number)
        self.data += frame(move.kind, move.flags, number, move.payload)


class Wire(Provider):
    """Hears frames, without a client core that could be shocked by them."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        super().__init__(stream)
        self.decoder = Decoder(1 << 20)
        self.decoder.max_allowed_table_size = 1 << 32

    async def say(self, data: bytes, cuts: list[int]) -> None:
        """In pieces of these lengths, and then the rest; until the gateway hangs up."""
        rest = memoryview(data)  # no copies: some tests measure memory
        try:
            for length in [*cuts, len(data)]:
                await self.stream.send_all(rest[:length])
                rest = rest[length:]
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass

    async def hear(self) -> bool:
        """One piece; whether there was one."""
        try:
            data = await self.stream.receive_some()
        except trio.BrokenResourceError:
            data = b""
        self._take_apart(bytes(data))
        self.at_end = not data
        return bool(data)

    async def hear_what_becomes_of(self, whole: set[int]) -> None:
        """Until the PING is back and every whole request is answered or reset, or the end."""
        while not self.at_end and (
            self.goaways or not (self._is_ponged() and whole <= self.settled())
        ):
            await self.hear()

    def settled(self) -> set[int]:
        """The streams that got an answer or a reset."""
        kinds = (HeadersFrame, RstStreamFrame)
        return {frame.stream_id for frame in self.frames if isinstance(frame, kinds)}

    def answers(self) -> list[tuple[int, str | None]]:
        """Status of each answer, in order, and the reason if its body has arrived whole."""
        bodies: dict[int, bytes] = {}
        ended = set()
        statuses = {}
        for number, block in _blocks(self.frames):
            statuses[number] = int(dict(self.decoder.decode(block, raw=True))[b":status"])
        for each in self.frames:
            if isinstance(each, DataFrame):
                bodies[each.stream_id] = bodies.get(each.stream_id, b"") + each.data
                ended |= {each.stream_id} if "END_STREAM" in each.flags else set()
        return [
            (status, json.loads(bodies[number])["reason"] if number in ended else None)
            for number, status in statuses.items()
        ]

    def _is_ponged(self) -> bool:
        return any(isinstance(f, PingFrame) and f.opaque_data == PING for f in self.frames)


def _blocks(frames: list[Frame]) -> list[tuple[int, bytes]]:
    """The header blocks of the answers, in order."""
    blocks: list[tuple[int, bytes]] = []
    for each in frames:
        if isinstance(each, HeadersFrame):
            blocks.append((each.stream_id, each.data))
        elif isinstance(each, ContinuationFrame):
            blocks[-1] = (each.stream_id, blocks[-1][1] + each.data)
    return blocks
