"""Bytes of ``apns-security-v3``."""

from __future__ import annotations

import dataclasses

import pytest

from protocol.courier.errors import LocalProtocolError, RemoteProtocolError
from protocol.courier.messages import (
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    NoStorage,
    PushAck,
    StorageFlags,
    TokenStatus,
)
from protocol.courier.tlv import TlvCodec
from protocol.identifiers import DeviceToken, Topic, UniqueId
from tests.protocol.courier.examples import OK, PUSH, REFUSED

BASE = DeviceToken(bytes(range(32)))
TOPIC = Topic("com.example.a")
DIGEST = bytes.fromhex("a821d5dac92a9f39e414730ed5976d08ae9244fe")


def item(number: int, value: bytes) -> bytes:
    return bytes([number]) + len(value).to_bytes(2) + value


def frame(command: int, *items: bytes) -> bytes:
    body = b"".join(items)
    return bytes([command]) + len(body).to_bytes(4) + body


def test_connect_as_pushproxy_documents_it() -> None:
    # ``07 00000027 01 0020 <32> 02 0001 01``
    body = bytes.fromhex("010020") + BASE + bytes.fromhex("02000101")
    assert len(body) == 0x27
    assert TlvCodec().decode(0x07, body) == Connect(interface="", token=BASE)


def test_a_welcome_has_every_item_that_pypush_needs() -> None:
    codec = TlvCodec()
    made = codec.encode(dataclasses.replace(OK, token=BASE))
    assert made == frame(
        0x08,
        item(1, b"\x00"),
        item(3, BASE),
        item(4, bytes.fromhex("1000")),
        item(5, bytes.fromhex("0002")),
        item(6, bytes.fromhex("00000030")),
        item(8, bytes.fromhex("3c00")),
        item(10, (1_700_000_000_000).to_bytes(8)),
    )
    assert codec.encode(NoStorage()) == frame(0x0E, item(1, BASE))


def test_a_refusal_has_the_same_items_but_the_token() -> None:
    assert TlvCodec().encode(REFUSED).startswith(frame(0x08, item(1, b"\x02"))[5:], 5)
    assert REFUSED.status is ConnectStatus.REFUSED
    assert item(3, BASE)[:3] not in TlvCodec().encode(REFUSED)[5:9]


def test_a_push_has_items_1_to_7() -> None:
    push = dataclasses.replace(
        PUSH,
        message_id=UniqueId.from_random(bytes.fromhex("01020304") + bytes(12)),
        token=BASE,
        topic=TOPIC,
        expires_at=1e12,
        storage=StorageFlags.FROM_STORAGE | StorageFlags.LAST_FROM_STORAGE,
    )
    assert TlvCodec().encode(push) == frame(
        0x0A,
        item(1, BASE),
        item(2, DIGEST),
        item(3, b'{"aps":{}}'),
        item(4, bytes.fromhex("01020304")),
        item(5, b"\xff\xff\xff\xff"),
        item(6, (1_700_000_000 * 10**9).to_bytes(8)),
        item(7, b"\x03"),
    )


def test_short_messages() -> None:
    codec = TlvCodec()
    codec.encode(Connect(token=BASE))
    ack = PushAck(UniqueId.from_random(bytes.fromhex("01020304") + bytes(12)))
    assert codec.encode(ack) == frame(
        0x0B, item(1, BASE), item(4, bytes.fromhex("01020304")), item(8, b"\x00")
    )
    assert codec.encode(KeepAlive()) == frame(0x0C)
    assert codec.encode(KeepAlive(61)) == frame(0x0C, item(5, b"02"))
    assert codec.encode(KeepAliveResponse()) == frame(0x0D)
    assert codec.encode(AppTokenRequest(TOPIC)) == frame(0x11, item(1, BASE), item(2, DIGEST))
    assert codec.encode(Filter(paused=(TOPIC,))) == frame(0x09, item(1, BASE), item(5, DIGEST))


def test_a_refused_token_is_an_empty_item() -> None:
    refused = AppTokenResponse(TokenStatus.REFUSED, TOPIC, None)
    assert TlvCodec().encode(refused) == frame(
        0x12, item(1, b"\x01"), item(2, b""), item(3, DIGEST)
    )


@pytest.mark.parametrize(
    ("body", "match"),
    [
        ("02", "its last item is cut off in its head"),
        ("0200", "its last item is cut off in its head"),
        ("020001", "item 2 announces 1 bytes, and 0 are there"),
    ],
)
def test_an_item_that_is_cut_off_is_refused(body: str, match: str) -> None:
    with pytest.raises(RemoteProtocolError, match=f"command 0x07, connect: {match}"):
        TlvCodec().decode(0x07, bytes.fromhex(body))


def test_a_value_that_no_length_can_say_is_not_sent() -> None:
    with pytest.raises(LocalProtocolError, match="item 3 has 65536 bytes, the limit is 65535"):
        TlvCodec().encode(dataclasses.replace(PUSH, payload=bytes(65536)))
