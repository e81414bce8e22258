"""The provider of a scenario: a real HTTP/2 client that signs its tokens and keeps a connection."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore
import trio

from apnsim.fresh_token import FreshToken

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from apnsim.scenario.wires import ProviderWire
    from certs.provider_key import ProviderKey

# Real pools let go of connections that have been idle for a while; the gateway does after an hour.
IDLE_SECONDS = 30 * 60.0
HOSTS = {
    "development": "https://api.sandbox.push.apple.com",
    "production": "https://api.push.apple.com",
}


class NoAnswerError(Exception):
    """A push was not answered."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the gateway said to one push."""

    status: int
    apns_id: str
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.reason}".rstrip()


class Provider:
    """Pushes as a backend does.

    Args:
        wire: leads to the gateway.
        trust: TLS, trusting the gateway's authority.
        key: signs its tokens.
        now: the wall clock, UNIX seconds.
    """

    def __init__(
        self,
        wire: ProviderWire,
        trust: ssl.SSLContext,
        key: ProviderKey,
        now: Callable[[], float],
    ) -> None:
        self._wire, self._trust = wire, trust
        self._bearer = FreshToken(key, now)
        self._pool: httpcore.AsyncConnectionPool | None = None
        self._used_at = -IDLE_SECONDS
        self._turn = trio.Lock()

    async def push(
        self, environment: str, token: str, headers: Mapping[str, str], payload: bytes
    ) -> Answer:
        """Push to one token; one at a time, so that they arrive in the order in which they left.

        Args:
            environment: ``development`` or ``production``.
            token: hexadecimal.
            headers: ``apns-…``.
            payload: the body.

        Raises:
            NoAnswerError: the gateway hung up.
        """
        async with self._turn:
            pool = await self._fresh_pool()
            try:
                response = await pool.request(
                    "POST",
                    f"{HOSTS[environment]}/3/device/{token}",
                    headers=[self._bearer.header, *headers.items()],
                    content=payload,
                )
            except (httpcore.NetworkError, httpcore.ProtocolError) as error:
                raise NoAnswerError(f"the gateway hung up: {error}") from None
            self._used_at = trio.current_time()
        said = json.loads(response.content) if response.content else {}
        names = {name.decode().lower(): value.decode() for name, value in response.headers}
        return Answer(response.status, names["apns-id"], said.get("reason", ""))

    async def aclose(self) -> None:
        """Hang up."""
        pool, self._pool = self._pool, None
        if pool is not None:
            await pool.aclose()

    async def _fresh_pool(self) -> httpcore.AsyncConnectionPool:
        if trio.current_time() - self._used_at > IDLE_SECONDS:
            await self.aclose()
        if self._pool is None:
            self._pool = httpcore.AsyncConnectionPool(
                ssl_context=self._trust, http1=False, http2=True, network_backend=self._wire
            )
        return self._pool
