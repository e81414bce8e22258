"""Time that was moved or stopped, in a real gateway that is asked to end, or killed."""

from __future__ import annotations

import ssl
import time
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpx
import trio

from tests.e2e.gateway_process import GatewayProcess, gateway_process, token_for
from tests.e2e.world import TOPIC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DAY = 86_400


class Desk:
    """The control API of a gateway process, and a provider."""

    def __init__(self, gateway: GatewayProcess, http: httpx.AsyncClient) -> None:
        self.gateway = gateway
        self.http = http

    async def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401
        url = f"{self.gateway.info['console_url']}/api/v1/{path}"
        answer = await self.http.request(method, url, json=body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    async def phone(self) -> tuple[str, str]:
        """A phone, and the token of its app."""
        device = await self.call("POST", "devices", {})
        app = await self.call("POST", f"devices/{device['id']}/apps", {"bundle_id": TOPIC})
        return device["id"], app["tokens"]["alert"]

    async def push(self, token: str, text: str) -> None:
        answer = await self.http.post(
            f"{self.gateway.info['provider_url']}/3/device/{token}",
            json={"aps": {"alert": text}},
            headers={
                "authorization": f"bearer {token_for(self.gateway.info)}",
                "apns-topic": TOPIC,
                "apns-push-type": "alert",
            },
        )
        assert answer.status_code == 200, answer.text


@asynccontextmanager
async def desk(gateway: GatewayProcess) -> AsyncIterator[Desk]:
    trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
    async with httpx.AsyncClient(http2=True, verify=trust, timeout=30, trust_env=False) as http:
        yield Desk(gateway, http)


async def test_a_gateway_whose_time_stands_still_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        async with desk(gateway) as here:
            phone, token = await here.phone()
            # Bytes that are under way to a slow phone when time stops.
            slow = {"conditions": {"latency_seconds": 2.0}}
            await here.call("PATCH", f"devices/{phone}", slow)
            await here.call("PUT", "clock", {"frozen": True})
            await here.push(token, "under way")
        began = time.monotonic()
        assert await gateway.stop() == 0
        assert time.monotonic() - began < 10
    assert "Traceback" not in gateway.log


async def test_what_was_accepted_outlives_a_kill_amid_a_jump(tmp_path: Path) -> None:
    async with gateway_process(tmp_path, "--keep-alive-seconds", "1") as gateway:
        async with desk(gateway) as here:
            phone, token = await here.phone()
            await here.call("PATCH", f"devices/{phone}", {"online": False})
            await here.push(token, "still here")
            await here.phone()  # whose keep-alives make the jump a long one
            async with trio.open_nursery() as nursery:

                async def jump() -> None:
                    with suppress(httpx.TransportError):
                        await here.call("POST", "clock/advance", {"seconds": 20 * DAY})

                nursery.start_soon(jump)
                while (await here.call("GET", "clock"))["ahead_seconds"] < 60:
                    await trio.lowlevel.checkpoint()
                await gateway.kill()
        await gateway.start()
        async with desk(gateway) as here:
            assert (await here.call("GET", "clock"))["ahead_seconds"] == 0
            await here.call("PATCH", f"devices/{phone}", {"online": True})
            query = f"notifications?device={phone}&state=Presented&wait=10"
            [record] = await here.call("GET", query)
            assert record["state"] == "Presented"
        assert await gateway.stop() == 0
    assert "Traceback" not in gateway.log
