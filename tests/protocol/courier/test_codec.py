from __future__ import annotations

import pytest

from protocol.courier.codec import ALPN_PROTOCOLS, codec_for
from protocol.courier.compact import CompactCodec
from protocol.courier.errors import RemoteProtocolError
from protocol.courier.tlv import TlvCodec


def test_alpn_chooses_the_dialect() -> None:
    assert isinstance(codec_for("apnsim-msgpack-v1"), CompactCodec)
    assert "apnsim-msgpack-v1" in ALPN_PROTOCOLS


@pytest.mark.parametrize("alpn", ["h2", "", None])
def test_any_other_alpn_is_refused_and_says_what_is_spoken(alpn: str | None) -> None:
    with pytest.raises(RemoteProtocolError, match="apnsim-msgpack-v1"):
        codec_for(alpn)


def test_apples_wire_has_names_of_its_own_and_shows_certificates_later() -> None:
    codec = codec_for("apns-security-v3")
    assert isinstance(codec, TlvCodec)
    assert codec.PROVES_IN_CONNECT
    assert not CompactCodec.PROVES_IN_CONNECT
