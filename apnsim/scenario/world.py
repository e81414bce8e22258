"""The world of a scenario: gateway, phones and provider in this process, on Trio's clock.

Everything between them is what it is in service (TLS, HTTP/2, the courier's protocol, the store's
rules); only the wires are memory, and nothing is written but certificates and a key, to a folder
that goes with the scenario.
"""

from __future__ import annotations

import itertools
import ssl
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import trio

from apnsim.scenario.provider import Provider
from apnsim.scenario.wires import CourierWire, Exchange, ProviderWire
from apnsim.virtual_devices import VirtualDevices
from certs.provider_key import ProviderKey
from devicesim.link.backoff import Backoff
from gateway import tuning
from gateway.clock import Clock
from gateway.provider.tls import ProviderTls
from gateway.serve import Gateway, keep_up
from gateway.store.factory import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from gateway.settings import Settings

FAREWELL_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class World:
    """Who takes part."""

    clock: Clock
    gateway: Gateway
    devices: VirtualDevices
    provider: Provider


@asynccontextmanager
async def world(settings: Settings, epoch: float) -> AsyncIterator[World]:
    """A gateway that is up, and a provider; no phones yet.

    Args:
        settings: of the gateway; where it keeps things is not taken from them.
        epoch: the wall time of Trio's time 0, UNIX seconds.
    """
    clock = Clock(lambda: epoch + trio.current_time())
    with tempfile.TemporaryDirectory(prefix="apnsim-scenario-") as folder:
        own = replace(settings, data_dir=Path(folder), store="memory")
        async with open_store("memory", own.data_dir) as store:
            gateway = Gateway(own, clock, store)
            gateway.courier_port = own.courier_port
            async with trio.open_nursery() as nursery:
                nursery.start_soon(gateway.broadcasting.broadcaster.run)
                keep_up(gateway, nursery)
                devices = VirtualDevices(
                    gateway, CourierWire(Exchange(gateway.couriers.serve, nursery)), _same_dice()
                )
                nursery.start_soon(devices.adopt_all)
                await nursery.start(devices.run)
                provider = _provider(gateway, nursery)
                yield World(clock, gateway, devices, provider)
                with trio.move_on_after(FAREWELL_SECONDS):
                    await provider.aclose()
                nursery.cancel_scope.cancel()


def _provider(gateway: Gateway, nursery: trio.Nursery) -> Provider:
    registered = gateway.home.signing_key(gateway.keys, gateway.settings.team_id)
    assert registered.key_file is not None
    key = ProviderKey.load(registered.key_file, registered.key.team_id)
    authority = gateway.authority.certificate_pem
    tls = ProviderTls(gateway.leaf, authority, gateway.home.revocations().file)
    (listening, *_) = tuning.provider_listening(gateway.settings)
    serve = partial(gateway.providers.serve, context=tls, settings=listening)
    trust = ssl.create_default_context(cadata=authority.decode())
    return Provider(ProviderWire(Exchange(serve, nursery)), trust, key, gateway.clock.now)


def _same_dice() -> Callable[[], Backoff]:
    """Links that throw the same numbers at each run, each its own: a scenario always ends alike."""
    seeds = itertools.count()
    return lambda: Backoff(Random(next(seeds)))
