"""A listening provider front on a real socket, and providers who dial it."""

# ruff: noqa: ANN401 - settings are passed on by name

from __future__ import annotations

import functools
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any, Protocol

import trio

from gateway.provider.churn import Churn
from gateway.provider.contract import ConnectionFacts, ConnectionHandle, ConnectionSettings
from gateway.provider.listener import (
    ListenSettings,
    ProviderFront,
    serve_providers,
)
from tests.io.streams import AnyAnswer, Provider, accepted, shutdown, unrecorded

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator


class Front:
    """A listening provider front, and what its connections were told of themselves."""

    def __init__(
        self, answer: AnyAnswer, churn: tuple[int, float] = (0, 0.0), **settings: Any
    ) -> None:
        self.facts: list[ConnectionFacts] = []
        self.answer = answer
        self.front = ProviderFront(
            self._make, shutdown, unrecorded, ConnectionSettings(**settings), Churn(*churn)
        )
        self.port = 0
        self.opened: list[trio.abc.AsyncResource] = []

    def _make(self, facts: ConnectionFacts, _handle: ConnectionHandle) -> AnyAnswer:
        self.facts.append(facts)
        return self.answer

    async def knock(self) -> trio.SocketStream:
        """TCP to the front, and nothing yet."""
        tcp = await trio.open_tcp_stream("127.0.0.1", self.port)
        self.opened.append(tcp)
        return tcp

    async def leave(self) -> None:
        """Close the providers' ends."""
        for stream in reversed(self.opened):
            await trio.aclose_forcefully(stream)

    async def dial(self, context: ssl.SSLContext, name: str | None = "localhost") -> Provider:
        """TLS to the front, and the HTTP/2 preface."""
        tls = trio.SSLStream(await self.knock(), context, server_hostname=name)
        self.opened.append(tls)
        await tls.do_handshake()
        provider = Provider(tls)
        await provider.hello()
        return provider


class Listen(Protocol):
    """Starts a front for the time of a ``with``."""

    def __call__(
        self, answer: AnyAnswer = ..., settings: ListenSettings | None = None, **connection: Any
    ) -> AbstractAsyncContextManager[Front]: ...


def listening_with(context: ssl.SSLContext) -> Listen:
    """A way to start fronts with this TLS."""

    @asynccontextmanager
    async def listen(
        answer: AnyAnswer = accepted, settings: ListenSettings | None = None, **connection: Any
    ) -> AsyncIterator[Front]:
        made = Front(answer, **connection)
        settings = settings or ListenSettings(ports=(0,))
        async with trio.open_nursery() as nursery:
            serve = functools.partial(
                serve_providers, made.front, lambda: context, settings, nursery
            )
            (made.port,) = await nursery.start(serve)
            yield made
            await made.leave()
            nursery.cancel_scope.cancel()

    return listen


async def until_end(stream: trio.abc.Stream) -> bool:
    """Whether the other side hangs up, politely or not."""
    try:
        while await stream.receive_some():
            pass
    except trio.BrokenResourceError:
        pass
    return True


async def speaks(provider: Provider) -> bool:
    """Whether a push is accepted."""
    return (await provider.answer(await provider.post())).status == 200
