"""Where providers knock: accept, TLS, which environment, then a ``ProviderConnection``."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

import trio

from certs.tls_stream import TlsStream
from gateway.handshakes import Handshakes
from gateway.ports import opening
from gateway.provider.bent import with_traits
from gateway.provider.churn import Churn
from gateway.provider.connection import ProviderConnection
from gateway.provider.contract import ConnectionFacts, ConnectionSettings, ConnectionStatistics
from gateway.provider.front_faults import FrontFaults
from gateway.provider.wire import PROTOCOL_ERROR
from gateway.tcp import AcceptedSocket
from protocol.notification import Environment

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from gateway.handshakes import FailedHandshake
    from gateway.provider.contract import MakeAnswer, Refused, ShutdownAnswer

log = logging.getLogger(__name__)

Context: TypeAlias = "Callable[[], ssl.SSLContext]"

# apns-provider-api.md 1.1: sandbox and development are one environment; the broadcast names stand
# only in samples of Apple's.
_PRODUCTION = frozenset(
    {
        "api.push.apple.com",
        "api-broadcast.push.apple.com",
        "api-manage-broadcast.push.apple.com",
    }
)
_DEVELOPMENT = frozenset(
    {
        "api.sandbox.push.apple.com",
        "api.development.push.apple.com",
        "api-broadcast.sandbox.push.apple.com",
        "api-manage-broadcast.sandbox.push.apple.com",
    }
)


def environment_of(name: str | None, default: Environment) -> Environment:
    """The environment that a server name (SNI) asks for; any other, or none: the default."""
    lowered = (name or "").lower().rstrip(".")
    if lowered in _PRODUCTION:
        return Environment.PRODUCTION
    if lowered in _DEVELOPMENT:
        return Environment.DEVELOPMENT
    return default


@dataclass(frozen=True, slots=True)
class ListenSettings:
    """Where and how to listen.

    Attributes:
        ports: TCP ports; 0 = a free one.
        host: address or name to bind; ``None`` = every interface.
        environment: of providers that do not ask for one of Apple's server names.
        handshake_seconds: for TLS.
        handshakes_at_once: connections that may be in their handshake; more are dropped.
        backlog: of the listening sockets.
        environment_by_name: whether such a name counts; not on the ports of channel management,
            of which there is one for each environment.
        what: what listens, for an error.
        option: how to choose other ports.
    """

    ports: tuple[int, ...] = (2197,)
    host: str | None = "127.0.0.1"
    environment: Environment = Environment.DEVELOPMENT
    handshake_seconds: float = 10
    handshakes_at_once: int = 2000
    backlog: int = 2048
    environment_by_name: bool = True
    what: str = "provider"
    option: str = "--provider-port"

    def with_more(
        self, development: tuple[int, ...], production: tuple[int, ...]
    ) -> tuple[ListenSettings, ...]:
        """These, and the same for ports that have an environment of their own, if there are any."""
        more = ((development, Environment.DEVELOPMENT), (production, Environment.PRODUCTION))
        return (self, *(self._for(ports, environment) for ports, environment in more if ports))

    def _for(self, ports: tuple[int, ...], environment: Environment) -> ListenSettings:
        option = f"{self.option}-{environment}"
        return replace(self, ports=ports, environment=environment, option=option)


@dataclass(slots=True)
class ProviderFront:
    """Every provider connection of the gateway, on whichever port.

    Attributes:
        make_answer: makes the answer of each connection.
        shutdown_answer: answers what arrives while draining.
        refused: told of requests that a connection refuses by itself.
        settings: of each connection.
        churn: who connects too often.
        numbers: name the connections; shared by the fronts of one gateway.
        faults: what goes wrong on purpose; shared as well.
        goaways: how often each reason or error was said, but for what faults say.
    """

    make_answer: MakeAnswer
    shutdown_answer: ShutdownAnswer
    refused: Refused
    settings: ConnectionSettings = field(default_factory=ConnectionSettings)
    churn: Churn = field(default_factory=Churn)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    faults: FrontFaults = field(default_factory=FrontFaults)
    goaways: Counter[str] = field(default_factory=Counter)
    _connections: set[ProviderConnection] = field(default_factory=set)
    _handshakes: Handshakes = field(default_factory=Handshakes)
    _draining: bool = False

    def drain(self) -> None:
        """Drain every connection, and every one still to come. Returns at once."""
        self._draining = True
        self._handshakes.end()
        for connection in list(self._connections):
            connection.drain()

    def statistics(self) -> list[ConnectionStatistics]:
        """What the console shows, in order of arrival."""
        shown = [connection.statistics() for connection in self._connections]
        return sorted(shown, key=lambda each: each.facts.connection_id)

    @property
    def failed_handshakes(self) -> Sequence[FailedHandshake]:
        """Who knocked and did not come in, the newest last; only the last few."""
        return tuple(self._handshakes.failures)

    async def serve(
        self,
        stream: trio.abc.HalfCloseableStream,
        context: Context,
        settings: ListenSettings,
        heard: bytes = b"",
    ) -> None:
        """Serve one accepted connection to its end. Never raises for what the peer does.

        Args:
            stream: the connection; owned.
            context: gives the TLS of the handshake.
            settings: of the port.
            heard: what has been read of the stream already.
        """
        if len(self._handshakes) >= settings.handshakes_at_once:
            log.warning("connection dropped: %d are in their handshake", len(self._handshakes))
            await trio.aclose_forcefully(stream)
            return
        tcp = AcceptedSocket(stream, acknowledges_quickly=True, heard=heard)
        try:
            await self._serve(tcp, context, settings)
        except* Exception:  # our bug: this connection ends, the server lives (architecture.md 6)
            log.exception("the connection of %s ends: our mistake", tcp.peer)
            await trio.aclose_forcefully(tcp)

    async def _serve(self, tcp: AcceptedSocket, context: Context, settings: ListenSettings) -> None:
        if not self.churn.admits(tcp.peer_address, trio.current_time()):
            await trio.aclose_forcefully(tcp)
            return
        tls_context = await self.faults.handshakes.meet(tcp, context, self._handshakes)
        if tls_context is None:
            return
        tls = TlsStream(tcp, tls_context, server_side=True)
        facts = await self._shake_hands(tls, tcp.peer, settings)
        if facts is None:
            await trio.aclose_forcefully(tls)
        else:
            await self._run(tls, facts)

    async def _run(self, stream: trio.abc.Stream, facts: ConnectionFacts) -> None:
        settings, hits = self.settings, self.faults.at_connection(facts)
        if hits:
            facts = replace(facts, faults=tuple(map(str, hits)))
            settings = with_traits(settings, [hit.act for hit in hits])
        connection = ProviderConnection(
            stream, self.make_answer, self.shutdown_answer, facts, settings, self.refused
        )
        connection.faults = tuple(hit.act for hit in hits)
        self._connections.add(connection)
        try:
            if self._draining:
                connection.drain()
            await connection.run()
        finally:
            self._connections.discard(connection)
            self._note_farewell(facts.peer, connection)

    def _note_farewell(self, peer: str, connection: ProviderConnection) -> None:
        farewell = connection.farewell
        if farewell is None:
            return
        if farewell.word:
            self.goaways[farewell.word] += 1
        if farewell.code == PROTOCOL_ERROR and not connection.requests:
            self._handshakes.failed(peer, farewell.why)

    async def _shake_hands(
        self, tls: TlsStream, peer: str, settings: ListenSettings
    ) -> ConnectionFacts | None:
        """What is known from then on; None, and a line in the log, when it does not work out."""
        try:
            with self._handshakes.within(settings.handshake_seconds):
                await tls.do_handshake()
        except trio.TooSlowError:
            why = f"no TLS handshake within {settings.handshake_seconds:g} s"
            log.info("%s: %s", peer, why)
            self._handshakes.failed(peer, why)
            return None
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            log.info("%s: TLS handshake failed: %s", peer, error.__cause__ or error)
            self._handshakes.failed(peer, error.__cause__ or error)
            await tls.aclose()  # not by force: a reset may destroy the alert on its way
            return None
        name = tls.server_hostname  # SNI; see certs.contexts.NamedSSLObject
        return ConnectionFacts(
            connection_id=next(self.numbers),
            peer=peer,
            environment=(
                environment_of(name, settings.environment)
                if settings.environment_by_name
                else settings.environment
            ),
            requested_name=name,
            # The certificate itself, not a flag of the session: on resumed sessions of clients
            # without one, flags lie (clients.md 7).
            peer_certificate=tls.peer_certificate,
        )


async def serve_providers(
    front: ProviderFront,
    context: Context,
    settings: ListenSettings,
    handler_nursery: trio.Nursery,
    task_status: trio.TaskStatus[list[int]] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept providers until cancelled; their connections live on in ``handler_nursery``.

    Accept errors that pass (no file descriptors left) are logged by trio and tried again.

    Args:
        front: serves the connections.
        context: gives the TLS context of each handshake, see ``gateway.provider.tls``.
        settings: where to listen.
        handler_nursery: holds the connections, so that accepting can stop before serving does.
        task_status: started with the list of open ports, in the order of ``settings.ports``.

    Raises:
        PortError: one of them cannot be opened.
    """
    listeners = await _open(settings)
    ports = list(dict.fromkeys(listener.socket.getsockname()[1] for listener in listeners))

    async def serve(stream: trio.SocketStream) -> None:
        await front.serve(stream, context, settings)

    task_status.started(ports)
    await trio.serve_listeners(serve, listeners, handler_nursery=handler_nursery)


async def _open(settings: ListenSettings) -> list[trio.SocketListener]:
    listeners: list[trio.SocketListener] = []
    try:
        for port in settings.ports:
            with opening(settings.what, settings.host, port, option=settings.option):
                listeners += await trio.open_tcp_listeners(
                    port, host=settings.host, backlog=settings.backlog
                )
    except BaseException:
        for listener in listeners:
            listener.socket.close()
        raise
    return listeners
