"""Wiring the console: where its answers come from."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from functools import partial
from typing import TYPE_CHECKING, Any

from apnsim.netstat import Socket
from apnsim.own_provider import OwnProvider
from devicesim.app import UnknownAppError
from devicesim.host.confirmation import NotConfirmedError
from devicesim.host.hosted import UnknownDeviceError
from devicesim.live_activities.kit import UnknownActivityError
from devicesim.screen.screen import UnknownNotificationError
from devicesim.state.files import StateError
from gateway.console.parts import ConsoleParts, Figures
from gateway.console.rendering import to_json
from gateway.console.views import event_view
from gateway.provider.certificate import CertificateIdentity
from gateway.provider.identity import TokenIdentity
from gateway.provider.keys import RegisteredKey
from gateway.store.store import StoreUnavailableError
from gateway.webhooks.allowed import LOOPBACK, AllowList
from gateway.webhooks.book import Webhooks

if TYPE_CHECKING:
    import trio

    from apnsim.serve import Running
    from certs.provider_key import ProviderPublicKey
    from gateway.courier.terms import SessionStatistics
    from gateway.histogram import Histogram
    from gateway.provider.contract import ConnectionStatistics
    from gateway.routing.tenancy import Tenancy
    from gateway.serve import Gateway
    from protocol.notification import Environment
    from protocol.tenant import Tenant

_UNKNOWN_ERRORS = (
    UnknownDeviceError,
    UnknownAppError,
    UnknownActivityError,
    UnknownNotificationError,
)
_AUTHENTICATION: dict[type, str] = {
    type(None): "none yet",
    TokenIdentity: "token",
    CertificateIdentity: "certificate",
}


def webhooks_of(gateway: Gateway) -> Webhooks:
    """The webhooks of a gateway, told in the words of the control API.

    Raises:
        TargetError: one of its settings leads to a target that is not allowed.
    """
    return Webhooks(
        gateway.journal.followers,
        lambda record, event: to_json(event_view(record, event)),
        AllowList(gateway.settings.webhook_allow or LOOPBACK),
        gateway.settings.webhook,
    )


def console_parts(running: Running, closing: trio.Event) -> ConsoleParts:
    """The console's collaborators, for what runs."""
    gateway, devices, webhooks = running.gateway, running.devices, running.webhooks

    def register_key(
        key: ProviderPublicKey,
        environments: frozenset[Environment] | None,
        topics: frozenset[str] | None,
        related_key_id: str | None,
    ) -> None:
        gateway.keys.add(RegisteredKey(key, environments, topics, related_key_id=related_key_id))

    async def reset(tenant: Tenant | None) -> None:
        if tenant is None:
            await gateway.timekeeper.reset()
        await (devices.reset() if tenant is None else devices.forget(tenant))
        webhooks.reset(tenant)

    return ConsoleParts(
        journal=gateway.journal,
        directory=gateway.directory,
        channels=gateway.channels,
        clock=gateway.clock,
        timekeeper=gateway.timekeeper,
        store=gateway.store,
        sessions=gateway.sessions,
        devices=devices,
        keys=gateway.keys,
        register_key=register_key,
        make_key=partial(gateway.home.make_key, gateway.keys),
        send_push=OwnProvider(gateway).push,
        rules=gateway.faults.book,
        webhooks=webhooks,
        info=running.info,
        connections=lambda tenancy: _connections(gateway, tenancy),
        failed_handshakes=lambda: gateway.providers.failed_handshakes,
        figures=lambda: _figures(gateway, running.lag.seconds),
        activate=lambda device_id, csr: _activate(gateway, device_id, csr),
        reset=reset,
        unknown_errors=_UNKNOWN_ERRORS,
        failed_errors=(NotConfirmedError, StateError, StoreUnavailableError),
        snapshots=running.snapshots,
        is_ready=lambda: gateway.store.statistics().is_available and running.snapshots.is_ready,
        closing=closing,
    )


def _figures(gateway: Gateway, loop_lag: Histogram) -> Figures:
    providers = Counter(dict.fromkeys(_AUTHENTICATION.values(), 0))
    for front in (gateway.providers, gateway.managers):
        for connection in front.statistics():
            identity = gateway.identities.get(connection.facts.connection_id)
            providers[_AUTHENTICATION[type(identity and identity.bound)]] += 1
    goaways = gateway.providers.goaways + gateway.managers.goaways
    return Figures(providers=providers, goaways=goaways, loop_lag=loop_lag)


def _connections(gateway: Gateway, tenancy: Tenancy | None) -> dict[str, list[dict[str, Any]]]:
    """Of a tenant: those that have asked for it, and those of the devices that have it."""
    providers = [
        each for front in (gateway.providers, gateway.managers) for each in front.statistics()
    ]
    couriers = _couriers(gateway)
    if tenancy is not None:
        asked = {each.connection for each in gateway.journal.records() if tenancy.has_record(each)}
        providers = [each for each in providers if each.facts.name in asked]
        couriers = [each for each in couriers if tenancy.has_device(each["device"])]
    return {"provider": [_provider(gateway, each) for each in providers], "courier": couriers}


def _couriers(gateway: Gateway) -> list[dict[str, Any]]:
    """The sessions, each with its socket as netstat would list it on the phone."""
    here = gateway.info()["courier"]
    return [
        _fields(each) | {"socket": Socket.between(each.peer, here)}
        for each in gateway.couriers.statistics()
    ]


def _fields(value: SessionStatistics) -> dict[str, Any]:
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _provider(gateway: Gateway, each: ConnectionStatistics) -> dict[str, Any]:
    identity = gateway.identities.get(each.facts.connection_id)
    bound = None if identity is None else identity.bound
    return {
        "id": each.facts.connection_id,
        "peer": each.facts.peer,
        "environment": each.facts.environment,
        "authentication": _AUTHENTICATION[type(bound)],
        "team_id": bound and bound.team_id,
        "key_id": bound.key_id if isinstance(bound, TokenIdentity) else None,
        "topics": sorted(bound.topics) if bound and bound.topics is not None else None,
        "streams_open": each.streams_open,
        "stream_limit": each.stream_limit,
        "requests_answered": each.requests_answered,
        "requests_withdrawn": each.requests_withdrawn,
        "bytes_received": each.bytes_received,
        "bytes_sent": each.bytes_sent,
        "is_draining": each.draining,
        "faults": each.facts.faults,
    }


def _activate(gateway: Gateway, device_id: str, csr: bytes) -> dict[str, Any]:
    host, _, port = gateway.info()["courier"].rpartition(":")
    return {
        "device_id": device_id,
        "certificate": gateway.authority.sign_device_request(csr, device_id).decode(),
        "ca": gateway.authority.certificate_pem.decode(),
        "courier": {"host": host.strip("[]"), "port": int(port)},
    }
