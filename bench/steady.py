"""A provider that pushes at a steady rate, each payload stamped with the time of its sending."""

from __future__ import annotations

import json
import ssl
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import trio
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ResponseReceived

from bench.phones import TOPIC

if TYPE_CHECKING:
    from collections.abc import Sequence


async def push_steadily(
    info: dict[str, Any], bearer: str, tokens: Sequence[str], *, per_second: int, seconds: float
) -> int:
    """Push over one connection; how many were answered 200.

    Args:
        info: the gateway's.
        bearer: a provider token.
        tokens: device tokens, taken in turn.
        per_second: how many requests to begin per second.
        seconds: for how long.
    """
    provider = await _Provider.connect(info, bearer)
    total = int(per_second * seconds)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(provider.hear, total)
        began = trio.current_time()
        for number in range(total):
            await trio.sleep_until(began + number / per_second)
            await provider.push(tokens[number % len(tokens)])
    return provider.accepted


class _Provider:
    def __init__(self, stream: trio.SSLStream[trio.SocketStream], info: dict[str, Any]) -> None:
        self._stream = stream
        self._http2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._http2.initiate_connection()
        self._authority = urlsplit(info["provider_url"]).netloc
        self._heard = trio.Event()
        self._bearer = ""
        self.accepted = 0

    @classmethod
    async def connect(cls, info: dict[str, Any], bearer: str) -> _Provider:
        url = urlsplit(info["provider_url"])
        context = ssl.create_default_context(cafile=info["ca_file"])
        context.set_alpn_protocols(["h2"])
        stream = await trio.open_ssl_over_tcp_stream(
            url.hostname or "", url.port or 443, ssl_context=context
        )
        provider = cls(stream, info)
        provider._bearer = bearer
        return provider

    async def hear(self, total: int) -> None:
        answered = 0
        async with self._stream:
            async for data in self._stream:
                self._heard.set()
                for event in self._http2.receive_data(bytes(data)):
                    if isinstance(event, ResponseReceived):
                        answered += 1
                        self.accepted += (":status", "200") in event.headers
                if answered == total:
                    return

    async def push(self, token: str) -> None:
        http2 = self._http2
        # Until the first token is believed, one stream at a time (Apple's way, too).
        while http2.open_outbound_streams >= http2.remote_settings.max_concurrent_streams:
            self._heard = trio.Event()
            await self._heard.wait()
        stream_id = http2.get_next_available_stream_id()
        http2.send_headers(stream_id, _headers(self._authority, token, self._bearer))
        payload = {"aps": {"alert": "Hello"}, "sent_ns": time.monotonic_ns()}
        http2.send_data(stream_id, json.dumps(payload).encode(), end_stream=True)
        await self._stream.send_all(http2.data_to_send())


def _headers(authority: str, token: str, bearer: str) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", authority),
        (":path", f"/3/device/{token}"),
        ("authorization", f"bearer {bearer}"),
        ("apns-topic", TOPIC),
        ("apns-push-type", "alert"),
    ]
