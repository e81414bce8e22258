"""From an address to a secure stream: TCP, the phone's network, TLS, ALPN."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import trio
from trio.abc import HalfCloseableStream, Stream

from certs.contexts import device_client_context
from certs.tls_stream import TlsStream
from protocol.courier.codec import codec_for
from protocol.courier.errors import RemoteProtocolError
from protocol.notification import Environment
from worldtime import at_work

if TYPE_CHECKING:
    from collections.abc import Callable

    from certs.leaf import Leaf
    from devicesim.state.device_state import DeviceState
    from protocol.courier.codec import Codec

# TLS names of the courier (courier-wire.md §1); TCP goes wherever the settings say.
SERVER_NAMES = {
    Environment.PRODUCTION: "courier.push.apple.com",
    Environment.DEVELOPMENT: "courier.sandbox.push.apple.com",
}
# Reading keys and making TLS contexts, for all devices of the process.
_CONTEXT_LIMITER = trio.CapacityLimiter(2)


class LinkError(Exception):
    """No link came about; says where to, what happened, and what to look at."""


@dataclass(frozen=True, slots=True)
class SecureStream:
    """A stream whose two ends know each other, and what is spoken on it."""

    stream: Stream
    codec: Codec
    local: str = "device"
    remote: str = "gateway"
    interface: str = "WiFi"


class Dial(Protocol):
    """How a device reaches its gateway."""

    async def __call__(self) -> SecureStream:
        """Connect.

        Raises:
            LinkError: it did not work out; trying again later may help.
        """
        ...


class NetworkPath(Protocol):
    """What carries the bytes below TLS, e.g. a simulated network."""

    @property
    def interface(self) -> str:
        """What the device calls it in its Connect."""
        ...

    async def wait(self) -> None:
        """Awaited before TCP; does not return while there is no path."""
        ...

    def wrap_stream(self, stream: Stream) -> Stream:
        """Put something between TCP and TLS."""
        ...


class Wire(Protocol):
    """What a dial uses of the machine it runs on: sockets, or memory when time is virtual."""

    async def open_tcp(self, host: str, port: int) -> tuple[Stream, str, str]:
        """A connection, and the addresses of this end and of the other.

        Raises:
            OSError: nobody is there.
        """
        ...

    async def make(self, make_context: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """Have a TLS context made, which takes milliseconds."""
        ...


class Sockets:
    """The kernel's TCP; work that takes time is done in threads."""

    async def open_tcp(self, host: str, port: int) -> tuple[Stream, str, str]:
        """See :class:`Wire`."""
        tcp = await trio.open_tcp_stream(host, port)
        return tcp, _address(tcp.socket.getsockname()), _address(tcp.socket.getpeername())

    async def make(self, make_context: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
        """See :class:`Wire`."""
        with at_work():
            return await trio.to_thread.run_sync(make_context, limiter=_CONTEXT_LIMITER)


class TlsDial:
    """The real way: TCP and TLS to a courier front.

    Args:
        host: where TCP goes.
        port: its port.
        environment: which of Apple's courier names TLS asks for.
        make_context: makes this device's TLS context; called once.
        path: the network between TCP and TLS.
        wire: what carries TCP.
    """

    def __init__(
        self,
        host: str,
        port: int,
        environment: Environment,
        make_context: Callable[[], ssl.SSLContext],
        path: NetworkPath,
        wire: Wire | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._server_name = SERVER_NAMES[environment]
        self._make_context = make_context
        self._context: ssl.SSLContext | None = None
        self._path = path
        self._wire = wire or Sockets()

    async def __call__(self) -> SecureStream:
        """Connect, and check what the gateway speaks.

        Raises:
            LinkError: see the message.
        """
        await self._path.wait()
        if self._context is None:
            self._context = await self._wire.make(self._make_context)
        tcp, local, remote = await self._open_tcp()
        tls = TlsStream(
            self._path.wrap_stream(tcp), self._context, server_hostname=self._server_name
        )
        try:
            codec = await self._shake_hands(tls)
        except BaseException:
            await trio.aclose_forcefully(tls)
            raise
        return SecureStream(tls, codec, local, remote, self._path.interface)

    async def _open_tcp(self) -> tuple[Stream, str, str]:
        try:
            return await self._wire.open_tcp(self._host, self._port)
        except OSError as error:
            raise LinkError(
                f"no courier answers at {self._where} ({error}); is the gateway running?"
            ) from None

    async def _shake_hands(self, tls: TlsStream) -> Codec:
        try:
            await tls.do_handshake()
            return codec_for(tls.selected_alpn_protocol())
        except trio.BrokenResourceError as error:
            cause = error.__cause__
            if isinstance(cause, ssl.SSLCertVerificationError):
                why = f"its certificate is not trusted ({cause.verify_message}): same CA?"
            else:
                why = f"TLS failed ({cause or error})"
            raise LinkError(f"{self._where} as {self._server_name}: {why}") from None
        except RemoteProtocolError as error:
            raise LinkError(f"{self._where}: {error}; is that the courier port?") from None

    @property
    def _where(self) -> str:
        return f"{self._host}:{self._port}"


async def say_goodbye(stream: Stream) -> None:
    """Close this end's sending side and wait until the other end has closed too.

    Then the gateway knows that the device is gone, and what is pushed from now on waits in its
    store. The caller bounds the time and closes the stream.
    """
    try:
        if isinstance(stream, TlsStream):
            await stream.say_goodbye()
        elif isinstance(stream, HalfCloseableStream):
            await stream.send_eof()
            while await stream.receive_some():
                pass
    except (trio.BrokenResourceError, trio.ClosedResourceError):
        pass  # gone without a word is gone


def _address(name: tuple[object, ...]) -> str:
    host, port = name[0], name[1]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def tls_dials(
    host: str,
    port: int,
    ca_pem: bytes,
    issue: Callable[[str], Leaf],
    wire: Wire | None = None,
) -> Callable[[DeviceState, NetworkPath], Dial]:
    """The real way from every device of a host to its gateway.

    Args:
        host: where the courier front listens.
        port: its port.
        ca_pem: the CA of its certificate.
        issue: makes the certificate of a device id; called once per device and start.
        wire: what carries TCP; None: sockets.
    """

    def make_dial(state: DeviceState, path: NetworkPath) -> Dial:
        def make_context() -> ssl.SSLContext:
            return device_client_context(issue(state.device_id), ca_pem)

        return TlsDial(host, port, state.environment, make_context, path, wire)

    return make_dial
