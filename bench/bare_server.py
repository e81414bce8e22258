"""The other yardstick: the smallest Trio server with the same HTTP/2 library, answering 200.

``python -m bench.bare_server CERT KEY`` prints its port. What apnsim costs beyond this is ours.
"""

from __future__ import annotations

import ssl
import sys

import trio
from jh2.config import H2Configuration
from jh2.connection import H2Connection
from jh2.events import DataReceived, StreamEnded

ANSWER = [(":status", "200"), ("apns-id", "F4121B12-E0BF-3266-F079-D9253E98BF49")]


async def serve(stream: trio.abc.Stream, context: ssl.SSLContext) -> None:
    """Answer 200 to every request of one connection."""
    tls = trio.SSLStream(stream, context, server_side=True)
    http2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
    http2.local_settings.max_concurrent_streams = 1000
    http2.initiate_connection()
    http2.increment_flow_control_window(1 << 24)
    try:
        await tls.send_all(http2.data_to_send())
        async for data in tls:
            for event in http2.receive_data(bytes(data)):
                if isinstance(event, DataReceived):
                    http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                elif isinstance(event, StreamEnded):
                    http2.send_headers(event.stream_id, ANSWER, end_stream=True)
            if answers := http2.data_to_send():
                await tls.send_all(answers)
    except trio.BrokenResourceError:
        pass


async def main() -> None:
    """Serve until killed."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*sys.argv[1:3])
    context.set_alpn_protocols(["h2"])
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    print(listener.socket.getsockname()[1], flush=True)
    await trio.serve_listeners(lambda stream: serve(stream, context), [listener])


if __name__ == "__main__":
    trio.run(main)
