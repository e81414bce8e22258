"""kill -9 of the gateway and of its store, while providers push and devices come and go.

The promise under test: whatever was answered 200 arrives, unless a newer push for the same device
and topic took its place while the device was away; and nothing reaches an app twice. Devices that
have gone dark are part of it: without them a crash test proves nothing, because the kernel flushes
the sockets of a killed process.
"""

from __future__ import annotations

import os
import signal
import ssl
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING

import httpx
import trio

from certs.authority import Authority
from devicesim.host import DeviceHost, tls_dials
from tests.e2e.gateway_process import gateway_process, token_for
from tests.e2e.world import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from protocol.courier.messages import Push
    from tests.e2e.gateway_process import GatewayProcess

DEVICES, APPS = 50, 40
PUSHES = DEVICES * APPS
PROVIDERS = 8


class Fleet:
    """Devices in this process, and what their apps received."""

    def __init__(self, gateway: GatewayProcess) -> None:
        authority = Authority.load(gateway.data_dir)
        self.received: list[str] = []
        self.host = DeviceHost(
            tls_dials(*gateway.courier, authority.certificate_pem, authority.issue_device),
            trio.current_time,
            on_received=self._note,
        )
        self.devices: list[str] = []
        self.tokens: list[tuple[str, str]] = []

    def _note(self, _device: str, push: Push, _presentation: object, _detail: str) -> None:
        self.received.append(push.apns_id)

    async def grow(self) -> None:
        """Devices with their apps; ``tokens`` holds (token, topic), shuffled over the devices."""
        tokens: dict[int, list[tuple[str, str]]] = {}

        async def one(number: int) -> None:
            device = await self.host.create_device()
            self.devices.append(device.id)
            tokens[number] = []
            for app in range(APPS):
                topic = f"com.example.app{app}"
                view = await self.host.install_app(device.id, topic)
                tokens[number].append((view.tokens["alert"], topic))

        async with trio.open_nursery() as nursery:
            for number in range(DEVICES):
                nursery.start_soon(one, number)
        self.tokens = [tokens[number][app] for app in range(APPS) for number in range(DEVICES)]

    async def patch(self, devices: list[str], **change: object) -> None:
        async with trio.open_nursery() as nursery:
            for device in devices:
                nursery.start_soon(lambda d=device: self.host.patch_device(d, **change))  # type: ignore[misc]


class Provider:
    """Pushes; remembers what was answered 200. A new connection after every failure."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
        self._url = gateway.info["provider_url"]
        self._bearer = token_for(gateway.info)
        self.accepted: list[str] = []
        self.sent = 0

    async def push_all(self, tokens: list[tuple[str, str]]) -> None:
        remaining = iter(tokens)
        async with trio.open_nursery() as nursery:
            for _ in range(PROVIDERS):
                nursery.start_soon(trio.to_thread.run_sync, self._push_some, remaining)

    def _push_some(self, remaining: Iterator[tuple[str, str]]) -> None:
        while self._push_over_one_connection(remaining):
            time.sleep(0.05)  # in a thread: until the gateway is back

    def _push_over_one_connection(self, remaining: Iterator[tuple[str, str]]) -> bool:
        """Push until there is nothing more to push (False) or the connection fails (True)."""
        with httpx.Client(http2=True, verify=self._trust, trust_env=False, timeout=10) as client:
            for token, topic in remaining:
                self.sent += 1
                try:
                    self._push(client, token, topic)
                except httpx.HTTPError:
                    return True
        return False

    def _push(self, client: httpx.Client, token: str, topic: str) -> None:
        apns_id = str(uuid.uuid4())
        headers = {"apns-topic": topic, "apns-id": apns_id, "apns-push-type": "alert"}
        headers["authorization"] = f"bearer {self._bearer}"
        url = f"{self._url}/3/device/{token}"
        answer = client.post(url, headers=headers, content=b'{"aps":{}}')
        if answer.status_code == httpx.codes.OK:
            self.accepted.append(apns_id)
        else:
            assert answer.json() == {"reason": "ServiceUnavailable"}


async def test_nothing_that_was_answered_200_is_lost_or_comes_twice(tmp_path: Path) -> None:
    with trio.fail_after(120):
        async with gateway_process(tmp_path) as gateway, trio.open_nursery() as nursery:
            fleet = Fleet(gateway)
            await nursery.start(fleet.host.run)
            await fleet.grow()
            provider = Provider(gateway)
            third = DEVICES // 3
            await fleet.patch(fleet.devices[:third], online=False)
            await fleet.patch(fleet.devices[third : 2 * third], network="half-open")
            nursery.start_soon(provider.push_all, fleet.tokens)

            await until(lambda: provider.sent >= PUSHES // 5)
            await gateway.kill()
            await gateway.start()
            await until(lambda: provider.sent >= 2 * PUSHES // 5)
            os.kill(gateway.store_pid, signal.SIGKILL)
            await until(lambda: provider.sent >= 3 * PUSHES // 5)
            await fleet.patch(fleet.devices[2 * third :], network="half-open")
            await until(lambda: provider.sent >= 4 * PUSHES // 5)
            os.kill(gateway.store_pid, signal.SIGKILL)
            await gateway.kill()
            await gateway.start()
            await until(lambda: provider.sent == PUSHES)

            await fleet.patch(fleet.devices, network="wifi", online=True)
            await until(lambda: set(provider.accepted) <= set(fleet.received))
            await fleet.host.delete_all()
            nursery.cancel_scope.cancel()
    twice = [apns_id for apns_id, count in Counter(fleet.received).items() if count > 1]
    assert twice == []
    # The crashes cost some pushes their answer, not their sense: most were accepted.
    assert len(provider.accepted) > PUSHES // 2
