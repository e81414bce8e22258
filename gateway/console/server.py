"""The console's port: Hypercorn's Trio connections on a socket of our own.

Resource handling
    ``hypercorn.trio.serve`` is not used: its connections send under a shield that has no deadline,
    so a viewer that stops reading would hold up the gateway's shutdown for ever, and they outlive
    their peers (:class:`_Connection`). Here each connection gets a :class:`PatientStream`, whose
    sends do have one, and every stream that is left after the drain is closed under its connection.
    It also lets port 0 be told.

Error handling
    An error in one connection is logged and ends that connection alone.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

import trio
from hypercorn.config import Config
from hypercorn.trio.tcp_server import TCPServer
from hypercorn.trio.worker_context import WorkerContext
from hypercorn.utils import wrap_app

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework, ConnectionState

log = logging.getLogger("apnsim.console")

DRAIN_SECONDS = 2.0
SEND_SECONDS = 20.0
CLOSE_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 75.0
MAX_CONNECTIONS = 1000
"""At once; more are closed unheard, so that providers and devices keep their file descriptors."""


@dataclass(frozen=True, slots=True)
class Bind:
    """Where the console listens, and who is let in.

    Args:
        host: an address or a name of this machine.
        port: 0 chooses a free one.
        token: the bearer token to demand; None demands none, which suits loopback alone.
        names: further host names under which the console may be addressed; lower case.
    """

    host: str
    port: int
    token: str | None
    names: frozenset[str] = frozenset()


class PatientStream:
    """A TCP stream whose peer has so long to read what is sent; then it is given up.

    Args:
        stream: the real one; owned.
        send_seconds: for one send.
    """

    def __init__(self, stream: trio.SocketStream, send_seconds: float = SEND_SECONDS) -> None:
        self._stream = stream
        self._send_seconds = send_seconds

    @property
    def socket(self) -> trio.socket.SocketType:
        """For the addresses of both ends."""
        return self._stream.socket

    async def send_all(self, data: bytes) -> None:
        """Send, or give the peer up.

        Raises:
            BrokenResourceError: the peer has left, or does not read.
            ClosedResourceError: the stream was closed here.
        """
        with trio.move_on_after(self._send_seconds) as patience:
            await self._stream.send_all(data)
        if patience.cancelled_caught:
            await self.aclose()
            raise trio.BrokenResourceError("the peer does not read")

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Receive; empty at the end."""
        return bytes(await self._stream.receive_some(max_bytes))

    async def send_eof(self) -> None:
        """Say that nothing more will be sent."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """Close at once."""
        await trio.aclose_forcefully(self._stream)


class _Connection(TCPServer):
    """Hypercorn's connection, but it ends when its peer has left.

    Hypercorn's waits for the keep-alive time first, with a file descriptor: a client that opens a
    connection per call would take all that there are, from providers and devices too.
    """

    _has_lost_peer = False

    async def _read_data(self) -> None:
        await super()._read_data()
        self._has_lost_peer = True
        await self.idle_task.stop()

    async def _idle_timeout(self) -> None:
        if not self._has_lost_peer:  # the answer in hand may have ended after the peer left
            await super()._idle_timeout()


def hypercorn_config() -> Config:
    """Hypercorn's settings, set by attribute: ``from_mapping`` swallows typing errors."""
    config = Config()
    config.accesslog = None
    config.errorlog = log
    config.include_server_header = False
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    # The default closes a connection after 1,000 requests, under a client that polls.
    config.keep_alive_max_requests = 1_000_000_000
    return config


class _Connections:
    """The console's open connections.

    Args:
        app: answers their requests.
    """

    def __init__(self, app: ASGIFramework) -> None:
        config = hypercorn_config()
        self._app = wrap_app(app, config.wsgi_max_body_size, "asgi")
        self._config = config
        self._context = WorkerContext(None)
        self._streams: set[PatientStream] = set()

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one connection to its end."""
        if len(self._streams) >= MAX_CONNECTIONS:
            log.warning("connection dropped: the console has %d already", len(self._streams))
            await trio.aclose_forcefully(stream)
            return
        patient = PatientStream(stream)
        self._streams.add(patient)
        server = _Connection(
            self._app,
            self._config,
            self._context,
            cast("ConnectionState", {}),
            cast("trio.SSLStream[trio.SocketStream]", patient),
        )
        try:
            await server
        except Exception:
            log.exception("a connection of the console ended with an error")
        finally:
            self._streams.discard(patient)
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                await patient.aclose()

    async def see_out(self, closing: trio.Event, drain_seconds: float) -> None:
        """Wait for the end; let idle connections close, and close what is left after a while."""
        try:
            await closing.wait()
            await self._context.terminated.set()
            await trio.sleep(drain_seconds)
        finally:  # also when cancelled: sends are shielded and would outlive everything
            with trio.move_on_after(CLOSE_SECONDS, shield=True):
                for stream in tuple(self._streams):
                    await stream.aclose()


async def serve_app(
    app: ASGIFramework,
    bind: Bind,
    closing: trio.Event,
    *,
    drain_seconds: float = DRAIN_SECONDS,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve an application over HTTP/1.1 (and h2c) until ``closing`` is set, then drain.

    Args:
        app: what answers.
        bind: where to listen.
        closing: stop accepting, finish what is in flight.
        drain_seconds: how long that may take.
        task_status: started with the port once it is open.

    Raises:
        OSError: the port cannot be bound.
    """
    connections = _Connections(app)
    listeners = await _listen(bind)
    async with trio.open_nursery() as nursery:
        async with trio.open_nursery() as handlers:
            async with trio.open_nursery() as accepting:
                nursery.start_soon(connections.see_out, closing, drain_seconds)
                accepting.start_soon(
                    partial(
                        trio.serve_listeners,
                        connections.serve,
                        listeners,
                        handler_nursery=handlers,
                    )
                )
                task_status.started(listeners[0].socket.getsockname()[1])
                await closing.wait()
                accepting.cancel_scope.cancel()
            handlers.cancel_scope.deadline = trio.current_time() + drain_seconds
        nursery.cancel_scope.cancel()


async def _listen(bind: Bind) -> list[trio.SocketListener]:
    listeners = await trio.open_tcp_listeners(bind.port, host=bind.host)
    if bind.port == 0:
        # A name with several addresses would get another free port at each.
        for spare in listeners[1:]:
            await spare.aclose()
        del listeners[1:]
    return listeners
