"""The wires of a scenario: memory in place of sockets, so that nothing takes time but what should.

TLS, HTTP/2 and the courier's protocol run over them as they would over TCP.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpcore
import trio
from trio.testing import memory_stream_pair

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Iterable

    from trio.abc import HalfCloseableStream, Stream

    Serve = Callable[[HalfCloseableStream], Awaitable[None]]

FIRST_LOCAL_PORT = 49_152  # where ephemeral ports begin (RFC 6335 §6)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Where connections to one front of the gateway are made.

    Attributes:
        serve: the gateway's end of each connection.
        nursery: holds the gateway's ends.
    """

    serve: Serve
    nursery: trio.Nursery

    async def connect(self) -> Stream:
        """The near end of a new connection; there is always somebody at the other one."""
        await trio.lowlevel.checkpoint()
        near, far = memory_stream_pair()
        self.nursery.start_soon(self.serve, far)
        return near


class CourierWire:
    """What phones connect through; see ``devicesim.link.dial.Wire``.

    Args:
        exchange: of the courier front.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._ports = itertools.count(FIRST_LOCAL_PORT)

    async def open_tcp(self, host: str, port: int) -> tuple[Stream, str, str]:
        """A connection, with addresses to be shown."""
        stream = await self._exchange.connect()
        return stream, f"192.168.1.2:{next(self._ports)}", f"{host}:{port}"

    async def make(self, make_context: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """Here and now: virtual time would not wait for a thread."""
        await trio.lowlevel.checkpoint()
        return make_context()


class ProviderWire(httpcore.AsyncNetworkBackend):
    """What a provider's HTTP client connects through.

    Args:
        exchange: of the provider front.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - there is one gateway
        port: int,  # noqa: ARG002
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the gateway."""
        return _HttpStream(await self._exchange.connect())


class _HttpStream(httpcore.AsyncNetworkStream):
    """Nothing has a time limit: a gateway that does not answer is something to be seen."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        try:
            return bytes(await self._stream.receive_some(max_bytes))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.ReadError(str(error)) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        try:
            await self._stream.send_all(buffer)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise httpcore.WriteError(str(error)) from error

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.AsyncNetworkStream:
        tls = trio.SSLStream(
            self._stream, ssl_context, server_hostname=server_hostname, https_compatible=True
        )
        try:
            await tls.do_handshake()
        except trio.BrokenResourceError as error:
            raise httpcore.ConnectError(str(error.__cause__ or error)) from error
        return _HttpStream(tls)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401, ARG002 - as httpcore has it
        return None
