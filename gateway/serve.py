"""The composition root: builds every part, opens the ports, drains. It alone knows all of them.

Order of the start: store, directory, provider and courier ports, then whoever comes along (virtual
devices, the console). Order of the end: stop accepting, answer 503 Shutdown, finish what is in
flight, GOAWAY, close; then the companions, then the store.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias
from weakref import WeakValueDictionary

import trio

from certs.connect_proof import ConnectProofs
from gateway import tuning, upkeep
from gateway.broadcasting import Broadcasting
from gateway.chance import Chance
from gateway.courier.faults import CourierFaults
from gateway.courier.listener import CourierFront
from gateway.courier.terms import Services
from gateway.courier.tls import courier_tls
from gateway.home import Home
from gateway.journal import Journal
from gateway.ports import serve_port, url_host
from gateway.provider.endpoint import PushEndpoint, PushService
from gateway.provider.front_faults import FrontFaults
from gateway.provider.identity import meet
from gateway.provider.interference import RequestFaults
from gateway.provider.listener import ProviderFront, serve_providers
from gateway.provider.tls import ProviderTls
from gateway.proxy import Destination, ProxyFront
from gateway.routing.directory import DeviceDirectory
from gateway.routing.router import Router
from gateway.routing.sessions import SessionTable
from gateway.routing.unacknowledged import Unacknowledged
from gateway.snapshot.telling import tell_clock
from gateway.state import GatewayState
from gateway.store.factory import open_store
from gateway.timekeeper import Timekeeper
from gateway.version import VERSION
from worldtime import follow

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.clock import Clock
    from gateway.provider.contract import Answerer, ConnectionFacts, ConnectionHandle
    from gateway.provider.identity import ConnectionIdentity
    from gateway.proxy import Door
    from gateway.settings import Settings
    from gateway.store.store import Registration, Store
    from protocol.notification import Environment


class Gateway:
    """Every part of one gateway, built and wired; ports are known once they are open.

    Args:
        settings: the knobs.
        clock: wall time.
        store: where pushes wait; open.

    Raises:
        certs.files.CredentialError: a file of the data directory cannot be used.
    """

    # What is done once every link is over, and what the clock was before it was let run.
    drained: Callable[[], Awaitable[None]] = staticmethod(trio.lowlevel.checkpoint)
    clock_at_the_end: dict[str, Any] | None = None
    courier_port = 0
    proxy: ProxyFront | None = None
    proxy_port = 0

    def __init__(self, settings: Settings, clock: Clock, store: Store) -> None:
        self.settings = settings
        self.clock = clock
        self.store = store
        self.chance = Chance(settings.seed)
        self.home = Home(settings.data_dir)
        self.authority = self.home.authority()
        self.keys = self.home.key_ring()
        if not len(self.keys):
            self.home.make_key(self.keys, settings.team_id)
        self.timekeeper = Timekeeper(clock, lambda: store.statistics().is_busy)
        self.journal = Journal(clock.now, capacity=settings.journal_size)
        self.sessions = SessionTable(Unacknowledged(settings.unacknowledged_seconds))
        self.directory = DeviceDirectory(
            store,
            clock.now,
            self.chance.of("token"),
            max_pushes_per_second=settings.max_pushes_per_token_per_second,
        )
        channel_ids, limits = self.chance.of("channel"), tuning.channels(settings)
        self.broadcasting = Broadcasting(store, self.journal, clock.now, channel_ids, limits)
        self.channels = self.broadcasting.channels
        self.adopted: Callable[[Registration], None] = lambda _: None
        self.identities: WeakValueDictionary[int, ConnectionIdentity] = WeakValueDictionary()
        self._identity_rules = tuning.identity(settings, self.keys, clock)
        self.leaf = self.home.server_leaf(settings.san)
        self.router = Router(
            store,
            self.sessions,
            self.journal,
            clock.now,
            same_id_seconds=settings.same_apns_id_seconds,
            lead=lambda: clock.lead,
        )
        book = tuning.rule_book(settings, self.sessions)
        self.faults = RequestFaults(book, self.journal, clock.now, self.chance.of("fault"))
        self.courier_faults = CourierFaults(book)
        self.state = self._state()
        self.providers = self._provider_front()
        self.managers = self.broadcasting.management(self._meet, self.providers, self.faults)
        self.couriers = self._courier_front()
        self.provider_ports: list[int] = []
        self.provider_urls: dict[Environment, str] = {}

    def info(self) -> dict[str, Any]:
        """What ``GET /api/v1/info`` and the ready file say, but for the console's own part."""
        host = self.settings.host
        proxy_url = f"http://{url_host(host)}:{self.proxy_port}" if self.proxy else None
        return {
            "version": VERSION,
            "time": self.clock.now(),
            "provider_url": f"https://{url_host(host)}:{self.provider_ports[0]}",
            "provider_ports": self.provider_ports,
            "provider_urls": self.provider_urls,
            "manage_ports": self.broadcasting.ports,
            "courier": f"{url_host(host)}:{self.courier_port}",
            "proxy_url": proxy_url,
            "ca_file": str(self.home.ca_file.resolve()),
            "ca_pem": self.authority.certificate_pem.decode(),
            "team_id": self.settings.team_id,
            "keys": self.keys.told(),
        }

    def drain(self) -> None:
        """Ask every connection to finish. Returns at once."""
        self.providers.drain()
        self.managers.drain()
        self.couriers.drain()
        if self.proxy is not None:
            self.proxy.drain()

    def _state(self) -> GatewayState:
        return GatewayState(
            self.store,
            self.directory,
            self.channels,
            self.router,
            self.sessions,
            self.journal,
            self.faults.book,
        )

    def _provider_front(self) -> ProviderFront:
        settings = self.settings
        service = PushService(
            self.router,
            self.directory,
            self.journal,
            self.clock.now,
            self.chance.of("push"),
            lambda registration: self.adopted(registration),
        )

        def make_answer(facts: ConnectionFacts, handle: ConnectionHandle) -> Answerer:
            validation = tuning.validation(settings, facts.environment)
            identity = self._meet(facts, handle)
            pushes = PushEndpoint(service, validation, identity, facts.name)
            answer = self.broadcasting.beside(pushes, facts, identity)
            return self.faults.over(answer, facts, handle, identity)

        return ProviderFront(
            make_answer,
            self.broadcasting.shutting_down(service.shutting_down),
            service.refused,
            tuning.provider_connections(settings),
            tuning.churn(settings),
            faults=FrontFaults(self.faults.book, self.authority, self.home.names(settings.san)),
        )

    def _meet(self, facts: ConnectionFacts, handle: ConnectionHandle) -> ConnectionIdentity:
        identity = meet(self._identity_rules, facts, handle)
        self.identities[facts.connection_id] = identity
        return identity

    def _courier_front(self) -> CourierFront:
        settings = self.settings
        store, directory, channels = self.store, self.directory, self.channels
        journal, now, faults = self.journal, self.clock.now, self.courier_faults
        services = Services(store, directory, channels, self.sessions, journal, now, faults)
        names = self.home.names(settings.san)
        context, spoilt = courier_tls(self.leaf, self.authority, names, faults.book)
        links = tuning.courier_links(settings)
        proofs = ConnectProofs(self.authority.certificate, settings.connect_skew_seconds)
        return CourierFront(services, context, settings.environment, links, proofs, spoilt)


async def _open_ports(gateway: Gateway, accepting: trio.Nursery, links: trio.Nursery) -> None:
    settings = gateway.settings
    listening = tuning.provider_listening(settings)
    # Apple asks every provider for a certificate and needs none (clients.md 7).
    context = ProviderTls(
        gateway.leaf, gateway.authority.certificate_pem, gateway.home.revocations().file
    )
    for listen in listening:
        ports = await accepting.start(serve_providers, gateway.providers, context, listen, links)
        gateway.provider_ports += ports
        url = f"https://{url_host(settings.host)}:{ports[0]}"
        gateway.provider_urls.setdefault(listen.environment, url)
    manage = tuning.management_listening(settings)
    await gateway.broadcasting.open_ports(gateway.managers, manage, context, accepting, links)
    gateway.courier_port = await accepting.start(
        serve_port, gateway.couriers, "courier", settings.host, settings.courier_port, links
    )
    if settings.proxy_port is not None:
        doors: dict[Destination, Door] = {
            Destination.PUSH: lambda stream, heard: gateway.providers.serve(
                stream, context, listening[0], heard
            ),
            # Inside the tunnel Apple's name tells the environment, as the port does outside.
            Destination.CHANNELS: lambda stream, heard: gateway.managers.serve(
                stream, context, listening[0], heard
            ),
            Destination.COURIER: gateway.couriers.serve,
        }
        gateway.proxy = ProxyFront(doors, settings.handshake_seconds)
        gateway.proxy_port = await accepting.start(
            serve_port, gateway.proxy, "proxy", settings.host, settings.proxy_port, links
        )
    keep_up(gateway, accepting)


def keep_up(gateway: Gateway, nursery: trio.Nursery) -> None:
    """Start what a gateway does by itself, when it is due."""
    nursery.start_soon(gateway.courier_faults.later.run)
    nursery.start_soon(upkeep.pass_on_wakes, gateway.store, gateway.sessions)
    store, journal, sessions = gateway.store, gateway.journal, gateway.sessions
    expire = partial(upkeep.expire, store, journal, gateway.clock.now, sessions)
    for alarm, job in (
        (gateway.router.expiries, expire),
        (gateway.channels.expiries, gateway.channels.expire),
        (gateway.couriers.silence, gateway.couriers.end_silence),
    ):
        nursery.start_soon(upkeep.when_due, alarm, job)


Companion: TypeAlias = "Callable[[Gateway, trio.TaskStatus[None]], Awaitable[None]]"


async def serve(
    settings: Settings,
    clock: Clock,
    stop: trio.Event,
    companions: tuple[Companion, ...] = (),
    task_status: trio.TaskStatus[Gateway] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Run a gateway until ``stop`` is set, then drain it.

    Args:
        settings: the knobs.
        clock: wall time.
        stop: set to ask for an orderly end.
        companions: started in order once devices can connect, ended after the drain.
        task_status: started with the gateway once every port is open.

    Raises:
        PortError: a port cannot be opened.
        StoreUnavailableError: the store cannot be opened.
        ValueError: ``settings.store`` names none.
        certs.files.CredentialError: a file of the data directory cannot be used.
    """
    Home(settings.data_dir).prepare()
    with follow(clock.timers):
        async with open_store(settings.store, settings.data_dir) as store:
            gateway = Gateway(settings, clock, store)
            await gateway.state.load()
            gateway.home.begin(gateway.chance, is_empty=gateway.state.is_empty)
            async with trio.open_nursery() as beside:
                beside.start_soon(gateway.timekeeper.run)
                # Beside the links: broadcasts that are taken while these drain still go out.
                beside.start_soon(gateway.broadcasting.broadcaster.run)
                async with trio.open_nursery() as links:
                    async with trio.open_nursery() as accepting:
                        await _open_ports(gateway, accepting, links)
                        for companion in companions:
                            await beside.start(companion, gateway)
                        task_status.started(gateway)
                        await stop.wait()
                        accepting.cancel_scope.cancel()
                    gateway.clock_at_the_end = tell_clock(clock)
                    clock.let_run()
                    gateway.drain()
                    links.cancel_scope.deadline = trio.current_time() + settings.drain_seconds
                await gateway.drained()
                beside.cancel_scope.cancel()
