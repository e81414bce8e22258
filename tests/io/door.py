"""A device daemon whose apps are in other processes: the local socket, and the phone behind it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import trio

from devicesim.live_activities.kit import ActivityKit
from devicesim.local_socket.duties import Duties
from devicesim.local_socket.listener import LocalSocket
from devicesim.local_socket.unix import private_unix_listener
from devicesim.runtime.rules import RuntimeRules
from protocol.courier.messages import PushAck
from tests.devicesim.scripted_gateway import Phone, push_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from protocol.courier.messages import Push


class Door:
    """A phone whose apps are in other processes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.phone = Phone()
        self.time = 1_790_000_000.0
        self.activity_kit = ActivityKit(self.phone.state, lambda: self.time)
        self.socket = LocalSocket(self.activity_kit, power=self.phone.daemon.power)
        self.socket.duties = Duties(lambda: self.time, RuntimeRules(background_run_seconds=0.05))
        self.phone.daemon._delivery = self.socket
        self.phone.daemon._delivery = self.socket
        self.sent = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Door]:
        async with self.phone.running():
            await self.phone.daemon.wait_until_online()
            with private_unix_listener(self.path) as listener:
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self.socket.run, self.phone.daemon, listener)
                    yield self
                    nursery.cancel_scope.cancel()

    async def pushes(self, topic: str, *payloads: bytes) -> None:
        """Send them and wait until the device has acknowledged them."""
        token = self.phone.token(topic)
        await self.delivers(*[push_to(token, topic, each) for each in payloads])

    async def delivers(self, *pushes: Push) -> None:
        """The same, for any push."""
        self.sent += len(pushes)
        await self.phone.gateway.say(*pushes)
        await self.phone.gateway.hears(PushAck, self.sent)
