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
    url = urlsplit(info["provider_url"])
    context = ssl.create_default_context(cafile=info["ca_file"])
    context.set_alpn_protocols(["h2"])
    stream = await trio.open_ssl_over_tcp_stream(url.hostname, url.port, ssl_context=context)
    http2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
    http2.initiate_connection()
    accepted = 0
    heard = trio.Event()
    total = int(per_second * seconds)

    async def hear() -> None:
        nonlocal accepted
        answered = 0
        async for data in stream:
            heard.set()
            for event in http2.receive_data(bytes(data)):
                if isinstance(event, ResponseReceived):
                    answered += 1
                    accepted += (":status", "200") in event.headers
            if answered == total:
                return

    async with trio.open_nursery() as nursery:
        nursery.start_soon(hear)
        began = trio.current_time()
        for number in range(total):
            await trio.sleep_until(began + number / per_second)
            # Until the first token is believed, one stream at a time (Apple's way, too).
            while http2.open_outbound_streams >= http2.remote_settings.max_concurrent_streams:
                heard = trio.Event()
                await heard.wait()
            token = tokens[number % len(tokens)]
            stream_id = http2.get_next_available_stream_id()
            http2.send_headers(stream_id, _headers(url.netloc, token, bearer))
            payload = {"aps": {"alert": "Hello"}, "sent_ns": time.monotonic_ns()}
            http2.send_data(stream_id, json.dumps(payload).encode(), end_stream=True)
            await stream.send_all(http2.data_to_send())
    await stream.aclose()
    return accepted


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
