"""The TCP connection below TLS, on either front: a close loses nothing, a small write is cheap."""

from __future__ import annotations

import contextlib
import os
import socket
import struct

import trio

from certs.tls_stream import TlsStream

LINGER_SECONDS = 1.0
"""How long a closing connection listens for the peer's FIN."""

_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)  # Linux only


class AcceptedSocket(trio.abc.HalfCloseableStream):
    """One accepted connection, which it owns; for one reader and one writer.

    * What is sent leaves at once (TCP_NODELAY, which trio sets).
    * Closing sends FIN and then reads the peer's last words for at most ``LINGER_SECONDS``: closing
      a socket with unread bytes resets the connection, and a reset may destroy what is on its way
      to the peer (RFC 9112 §9.6): answers and GOAWAY of a provider, open clients that then die
      instead of reconnecting (courier-wire.md §5, traps).

    Args:
        stream: the accepted connection.
        acknowledges_quickly: what arrives is acknowledged at once: hyper-based clients write a
            request in two pieces, and Nagle holds the second back until the first is acknowledged,
            40 ms later (clients.md 29). Linux forgets TCP_QUICKACK by itself, so it is asked for
            after every read.
        heard: what somebody else has read of it already; it is received first.
    """

    def __init__(
        self,
        stream: trio.abc.HalfCloseableStream,
        *,
        acknowledges_quickly: bool = False,
        heard: bytes = b"",
    ) -> None:
        self._stream = stream
        self._socket = stream.socket if isinstance(stream, trio.SocketStream) else None
        self._quickack = _QUICKACK if acknowledges_quickly else None
        self._heard = heard

    @property
    def peer(self) -> str:
        """Where it comes from, for log and console."""
        if self._socket is None:
            return "a stream"
        try:
            host, port = self._socket.getpeername()[:2]
        except OSError:
            return "a peer already gone"
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def peer_address(self) -> str:
        """The same without the port: one address for all connections of a machine."""
        return self.peer.rpartition(":")[0]

    def give_up_after(self, unheard_milliseconds: int) -> None:
        """Have the kernel end the connection when what is sent stays unacknowledged for so long.

        Where it can, and the peer is there.
        """
        if self._socket is not None and hasattr(socket, "TCP_USER_TIMEOUT"):
            with contextlib.suppress(OSError):
                self._socket.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, unheard_milliseconds
                )

    def be_reset(self) -> None:
        """Have the kernel end the connection with RST when it is closed by force."""
        if self._socket is not None:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As the stream below."""
        if self._heard:
            await trio.lowlevel.checkpoint()
            most = len(self._heard) if max_bytes is None else max_bytes
            heard, self._heard = self._heard[:most], self._heard[most:]
            return heard
        data = await self._stream.receive_some(max_bytes)
        if self._quickack is not None and self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, self._quickack, 1)
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As the stream below; but no other task gets its turn if the kernel takes it all at once.

        trio lets every other task run after each write, also one that did not have to wait: a small
        message out and in at the far end costs 83 µs so and 48 µs here (measured over loopback). A
        writer that has to wait lets them run anyway.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        sent = self._send_now(data)
        if sent < len(data) or not sent:
            await self._stream.send_all(memoryview(data)[sent:])

    def _send_now(self, data: bytes | bytearray | memoryview) -> int:
        """How many bytes the kernel takes without waiting."""
        if self._socket is None:
            return 0
        try:
            return os.write(self._socket.fileno(), data)
        except OSError:  # full, closed, gone: the stream below waits, or says which
            return 0

    async def wait_send_all_might_not_block(self) -> None:
        """As the stream below."""
        await self._stream.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        """As the stream below."""
        await self._stream.send_eof()

    async def aclose(self) -> None:
        """FIN, the last words, close. Cancelled, it closes at once."""
        try:
            with trio.move_on_after(LINGER_SECONDS):
                await self._stream.send_eof()
                while await self._stream.receive_some():
                    pass
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer was faster
        finally:
            await trio.aclose_forcefully(self._stream)


def _below(stream: trio.abc.Stream) -> trio.abc.Stream:
    return stream.transport if isinstance(stream, TlsStream) else stream


async def close_below(stream: trio.abc.Stream) -> None:
    """End a connection by FIN, without TLS's goodbye."""
    await _below(stream).aclose()


async def reset(stream: trio.abc.Stream) -> None:
    """End a connection by RST."""
    tcp = _below(stream)
    if isinstance(tcp, AcceptedSocket):
        tcp.be_reset()
    await trio.aclose_forcefully(tcp)
