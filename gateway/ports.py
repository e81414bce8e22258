"""Where the gateway listens: readable errors of ports, and hosts as URLs have them."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

import trio

if TYPE_CHECKING:
    from collections.abc import Iterator

BACKLOG = 2048

_HINTS = {
    errno.EADDRINUSE: "stop what listens there (another gateway?) or choose another {0};"
    " 0 is a free one",
    errno.EACCES: "a port below 1024 needs privileges; choose another {0}",
}


class PortError(OSError):
    """A port cannot be opened; names it, its option, and what to do."""


@contextmanager
def opening(what: str, host: str | None, port: int, *, option: str = "") -> Iterator[None]:
    """Around what opens a port.

    Args:
        what: ``courier`` for that of ``--courier-port``.
        host: where it is opened; None: everywhere.
        port: which.
        option: how to choose another, if it is not called after ``what``.

    Raises:
        PortError: in place of the ``OSError`` of the system, which names nothing.
    """
    try:
        yield
    except OSError as error:
        # Numbers of resolvers are negative, and mean something else.
        number = error.errno or 0
        why = os.strerror(number) if number > 0 else error.strerror or str(error)
        hint = _HINTS.get(number, "expected --host to be an address of this machine")
        where = f"{what} port {port} of {host or 'every interface'}"
        raise PortError(f"{where}: {why}; {hint.format(option or f'--{what}-port')}") from None


class Front(Protocol):
    """Serves connections."""

    async def serve(self, stream: trio.SocketStream) -> None:
        """Serve one accepted connection to its end; never raises for what the peer does."""
        ...


async def serve_port(
    front: Front,
    what: str,
    host: str | None,
    port: int,
    handler_nursery: trio.Nursery,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Accept connections until cancelled; they live on in ``handler_nursery``.

    Args:
        front: serves them.
        what: as in :func:`opening`.
        host: address to listen on; None = every interface.
        port: TCP port; 0 = a free one.
        handler_nursery: holds the connections, so that accepting can stop before serving does.
        task_status: started with the port, once it is open.

    Raises:
        PortError: the port cannot be opened.
    """
    with opening(what, host, port):
        listeners = await trio.open_tcp_listeners(port, host=host, backlog=BACKLOG)
    task_status.started(listeners[0].socket.getsockname()[1])
    await trio.serve_listeners(front.serve, listeners, handler_nursery=handler_nursery)


def url_host(host: str) -> str:
    """The host as a URL has it; somebody who listens everywhere is at home on loopback."""
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"[{reachable}]" if ":" in reachable else reachable
