"""One request of a webhook: to an address that was judged, without redirects, in bounded time."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import httpcore
import trio

from gateway.webhooks.allowed import Target, TargetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gateway.webhooks.allowed import AllowList

ATTEMPT_SECONDS = 5.0
# Of an answer, as much is read as it takes to use the connection again.
MAX_ANSWER_BYTES = 65_536


class FailedError(Exception):
    """There was no answer; the message says why."""


class Wire:
    """The connection to one target; kept open between requests.

    Args:
        target: where it leads.
        allowed: judges each address before it is connected to.
    """

    def __init__(self, target: Target, allowed: AllowList) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            # The system's authorities, or SSL_CERT_FILE.
            ssl_context=ssl.create_default_context() if target.scheme == "https" else None,
            max_connections=1,
            keepalive_expiry=30.0,
            network_backend=_JudgedAddresses(target, allowed),
        )

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send a body; the status of the answer, be it a redirect: none is followed.

        Raises:
            FailedError: there was none in time.
        """
        try:
            with trio.fail_after(ATTEMPT_SECONDS):
                return await self._post(url, headers, body)
        except trio.TooSlowError:
            raise FailedError(f"no answer within {ATTEMPT_SECONDS:g} s") from None
        except TargetError as error:
            raise FailedError(str(error)) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as error:
            raise FailedError(_said(error)) from None

    async def _post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        sent = [(name.encode(), value.encode()) for name, value in headers.items()]
        async with self._pool.stream("POST", url, headers=sent, content=body) as answer:
            read = 0
            async for piece in answer.aiter_stream():
                read += len(piece)
                if read > MAX_ANSWER_BYTES:
                    break
            return int(answer.status)

    async def aclose(self) -> None:
        """Close the connection."""
        with trio.move_on_after(1, shield=True):
            await self._pool.aclose()


def _said(error: BaseException) -> str:
    """What it says, or what the errors that led to it say: those of TLS are two below."""
    cause: BaseException | None = error
    while cause is not None and not str(cause):
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__ if cause is None else str(cause)


class _JudgedAddresses(httpcore.AsyncNetworkBackend):
    """Resolves a name, judges what it stands for, and connects to that, not to the name."""

    def __init__(self, target: Target, allowed: AllowList) -> None:
        self._target = target
        self._allowed = allowed
        self._tcp = httpcore.TrioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            found = await trio.socket.getaddrinfo(host, port, type=trio.socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error.strerror}") from error
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        admitted = [each for each in addresses if self._allowed.admits(each, self._target)]
        if not admitted:
            raise TargetError(f"{host} stands for {', '.join(addresses)}, which is not allowed")
        for address in admitted[:-1]:
            try:
                return await self._tcp.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
            except httpcore.ConnectError:
                continue  # such as IPv6 of a target that listens on IPv4 only
        return await self._tcp.connect_tcp(
            admitted[-1], port, timeout, local_address, socket_options
        )
