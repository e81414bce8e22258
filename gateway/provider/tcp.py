"""The TCP below a provider's TLS: quick acknowledgements, and a close that loses nothing."""

from __future__ import annotations

import socket

import trio

LINGER_SECONDS = 1
"""How long a closing connection listens for the provider's FIN."""

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only


class ProviderSocket(trio.abc.HalfCloseableStream):
    """One accepted TCP connection.

    * Answers leave at once (TCP_NODELAY, which trio sets).
    * What arrives is acknowledged at once: hyper-based clients write a request in two pieces and
      Nagle holds the
      second back until the first is acknowledged, 40 ms later (clients.md 29). Linux forgets
      TCP_QUICKACK by itself, so it is asked for after every read.
    * Closing sends FIN and then reads the provider's last words: closing a socket with unread bytes
      makes TCP reset
      the connection, and the reset may destroy answers and GOAWAY on their way (RFC 9112 9.6).

    Args:
        stream: the accepted connection.
    """

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """As ``trio.SocketStream``."""
        data = await self._stream.receive_some(max_bytes)
        if _QUICKACK is not None:
            self._stream.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As ``trio.SocketStream``."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """As ``trio.SocketStream``."""
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """As ``trio.SocketStream``."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """FIN, listen for at most ``LINGER_SECONDS``, close. Cancelled, it closes at once."""
        try:
            with trio.move_on_after(LINGER_SECONDS):
                await self._stream.send_eof()
                while await self._stream.receive_some():
                    pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the provider was faster
        finally:
            await trio.aclose_forcefully(self._stream)
