"""Many devices in this process, and providers in threads, for a gateway in another process."""

from __future__ import annotations

import ssl
import time
import uuid
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import trio

from certs.authority import Authority
from devicesim.host.device_host import DeviceHost
from devicesim.link.dial import tls_dials
from tests.e2e.gateway_process import token_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from protocol.courier.messages import Push
    from tests.e2e.gateway_process import GatewayProcess

PROVIDERS = 8


@dataclass(frozen=True)
class Target:
    """An app on a device."""

    device: str
    topic: str
    token: str


class Fleet:
    """Devices of one host, and what their apps received: apns-ids in order of arrival."""

    def __init__(self, gateway: GatewayProcess) -> None:
        authority = Authority.load(gateway.data_dir)
        self.received: list[str] = []
        self.host = DeviceHost(
            tls_dials(*gateway.courier, authority.certificate_pem, authority.issue_device),
            trio.current_time,
            on_received=self._note,
        )

    def _note(self, _device: str, push: Push, _presentation: object, _detail: str) -> None:
        self.received.append(push.apns_id)

    async def grow(self, devices: int, apps: int) -> list[list[Target]]:
        """More devices, each with so many apps."""
        grown: dict[int, list[Target]] = {}

        async def one(number: int) -> None:
            device = await self.host.create_device()
            targets = grown[number] = []
            for app in range(apps):
                topic = f"com.example.app{app}"
                view = await self.host.install_app(device.id, topic)
                targets.append(Target(device.id, topic, view.tokens["alert"]))

        async with trio.open_nursery() as nursery:
            for number in range(devices):
                nursery.start_soon(one, number)
        return [grown[number] for number in range(devices)]

    async def patch(self, devices: Sequence[str], **change: object) -> None:
        async with trio.open_nursery() as nursery:
            for device in devices:
                nursery.start_soon(lambda d=device: self.host.patch_device(d, **change))  # type: ignore[misc]


@dataclass
class Provider:
    """Pushes each target until one push is answered 200, as providers do; remembers all of it.

    Attributes:
        refusals: reasons that an answer may have before.
    """

    gateway: GatewayProcess
    refusals: set[str] = field(default_factory=lambda: {"ServiceUnavailable"})
    accepted: list[str] = field(default_factory=list)
    # Per target, in the order of sending.
    sent: dict[Target, list[str]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self._trust = ssl.create_default_context(cafile=self.gateway.info["ca_file"])
        self._url = self.gateway.info["provider_url"]
        self._bearer = token_for(self.gateway.info)

    async def push_all(self, targets: Sequence[Target]) -> None:
        """One accepted push for each, in this order as far as one target is concerned."""
        shares: list[list[Target]] = [[] for _ in range(PROVIDERS)]
        for target in targets:
            # All of one target go over one connection: "newest" must mean something.
            shares[int(target.token[:8], 16) % PROVIDERS].append(target)
        async with trio.open_nursery() as nursery:
            for share in shares:
                nursery.start_soon(trio.to_thread.run_sync, self._push_some, share[::-1])

    def _push_some(self, remaining: list[Target]) -> None:
        while remaining:
            # A new connection after every failure.
            with (
                suppress(httpx.HTTPError),
                httpx.Client(http2=True, verify=self._trust, trust_env=False) as client,
            ):
                while remaining and self._push(client, remaining[-1]):
                    remaining.pop()
            time.sleep(0.05)  # in a thread: until the gateway or its store is back

    def _push(self, client: httpx.Client, target: Target) -> bool:
        apns_id = str(uuid.uuid4())
        self.sent[target].append(apns_id)
        headers = {"apns-topic": target.topic, "apns-id": apns_id, "apns-push-type": "alert"}
        headers["authorization"] = f"bearer {self._bearer}"
        url = f"{self._url}/3/device/{target.token}"
        answer = client.post(url, headers=headers, content=b'{"aps":{}}')
        if answer.status_code == httpx.codes.OK:
            self.accepted.append(apns_id)
            return True
        assert answer.json()["reason"] in self.refusals
        return False
