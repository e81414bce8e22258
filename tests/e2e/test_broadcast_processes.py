"""Broadcasts where processes are killed, and apps and gateway are processes of their own."""

from __future__ import annotations

import json
import os
import signal
import ssl
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import pytest
import trio

from apnsim.client import Apnsim, ApnsimError
from tests.e2e.fleet import Fleet
from tests.e2e.gateway_process import GatewayProcess, gateway_process, token_for
from tests.e2e.test_processes import Phone
from tests.e2e.world import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
TOPIC = "com.example.app"


class Provider:
    """Manages channels and publishes with httpx, a new connection each time."""

    def __init__(self, gateway: GatewayProcess) -> None:
        self._gateway = gateway

    async def create(self, policy: int) -> str:
        port = self._gateway.info["manage_ports"]["development"]
        url = f"https://127.0.0.1:{port}/1/apps/{TOPIC}/channels"
        said = {"message-storage-policy": policy, "push-type": "LiveActivity"}
        answer = await self._post(url, json.dumps(said))
        assert answer.status_code == 201, answer.text
        return str(answer.headers["apns-channel-id"])

    async def publish(self, channel: str, score: str) -> None:
        url = f"{self._gateway.info['provider_url']}/4/broadcasts/apps/{TOPIC}"
        headers = {"apns-channel-id": channel, "apns-push-type": "Liveactivity"}
        body = json.dumps({"aps": {"event": "update", "content-state": {"score": score}}})
        answer = await self._post(url, body, **headers)
        assert answer.status_code == 200, answer.text

    async def _post(self, url: str, body: str, **headers: str) -> httpx.Response:
        info = self._gateway.info
        trust = ssl.create_default_context(cafile=info["ca_file"])
        headers["authorization"] = f"bearer {token_for(info)}"
        async with httpx.AsyncClient(http2=True, verify=trust, trust_env=False) as client:
            return await client.post(url, content=body, headers=headers)


def scores(fleet: Fleet, device: str) -> list[Any]:
    views = fleet.host.notifications(device)
    return [view.payload["aps"]["content-state"]["score"] for view in views]


@pytest.mark.takes_seconds(60)
async def test_a_message_that_was_answered_200_outlives_kill_9_of_gateway_and_store(
    tmp_path: Path,
) -> None:
    async with gateway_process(tmp_path) as gateway, trio.open_nursery() as nursery:
        fleet, provider = Fleet(gateway), Provider(gateway)
        await nursery.start(fleet.host.run)
        stored, fleeting = await provider.create(1), await provider.create(0)
        devices = [(await fleet.host.create_device()).id for _ in range(3)]
        for device in devices:
            await fleet.host.install_app(device, TOPIC)
            for channel in (stored, fleeting):
                await fleet.host.subscribe(device, TOPIC, channel)
        present, *away = devices
        await fleet.patch(away, online=False)
        await provider.publish(stored, "1-0")
        await until(lambda: scores(fleet, present) == ["1-0"])

        os.kill(gateway.store_pid, signal.SIGKILL)
        await gateway.kill()
        await gateway.start()
        await fleet.patch(away[:1], online=True)
        await until(lambda: scores(fleet, away[0]) == ["1-0"])

        await provider.publish(fleeting, "gone")
        await provider.publish(stored, "2-0")
        await gateway.kill()
        await gateway.start()
        await fleet.patch(away[1:], online=True)
        await until(lambda: scores(fleet, away[1]) == ["2-0"])
        for device in (present, away[0]):
            # Whoever had it before the kill, and said so, is not given it again.
            await until(lambda d=device: scores(fleet, d)[-1:] == ["2-0"])
            assert sorted(set(scores(fleet, device)) - {"gone"}) == ["1-0", "2-0"]
            assert len(scores(fleet, device)) == len(set(scores(fleet, device)))
        await fleet.host.delete_all()
        nursery.cancel_scope.cancel()


@pytest.mark.takes_seconds(60)
async def test_virtual_devices_remember_their_channels_and_how_far_these_have_come(
    tmp_path: Path,
) -> None:
    async with gateway_process(tmp_path) as gateway:
        provider = Provider(gateway)
        channel = await provider.create(1)
        device = await with_client(gateway, lambda apnsim: listen(apnsim, channel))
        await provider.publish(channel, "1-0")
        assert await with_client(gateway, lambda apnsim: hear(apnsim, device)) == ["1-0"]
        assert await gateway.stop() == 0
        await gateway.start()
        await provider.publish(channel, "2-0")
        # The recording is as old as the process; had the first come again, it would be there.
        assert await with_client(gateway, lambda apnsim: hear(apnsim, device)) == ["2-0"]
        await with_client(gateway, lambda apnsim: leave(apnsim, device, channel))


async def with_client(gateway: GatewayProcess, use: Callable[[Apnsim], T]) -> T:
    def run() -> T:
        with Apnsim(gateway.info["console_url"]) as apnsim:
            return use(apnsim)

    return await trio.to_thread.run_sync(run)


def listen(apnsim: Apnsim, channel: str) -> str:
    app = apnsim.create_device("Anna").install(TOPIC)
    with pytest.raises(ApnsimError, match="has no channel AA== in development"):
        app.subscribe("AA==")
    assert app.channels == app.refresh().channels == []
    assert app.subscribe(channel).channels == [channel]
    [told] = apnsim.channels(bundle_id=TOPIC, environment="development")
    assert (told.channel_id, told.subscribers, told.message) == (channel, 1, None)
    return app.device.id


def hear(apnsim: Apnsim, device: str) -> list[Any]:
    found = apnsim.wait_for_notifications(state="Broadcast Delivered", seconds=20)
    heard = apnsim.device(device).notifications()
    assert found[-1].audience is not None
    assert found[-1].audience.delivered == 1
    [channel] = apnsim.channels()
    assert channel.message is not None
    assert {each.channel_id for each in heard} == {channel.channel_id}
    assert heard[-1].payload == channel.message.payload
    payloads = [each.payload for each in heard]
    return [payload and payload["aps"]["content-state"]["score"] for payload in payloads]


def leave(apnsim: Apnsim, device: str, channel: str) -> None:
    [app] = apnsim.device(device).apps
    assert app.channels == [channel]
    assert app.unsubscribe(channel).channels == []


@pytest.mark.takes_seconds(60)
async def test_an_app_in_a_process_of_its_own_listens_and_hears(tmp_path: Path) -> None:
    async with gateway_process(tmp_path) as gateway:
        phone, provider = Phone(tmp_path, gateway), Provider(gateway)
        channel = await provider.create(1)
        await provider.publish(channel, "1-0")
        options = ("--push-type", "liveactivity", "--channel", channel, "--count", "1")
        async with phone.daemon("device"):
            async with phone.app("app", TOPIC, *options) as app:
                assert await app.ends() == 0
            told = json.loads(app.lines[-1])
            assert told["channel_id"] == channel
            assert told["payload"]["aps"]["content-state"] == {"score": "1-0"}
            # What it listens to, it listens to for good; what arrives meanwhile waits.
            await provider.publish(channel, "2-0")
            async with phone.app("again", TOPIC, "--push-type", "liveactivity", "--count=1") as app:
                assert await app.ends() == 0
            assert json.loads(app.lines[-1])["payload"]["aps"]["content-state"]["score"] == "2-0"
            async with phone.app("wrong", TOPIC, "--channel", "AA==") as wrong:
                assert await wrong.ends() == 1
            assert "the device refused the channel" in wrong.said
            assert "has no channel AA==" in wrong.said
