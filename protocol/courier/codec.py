"""A dialect: how messages become frames and frames messages; one per link, chosen by ALPN."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Protocol

from protocol.courier.compact import CompactCodec
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.pack import PackedCodec
from protocol.courier.tlv import TlvCodec

if TYPE_CHECKING:
    from protocol.courier.frames import FrameReader
    from protocol.courier.messages import Message


class Codec(Protocol):
    """One end's dialect of one link (a dialect may keep state between messages).

    ``ALPN`` is the protocol name that selects it in the TLS handshake. ``PROVES_IN_CONNECT`` says
    that a device shows its certificate in its Connect and not in TLS.
    """

    ALPN: ClassVar[str]
    PROVES_IN_CONNECT: ClassVar[bool]

    def frames(self, max_frame_bytes: int) -> FrameReader:
        """What cuts the stream into frames of this dialect."""
        ...

    def encode(self, message: Message) -> bytes:
        """A whole frame, header included. The message is believed: our own types made it.

        Raises:
            LocalProtocolError: the dialect has no words for it.
        """
        ...

    def decode(self, command: int, body: bytes) -> Message | None:
        """The message in a frame; None for a command number that the dialect does not know.

        Apple's open clients ignore commands they do not know (reference: pypush, rustpush), and
        so do both of our ends: that is how a newer peer can say more. The connection counts
        them.

        Raises:
            RemoteProtocolError: the body is not what this command carries; says which field.
        """
        ...


_DIALECTS: dict[str, type[Codec]] = {
    codec.ALPN: codec for codec in (CompactCodec, TlvCodec, PackedCodec)
}

# What a gateway's TLS context takes, in order of preference.
ALPN_PROTOCOLS: tuple[str, ...] = tuple(_DIALECTS)


def codec_for(alpn: str | None) -> Codec:
    """A new codec for the protocol that ALPN selected.

    Args:
        alpn: the selected name; None when the peer named none that we know.

    Raises:
        RemoteProtocolError: no dialect has that name.
    """
    dialect = _DIALECTS.get(alpn) if alpn is not None else None
    if dialect is None:
        known = ", ".join(ALPN_PROTOCOLS)
        raise RemoteProtocolError(f"ALPN chose {alpn!r}; a courier link speaks one of: {known}")
    return dialect()
