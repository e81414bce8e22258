"""A courier front for tests: real TLS on a free port, the real protocol core, a tiny directory."""

from __future__ import annotations

import itertools
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import trio

from certs.contexts import COURIER_ALPN, courier_server_context
from certs.server_names import DEFAULT_SERVER_NAMES
from protocol.courier.compact import CompactCodec
from protocol.courier.connection import CourierConnection
from protocol.courier.messages import (
    AppTokenInvalidate,
    AppTokenInvalidateResponse,
    AppTokenRequest,
    AppTokenResponse,
    Connect,
    ConnectResponse,
    ConnectStatus,
    Filter,
    KeepAlive,
    KeepAliveResponse,
    Message,
    NoStorage,
    PushAck,
    TokenStatus,
)
from protocol.courier.states import Role
from protocol.identifiers import DeviceToken, Topic, UniqueId

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from certs.authority import Authority


class TlsGateway:
    """Answers what devices say; remembers names, tokens and acknowledgements."""

    def __init__(self, authority: Authority, alpn: Sequence[str] = COURIER_ALPN) -> None:
        leaf = authority.issue_server(DEFAULT_SERVER_NAMES)
        self.context = courier_server_context(leaf, authority.certificate_pem, alpn)
        self.port = 0
        self.called_names: list[str | None] = []
        self.tokens: dict[Topic, DeviceToken] = {}
        self.links: list[tuple[trio.SSLStream[trio.SocketStream], CourierConnection]] = []
        self.acknowledged: list[UniqueId] = []
        self.goodbyes = 0
        self._serial = itertools.count(1)
        self._sending = trio.Lock()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[TlsGateway]:
        async with trio.open_nursery() as nursery:
            listen = partial(trio.serve_tcp, self._serve, 0, host="127.0.0.1")
            [listener] = await nursery.start(listen)
            self.port = listener.socket.getsockname()[1]
            yield self
            nursery.cancel_scope.cancel()

    async def say(self, *messages: Message) -> None:
        """On the newest link."""
        tls, core = self.links[-1]
        async with self._sending:
            await tls.send_all(b"".join(map(core.send, messages)))

    async def _serve(self, tcp: trio.SocketStream) -> None:
        tls = trio.SSLStream(tcp, self.context, server_side=True)
        core = CourierConnection(Role.GATEWAY, CompactCodec())
        try:
            await tls.do_handshake()
            self.called_names.append(tls.server_hostname)
            self.links.append((tls, core))
            async for data in tls:
                answers = [self._answer(core, each) for each in core.receive_data(bytes(data))]
                async with self._sending:
                    await tls.send_all(b"".join(answers))
            self.goodbyes += 1
            await tls.aclose()
        except trio.BrokenResourceError:
            pass
        finally:
            await trio.aclose_forcefully(tcp)

    def _answer(self, core: CourierConnection, message: Message) -> bytes:
        match message:
            case Connect():
                return core.send(ConnectResponse(ConnectStatus.OK, 0.0, 65536))
            case Filter():
                return core.send(NoStorage())
            case KeepAlive():
                return core.send(KeepAliveResponse())
            case AppTokenRequest(topic):
                token = self.tokens[topic] = DeviceToken(next(self._serial).to_bytes(32))
                return core.send(AppTokenResponse(TokenStatus.OK, topic, token))
            case AppTokenInvalidate(token):
                return core.send(AppTokenInvalidateResponse(TokenStatus.OK, token))
            case PushAck(message_id):
                self.acknowledged.append(message_id)
        return b""
