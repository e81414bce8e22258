"""A provider at its desk: writes each header of a push by hand, to a whole gateway over TLS."""

# ruff: noqa: ANN401 - settings and headers are passed on by name

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import trio

from certs.provider_certificate import Kind, ProviderCertificate
from certs.provider_key import ProviderKey
from gateway.provider.keys import RegisteredKey
from tests.e2e.world import TOPIC, World, world
from tests.io.streams import Answered, Provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from certs.leaf import Leaf

APNS_ID = "EABEAE54-14a8-11e5-b60b-1697f925ec7b"
TEAM = "APNSIMTEAM"
BODY = b'{"aps":{"alert":"Hello"}}'


@dataclass
class Desk:
    """Writes a provider's requests by hand, on one connection at a time."""

    here: World
    token: str
    opened: list[Provider] = field(default_factory=list)
    _signed: dict[tuple[ProviderKey, float], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        file = self.here.running.signing_key().key_file
        assert file is not None
        self.key = ProviderKey.load(file, TEAM)

    def bearer(self, key: ProviderKey | None = None, age: float = 0) -> str:
        """The same token each time: a new one would be an update of the provider token."""
        made = self._signed.setdefault(
            (key or self.key, age), (key or self.key).sign(int(self.here.clock.now() - age))
        )
        return f"bearer {made}"

    def forget_tokens(self) -> None:
        """Sign anew: time has passed."""
        self._signed.clear()

    def new_key(self, **scope: Any) -> ProviderKey:
        key = ProviderKey.generate(scope.pop("team_id", TEAM), scope.pop("key_id", "SECOND1234"))
        self.here.gateway.keys.add(RegisteredKey(key.public, **scope))
        return key

    def certificate(self, kind: Kind = Kind.UNIVERSAL, name: str = TOPIC, **changes: Any) -> Leaf:
        """One that the gateway's authority issues; ``changes`` are of what it says."""
        said = replace(ProviderCertificate.of_kind(kind, name), team_id=TEAM, **changes)
        return self.here.gateway.authority.issue_provider(said)

    async def dial(
        self, sni: str = "localhost", certificate: Leaf | None = None, port: int | None = None
    ) -> Provider:
        context = ssl.create_default_context(cafile=self.here.gateway.home.ca_file)
        context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF  # older Pythons set it
        context.set_alpn_protocols(["h2"])
        if certificate is not None:
            certificate.configure(context)
        tcp = await trio.open_tcp_stream("127.0.0.1", port or self.here.gateway.provider_ports[0])
        provider = Provider(trio.SSLStream(tcp, context, server_hostname=sni))
        self.opened.append(provider)
        await provider.hello()
        return provider

    def write(
        self,
        provider: Provider,
        path: str | None = None,
        method: str = "POST",
        body: bytes | None = BODY,
        more: tuple[tuple[str, str], ...] = (),
        **changes: str | None,
    ) -> int:
        """Have a request ready to be flushed."""
        headers = {
            ":method": method,
            ":scheme": "https",
            ":path": path if path is not None else f"/3/device/{self.token}",
            "authorization": self.bearer(),
            "apns-id": APNS_ID,
            "apns-topic": TOPIC,
        } | {name.replace("_", "-"): value for name, value in changes.items()}
        said = [(name, value) for name, value in headers.items() if value is not None]
        number: int = provider.core.get_next_available_stream_id()
        provider.core.send_headers(number, [*said, *more], end_stream=not body)
        if body:
            provider.core.send_data(number, body, end_stream=True)
        return number

    async def send(self, provider: Provider, **request: Any) -> int:
        number = self.write(provider, **request)
        await provider.flush()
        return number

    async def ask(self, provider: Provider | None = None, **request: Any) -> Answered:
        provider = provider or await self.dial()
        return await provider.answer(await self.send(provider, **request))


@asynccontextmanager
async def desk(data_dir: Path, **changes: Any) -> AsyncIterator[Desk]:
    async with world(data_dir, **changes) as here:
        made = Desk(here, await here.install(await here.phone()))
        try:
            yield made
        finally:
            for provider in made.opened:
                await trio.aclose_forcefully(provider.stream)
