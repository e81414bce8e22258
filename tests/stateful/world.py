"""The real thing that the model is compared with: a gateway and a phone, on Trio's test clock.

Router, store, courier front, device host, daemon and network are the product's own; between the
phone's network and the front there is a memory stream in place of TCP and TLS.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial
from random import Random
from typing import TYPE_CHECKING, TypeAlias

import trio
from trio.testing import (
    MemoryReceiveStream,
    MemorySendStream,
    memory_stream_pair,
    wait_all_tasks_blocked,
)

from devicesim.host.confirmation import NotConfirmedError
from devicesim.host.device_host import DeviceHost
from devicesim.link.backoff import Backoff
from devicesim.link.dial import SecureStream
from devicesim.link.intervals import FixedInterval
from devicesim.link.keepalive import KeepAliveSweeper
from gateway.courier.link import Link
from gateway.courier.terms import Caller, CourierSettings
from gateway.upkeep import expire, when_due
from protocol.courier.compact import CompactCodec
from protocol.identifiers import DeviceId, DeviceToken, Topic
from protocol.notification import Environment
from tests.builders import NOW, SettableTime, notification
from tests.io.phones import Gateway

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from devicesim.link.dial import NetworkPath
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push

    MemoryStream: TypeAlias = trio.StapledStream[MemorySendStream, MemoryReceiveStream]

PHONE = "phone"
KEEP_ALIVE_SECONDS = 60.0


class TrioTime(SettableTime):
    """Wall time that runs with Trio's clock."""

    def now(self) -> float:
        return NOW + trio.current_time()


class World:
    """One gateway, one phone.

    Args:
        nursery: where the gateway runs.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery
        self.gateway = Gateway(nursery, CourierSettings(), TrioTime())
        self.host = self._new_host()
        self._phone = trio.CancelScope()
        self._ends: list[MemoryStream] = []
        self._links = 0
        self._provider_has: dict[str, DeviceToken] = {}
        self.arrivals: Counter[int] = Counter()

    async def start(self) -> None:
        """Upkeep, and a phone that is online."""
        gateway = self.gateway

        for alarm, job in (
            (gateway.front.silence, gateway.front.end_silence),
            (
                gateway.router.expiries,
                partial(expire, gateway.store, gateway.journal, gateway.time.now, gateway.sessions),
            ),
        ):
            self._nursery.start_soon(when_due, alarm, job)
        await self._nursery.start(self._run_host)
        await self.host.create_device(device_id=PHONE)

    # -- the person ----------------------------------------------------------------------------

    async def switch(self, **change: object) -> None:
        await self.host.patch_device(PHONE, **change)  # type: ignore[arg-type]
        await self._settle()

    async def install(self, app: str) -> None:
        await self._confirmed(self.host.install_app(PHONE, app))

    async def uninstall(self, app: str) -> None:
        await self._confirmed(self.host.uninstall_app(PHONE, app))

    async def restore(self) -> None:
        await self._confirmed(self.host.restore(PHONE))

    async def _confirmed(self, change: Awaitable[object]) -> None:
        """Through a dead link nothing is confirmed; the phone says it again on the next."""
        with suppress(NotConfirmedError):
            await change
        await self._settle()

    # -- the provider --------------------------------------------------------------------------

    async def push(self, number: int, app: str, seconds: float) -> None:
        """To the token that the provider has; 410 is the end of it."""
        await self._push(number, app, seconds)
        await self._settle()

    async def push_amid_a_reset(self, number: int, app: str, seconds: float, steps: int) -> None:
        """The link is reset so many steps of the scheduler after the push was accepted."""
        self._nursery.start_soon(self._push, number, app, seconds)
        for _ in range(steps):
            await trio.lowlevel.checkpoint()
        await self._reset_links()

    async def _push(self, number: int, app: str, seconds: float) -> None:
        token = self._provider_has[app]
        registration = self.gateway.directory.registration_of(token)
        assert registration is not None
        if registration.unregistered_at is not None:
            return
        now = self.gateway.time.now()
        pushed = notification(
            number,
            token=token,
            topic=Topic(app),
            received_at=now,
            expires_at=now + seconds if seconds else 0.0,
        )
        record = self.gateway.journal.begin(None, "provider")
        self.gateway.journal.received(record, pushed, registration.device)
        await self.gateway.router.route(pushed, registration)

    # -- accidents -----------------------------------------------------------------------------

    async def kill_gateway(self) -> None:
        """Its links are reset and it remembers only its store; it is back at once."""
        self.gateway.store._sessions.clear()
        self.gateway.front.services.sessions.unacknowledged.clear()
        await self._reset_links()

    async def kill_phone(self) -> None:
        """Its process ends without a word, and another one begins with what it had written down."""
        (device,) = self.host._devices.values()
        await self._reset_links()
        self._phone.cancel()
        self.host = self._new_host()
        await self._nursery.start(self._run_host)
        self.host._start(device.state)
        await self._settle()

    async def _reset_links(self) -> None:
        """As RST does, which destroys what is on its way."""
        ends, self._ends = self._ends, []
        for stream in ends:
            stream.receive_stream.close()  # neither end sees the other's, which is a goodbye
        for stream in ends:
            await trio.aclose_forcefully(stream)
        await self._settle()

    # -- the machinery -------------------------------------------------------------------------

    async def passes(self, seconds: float) -> None:
        await trio.sleep(seconds)
        await self._settle()

    async def _settle(self) -> None:
        """Until nothing happens any more without time passing."""
        for _ in range(5):  # a phone that has been refused dials again, and so on
            await wait_all_tasks_blocked()
        (device,) = self.host.list_devices()
        self._provider_has |= {
            app.bundle_id: DeviceToken.parse(app.tokens["alert"])
            for app in device.apps
            if "alert" in app.tokens and device.online
        }

    def _new_host(self) -> DeviceHost:
        return DeviceHost(
            self._make_dial,
            self.gateway.time.now,
            on_received=self._note,
            keep_alive=KeepAliveSweeper(FixedInterval(KEEP_ALIVE_SECONDS)),
            make_backoff=lambda: Backoff(Random(0)),
        )

    async def _run_host(
        self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
    ) -> None:
        with trio.CancelScope() as self._phone:
            await self.host.run(task_status)

    def _note(self, _device: str, push: Push, _presentation: object, _detail: str) -> None:
        self.arrivals[int(push.message_id.replace("-", ""), 16)] += 1

    def _make_dial(self, _state: DeviceState, path: NetworkPath) -> MemoryDial:
        return MemoryDial(self, path)

    def meet(self) -> trio.abc.Stream:
        """A new link to the gateway; the phone's end of it."""
        far, near = memory_stream_pair()
        self._links += 1
        caller = Caller(self._links, DeviceId(PHONE), Environment.DEVELOPMENT, "memory")
        link = Link(near, CompactCodec(), self.gateway.settings)
        self._nursery.start_soon(self.gateway.front.serve_link, link, caller)
        self._ends += [far, near]
        return far


class MemoryDial:
    """Through the phone's network to the gateway."""

    def __init__(self, world: World, path: NetworkPath) -> None:
        self._world = world
        self._path = path

    async def __call__(self) -> SecureStream:
        await self._path.wait()
        stream = self._path.wrap_stream(self._world.meet())
        return SecureStream(stream, CompactCodec(), interface=self._path.interface)
