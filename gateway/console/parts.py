"""What the console needs of the rest, each as the smallest protocol that will do.

The composition root fills :class:`ConsoleParts`; the console imports neither the provider front
nor the courier nor the device host.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import trio

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from certs.provider_key import ProviderPublicKey
    from gateway.clock import Clock
    from gateway.console.device_host import DeviceHost
    from gateway.console.sending import SendPush
    from gateway.faults.book import RuleBook
    from gateway.handshakes import FailedHandshake
    from gateway.histogram import Histogram
    from gateway.journal import Journal
    from gateway.routing.channels import ChannelDirectory
    from gateway.routing.directory import DeviceDirectory
    from gateway.routing.sessions import SessionTableStatistics
    from gateway.routing.tenancy import Tenancy
    from gateway.store.store import StoreStatistics
    from gateway.timekeeper import Timekeeper
    from gateway.webhooks.book import Webhooks
    from protocol.identifiers import DeviceId
    from protocol.notification import Environment
    from protocol.tenant import Tenant


class StoreFigures(Protocol):
    """A store that says what it is doing."""

    def statistics(self) -> StoreStatistics:
        """What the store is doing."""
        ...


class SessionFigures(Protocol):
    """A session table that says how many devices are connected, and which."""

    def session_of(self, device: DeviceId) -> object | None:
        """The session that serves the device, if it is connected."""
        ...

    def statistics(self) -> SessionTableStatistics:
        """How many devices are connected."""
        ...


class RegisteredKey(Protocol):
    """A provider key that the gateway believes; ``None`` is every environment, every topic."""

    @property
    def key(self) -> ProviderPublicKey:
        """Its id, its team and the public half."""
        ...

    @property
    def environments(self) -> frozenset[Environment] | None:
        """The environments to which it is limited."""
        ...

    @property
    def topics(self) -> frozenset[str] | None:
        """The topics to which it is limited."""
        ...

    @property
    def key_file(self) -> Path | None:
        """Where the private half lies, when the gateway made the key."""
        ...

    @property
    def kind(self) -> str:
        """What Apple calls a key that is limited so."""
        ...

    @property
    def related_key_id(self) -> str | None:
        """The topic-specific key that serves on the same connections."""
        ...


class Keys(Protocol):
    """The key ring, for looking and for removing."""

    def __iter__(self) -> Iterator[RegisteredKey]: ...

    def registered(self, key_id: str) -> RegisteredKey | None:
        """One registered key."""
        ...

    def remove(self, key_id: str) -> bool:
        """Believe it no longer; False when it was not registered."""
        ...


class RegisterKey(Protocol):
    """Put a key on the ring; one of the same id is replaced. ``ValueError`` says why not."""

    def __call__(
        self,
        key: ProviderPublicKey,
        environments: frozenset[Environment] | None,
        topics: frozenset[str] | None,
        related_key_id: str | None,
        /,
    ) -> None:
        """Believe the key from now on."""
        ...


class MakeKey(Protocol):
    """Make a ``.p8`` and put it on the ring. ``ValueError`` says why not."""

    def __call__(
        self,
        team_id: str,
        key_id: str | None,
        /,
        *,
        environments: frozenset[Environment] | None,
        topics: frozenset[str] | None,
        related_key_id: str | None,
    ) -> RegisteredKey:
        """The key, whose file is in the gateway's data directory."""
        ...


class Snapshots(Protocol):
    """The whole state as one JSON document."""

    async def take(self, *, secrets: bool = False) -> bytes:
        """All of it; private keys and credentials only if secrets are asked for."""
        ...

    async def load(self, raw: bytes, /) -> None:
        """Put it in the place of what is; ``ValueError`` says where it makes no sense."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What only the whole gateway can count.

    Args:
        providers: connections there are now, by how they prove who they are.
        goaways: how often each reason was said.
        loop_lag: how late the event loop was; None: nobody measures.
    """

    providers: Mapping[str, int]
    goaways: Mapping[str, int]
    loop_lag: Histogram | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleParts:
    """The console's collaborators.

    Args:
        journal: what happened.
        directory: whose token it is.
        channels: broadcast channels and who listens.
        clock: the gateway's time.
        timekeeper: moves it, with all that is due.
        store: for its figures only.
        sessions: for its figures, and who is connected.
        devices: the host of virtual devices.
        keys: the provider keys.
        register_key: puts a key on that ring.
        make_key: makes one, with its ``.p8``.
        send_push: pushes over the provider port, as a backend would.
        rules: what goes wrong on purpose.
        webhooks: who is told what became of a push.
        info: the answer to ``GET /api/v1/info``.
        connections: of a tenant or of all: ``{"provider": […], "courier": […]}``, dictionaries.
        failed_handshakes: providers that knocked and did not come in, or spoke no HTTP/2, the
            newest last.
        figures: for the metrics.
        activate: device id and PKCS#10 request (PEM) → ``{device_id, certificate, ca, courier}``;
            ``ValueError`` (such as a ``CredentialError``) refuses, and its message says why.
        reset: back to empty, or to before a tenant came.
        snapshots: the whole state, out and in.
        unknown_errors: what ``devices`` raises for an unknown device or app: 404.
        failed_errors: what it raises when the gateway or a disk did not do its part: 503.
        is_ready: whether every port is open and the store answers, for ``/readyz``.
        closing: set when the gateway drains: streams and waiting calls answer and end.
    """

    journal: Journal
    directory: DeviceDirectory
    channels: ChannelDirectory
    clock: Clock
    timekeeper: Timekeeper
    store: StoreFigures
    sessions: SessionFigures
    devices: DeviceHost
    keys: Keys
    register_key: RegisterKey
    make_key: MakeKey
    send_push: SendPush
    rules: RuleBook
    webhooks: Webhooks
    info: Callable[[], Mapping[str, Any]]
    connections: Callable[[Tenancy | None], Mapping[str, Sequence[Mapping[str, Any]]]]
    figures: Callable[[], Figures]
    activate: Callable[[str, bytes], Mapping[str, Any]]
    reset: Callable[[Tenant | None], Awaitable[None]]
    snapshots: Snapshots
    unknown_errors: tuple[type[Exception], ...]
    failed_errors: tuple[type[Exception], ...] = ()
    failed_handshakes: Callable[[], Sequence[FailedHandshake]] = tuple
    is_ready: Callable[[], bool] = lambda: True
    closing: trio.Event = field(default_factory=trio.Event)
