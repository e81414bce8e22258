"""The TCP connection below a device's TLS: dead peers are noticed, and a close loses nothing."""

from __future__ import annotations

import contextlib
import socket

import trio

LINGER_SECONDS = 1.0
# Sent and unacknowledged by the device's kernel for so long: the device is not there any more.
UNHEARD_MILLISECONDS = 60_000


class DeviceSocket(trio.abc.HalfCloseableStream):
    """One accepted connection, which it owns.

    Closing sends FIN and then reads the device's last words for at most ``LINGER_SECONDS``:
    closing a socket with unread bytes resets the connection, and a reset may destroy what is on
    its way to the device (RFC 9112 §9.6); open clients then die instead of reconnecting
    (courier-wire.md §5, traps).
    """

    def __init__(self, stream: trio.abc.HalfCloseableStream) -> None:
        self._stream = stream

    @property
    def peer(self) -> str:
        """Where it comes from, for log and console."""
        if not isinstance(self._stream, trio.SocketStream):
            return "a stream"
        try:
            host, port = self._stream.socket.getpeername()[:2]
        except OSError:
            return "a peer already gone"
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def prepare(self) -> None:
        """Have the kernel give up on a device that is gone; where it can, and the peer is there."""
        if isinstance(self._stream, trio.SocketStream) and hasattr(socket, "TCP_USER_TIMEOUT"):
            with contextlib.suppress(OSError):
                self._stream.setsockopt(
                    socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNHEARD_MILLISECONDS
                )

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """As the stream below."""
        return await self._stream.receive_some(max_bytes)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """As the stream below."""
        await self._stream.send_all(data)

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
            pass  # the device was faster
        finally:
            await trio.aclose_forcefully(self._stream)
