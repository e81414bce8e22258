"""A whole gateway with its virtual devices and console in this process, on free ports.

Everything is real but the command line: TLS, sockets, the wire between gateway and devices.
"""

from __future__ import annotations

import json
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx
import trio

from apnsim.serve import Running
from certs.provider_key import ProviderKey
from gateway.clock import Clock
from gateway.serve import serve
from gateway.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from devicesim.host.views import ReceivedView
    from gateway.records import State
    from gateway.serve import Gateway

TOPIC = "com.example.app"
PRODUCTION = "api.push.apple.com"
DEVELOPMENT = "api.sandbox.push.apple.com"


class World:
    """A gateway that is up; pushes to it as a provider, and looks at what devices got."""

    def __init__(self, running: Running, clock: Clock, stop: trio.Event) -> None:
        self.running = running
        self.clock = clock
        self.stop = stop
        self.devices = running.devices
        self._clients: dict[tuple[str, int], httpx.AsyncClient] = {}
        self._exits = AsyncExitStack()
        key = running.signing_key()
        assert key.key_file is not None
        self._signer = ProviderKey.load(key.key_file, key.key.team_id)
        self._signed_at = int(clock.now())
        self._bearer = self._signer.sign(self._signed_at)

    @property
    def gateway(self) -> Gateway:
        return self.running.gateway

    async def phone(self, name: str = "phone", **options: Any) -> str:  # noqa: ANN401
        """The id of a new device."""
        view = await self.devices.create_device(name, **options)
        return view.id

    async def install(self, device: str, bundle_id: str = TOPIC, push_type: str = "alert") -> str:
        """The token of a new app."""
        view = await self.devices.install_app(device, bundle_id, [push_type])
        return view.tokens[push_type]

    async def push(
        self,
        token: str,
        text: str = "Hello",
        *,
        aps: dict[str, Any] | None = None,
        payload: dict[str, Any] | None = None,
        sni: str = "localhost",
        connection: int = 0,
        timeout: float = 5.0,
        **headers: str | None,
    ) -> httpx.Response:
        """Push an alert, ``aps``, or a payload; ``apns_topic=…`` sets a header, None drops it."""
        if (sni, connection) not in self._clients:
            client = httpx.AsyncClient(
                http2=True,
                verify=ssl.create_default_context(cafile=self.gateway.home.ca_file),
                trust_env=False,
                base_url=self.gateway.info()["provider_url"],
            )
            self._clients[sni, connection] = await self._exits.enter_async_context(client)
        told: dict[str, str | None] = {"apns-topic": TOPIC, "apns-push-type": "alert"}
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        said = {name: value for name, value in told.items() if value is not None}
        if self.clock.now() >= self._signed_at + 3600:  # a test has moved the clock
            self._signed_at = int(self.clock.now())
            self._bearer = self._signer.sign(self._signed_at)
        return await self._clients[sni, connection].post(
            f"/3/device/{token}",
            content=json.dumps(payload or {"aps": {"alert": text} if aps is None else aps}),
            headers={"authorization": f"bearer {self._bearer}", **said},
            extensions={"sni_hostname": sni},
            timeout=timeout,
        )

    async def pushes(self, token: str, *texts: str, **headers: str) -> None:
        """Push them in order; each is accepted."""
        for text in texts:
            answer = await self.push(token, text, **headers)
            assert answer.status_code == 200, answer.text

    async def reached(self, apns_id: str, state: State) -> None:
        """Wait until the push of this id has been in this state."""
        watching = self.gateway.journal
        await until(
            lambda: any(
                event.state is state
                for record in watching.find(lambda record: record.apns_id == apns_id)
                for event in record.timeline
            )
        )

    async def received(self, device: str, count: int, topic: str = TOPIC) -> list[str]:
        """The texts that the app got, once there are ``count`` of them; "+" = from storage."""
        await until(lambda: len(self._of(device, topic)) >= count)
        return [
            ("+" if view.from_storage else "") + _text(view) for view in self._of(device, topic)
        ]

    def topics_of(self, device: str) -> set[str]:
        """The apps that got something."""
        return {view.topic for view in self.devices.notifications(device)}

    async def switch(self, device: str, *, online: bool) -> None:
        await self.devices.patch_device(device, online=online)
        # Until the gateway's session is over, the store believes that somebody is there.
        await until(lambda: (device in self.connected) == online)

    async def passes(self, seconds: float) -> None:
        """So much time, with all that is due meanwhile; by the control API."""
        url = f"{self.running.console_url}/api/v1/clock/advance"
        async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
            answer = await client.post(url, json={"seconds": seconds})
        assert answer.status_code == 200, answer.text

    @property
    def connected(self) -> set[str]:
        """The devices whose links the gateway holds."""
        return {str(session.device) for session in self.gateway.couriers.statistics()}

    async def aclose(self) -> None:
        await self._exits.aclose()

    def _of(self, device: str, topic: str) -> list[ReceivedView]:
        received = self.devices.notifications(device)
        return [view for view in received if view.topic == topic]


@asynccontextmanager
async def world(data_dir: Path, **changes: Any) -> AsyncIterator[World]:  # noqa: ANN401
    """One that is up, and has been drained afterwards."""
    ports = {"provider_port": (0,), "courier_port": 0, "console_port": 0}
    ports |= {"manage_port_development": 0, "manage_port_production": 0}
    settings = Settings(**{"data_dir": data_dir, "store": "memory", **ports, **changes})
    stop, clock = trio.Event(), Clock()
    running = Running(stop)
    async with trio.open_nursery() as nursery:
        companions = running.companions
        await nursery.start(serve, settings, clock, stop, companions)
        here = World(running, clock, stop)
        try:
            yield here
        finally:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + 5):
                await here.aclose()
            stop.set()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for what comes from other tasks or processes; the test's own limit bounds it."""
    while not is_so():  # noqa: ASYNC110 - there is no event: it happens elsewhere
        await trio.sleep(0.005)


def _text(view: ReceivedView) -> str:
    return str(view.payload["aps"]["alert"])
