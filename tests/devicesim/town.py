"""A host of devices, each with a scripted gateway of its own."""

from __future__ import annotations

import dataclasses
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from devicesim.host.device_host import DeviceHost
from devicesim.link.backoff import Backoff
from devicesim.link.intervals import FixedInterval
from devicesim.link.keepalive import KeepAliveSweeper
from protocol.courier.messages import PushAck
from tests.devicesim.scripted_gateway import FairDice, ScriptedGateway

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from devicesim.link.dial import SecureStream
    from devicesim.network import PhonePath
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push


class Town:
    """A host, and a scripted gateway per device (found by the device's name)."""

    def __init__(self, directory: Path | None = None) -> None:
        self.gateways: dict[str, ScriptedGateway] = {}
        self.received: list[tuple[str, Push, str, str]] = []
        self.time = 1_700_000_000.0
        self.nursery: trio.Nursery | None = None
        self.host = DeviceHost(
            self._make_dial,
            lambda: self.time,
            directory,
            self._on_received,
            KeepAliveSweeper(FixedInterval(60), response_seconds=15),
            lambda: Backoff(FairDice()),
        )

    def _on_received(self, device_id: str, message: Push, presentation: str, detail: str) -> None:
        self.received.append((device_id, message, presentation, detail))

    def _make_dial(self, state: DeviceState, network: PhonePath) -> object:
        gateway = self.gateways.setdefault(state.name, ScriptedGateway())
        gateway.nursery = self.nursery

        async def dial() -> SecureStream:
            await network.wait()
            secure = await gateway.dial()
            return dataclasses.replace(
                secure, stream=network.wrap_stream(secure.stream), interface=network.interface
            )

        return dial

    async def passes(self, seconds: float) -> None:
        """So much time, for everybody."""
        self.time += seconds
        await trio.sleep(seconds)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Town]:
        async with trio.open_nursery() as gateways:
            self.nursery = gateways
            for gateway in self.gateways.values():
                gateway.nursery = gateways
            async with trio.open_nursery() as hosts:
                await hosts.start(self.host.run)
                yield self
                hosts.cancel_scope.cancel()
            gateways.cancel_scope.cancel()


async def deliver(town: Town, name: str, push: Push) -> None:
    gateway = town.gateways[name]
    count = len(gateway.all_heard(PushAck))
    await gateway.say(push)
    await gateway.hears(PushAck, count + 1)
