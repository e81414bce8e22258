"""Clients that cannot be told another host come through ``--proxy-port``, and are at home."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from apnsim.commands import exec_
from certs.contexts import device_client_context
from devicesim.host.device_host import DeviceHost
from devicesim.link.dial import TlsDial
from tests.e2e.world import DEVELOPMENT, PRODUCTION, TOPIC, until, world

if TYPE_CHECKING:
    from pathlib import Path

    from devicesim.link.dial import NetworkPath
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push
    from tests.e2e.world import World


def proxied(here: World, url: str) -> httpx.AsyncClient:
    """A client that believes in Apple's host names, and in a proxy."""
    info = here.running.info()
    trust = ssl.create_default_context(cafile=info["ca_file"])
    return httpx.AsyncClient(
        http2=True, verify=trust, proxy=info["proxy_url"], trust_env=False, base_url=url
    )


@pytest.mark.parametrize("port", [443, 2197])
async def test_a_push_through_the_proxy_reaches_the_phone_of_its_environment(
    tmp_path: Path, port: int
) -> None:
    async with world(tmp_path, proxy_port=0) as here:
        for environment, host in (("development", DEVELOPMENT), ("production", PRODUCTION)):
            phone = await here.phone(environment, environment=environment)
            token = await here.install(phone)
            async with proxied(here, f"https://{host}:{port}") as client:
                for text in ("one", "two"):
                    answer = await client.post(
                        f"/3/device/{token}",
                        json={"aps": {"alert": text}},
                        headers={"authorization": f"bearer {here._bearer}", "apns-topic": TOPIC},
                    )
                    assert (answer.status_code, answer.http_version) == (200, "HTTP/2")
            assert await here.received(phone, 2) == ["one", "two"]


async def test_the_proxy_leads_nowhere_else(tmp_path: Path) -> None:
    async with world(tmp_path, proxy_port=0) as here:
        for host in ("https://example.com", here.running.info()["provider_url"]):
            async with proxied(here, host) as client:
                with pytest.raises(httpx.ProxyError, match=r"403 .* none of Apple's push hosts"):
                    await client.post("/3/device/ab")


async def test_a_drain_says_goodbye_in_the_tunnels_and_closes_them(tmp_path: Path) -> None:
    async with (
        world(tmp_path, proxy_port=0) as here,
        proxied(here, f"https://{PRODUCTION}") as client,
    ):
        assert (await client.get("/")).json() == {"reason": "MethodNotAllowed"}
        here.stop.set()
        await until(lambda: here.gateway.providers.statistics() == [])
        with pytest.raises(httpx.HTTPError):
            await client.get("/")


async def test_no_proxy_is_open_unless_asked_for(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        assert here.running.info()["proxy_url"] is None
        assert "APNSIM_PROXY_URL" not in exec_.variables(here.running)
    async with world(tmp_path, proxy_port=0) as here:
        url = f"http://127.0.0.1:{here.gateway.proxy_port}"
        assert here.running.info()["proxy_url"] == url
        assert exec_.variables(here.running)["APNSIM_PROXY_URL"] == url


class ProxiedDial(TlsDial):
    """As a device behind a company's proxy."""

    async def _open_tcp(self) -> tuple[trio.SocketStream, str, str]:
        opened = await super()._open_tcp()
        name = f"1-{self._server_name}:5223"
        await opened[0].send_all(f"CONNECT {name} HTTP/1.1\r\nHost: {name}\r\n\r\n".encode())
        assert (await opened[0].receive_some()).startswith(b"HTTP/1.1 200 ")
        return opened


async def test_devices_come_through_the_proxy_too(tmp_path: Path) -> None:
    received: list[bytes] = []

    def on_received(_device: str, push: Push, *_: Any) -> None:  # noqa: ANN401
        received.append(push.payload)

    async with world(tmp_path, proxy_port=0) as here, trio.open_nursery() as nursery:
        authority = here.gateway.authority

        def make_dial(state: DeviceState, path: NetworkPath) -> ProxiedDial:
            leaf, ca_pem = authority.issue_device(state.device_id), authority.certificate_pem
            return ProxiedDial(
                "127.0.0.1",
                here.gateway.proxy_port,
                state.environment,
                lambda: device_client_context(leaf, ca_pem),
                path,
            )

        host = DeviceHost(make_dial, here.clock.now, on_received=on_received)
        await nursery.start(host.run)
        phone = await host.create_device("phone")
        token = (await host.install_app(phone.id, TOPIC)).tokens["alert"]
        await here.pushes(token, "by way of the proxy")
        await until(lambda: bool(received))
        nursery.cancel_scope.cancel()
    assert b"by way of the proxy" in received[0]
