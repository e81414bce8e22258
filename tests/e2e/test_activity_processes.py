"""Live Activities across processes: a gateway that is killed, an app beside its device daemon."""

from __future__ import annotations

import json
import signal
import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import trio

from apnsim.client import Apnsim
from tests.e2e.command import command
from tests.e2e.gateway_process import gateway_process, token_for
from tests.e2e.world import until

if TYPE_CHECKING:
    from pathlib import Path

    from apnsim.client.activities import LiveActivity
    from tests.e2e.command import Command
    from tests.e2e.gateway_process import GatewayProcess

TOPIC, KIND = "com.example.app", "Delivery"


async def push(gateway: GatewayProcess, token: str, event: str, **state: Any) -> httpx.Response:  # noqa: ANN401
    trust = ssl.create_default_context(cafile=gateway.info["ca_file"])
    aps = {"event": event, "timestamp": int(time.time()), "content-state": state}
    if event == "start":
        aps |= {"attributes-type": KIND, "attributes": {"order": 7}, "alert": {"title": "Hello"}}
        aps["input-push-token"] = 1
    headers = {
        "authorization": f"bearer {token_for(gateway.info)}",
        "apns-topic": f"{TOPIC}.push-type.liveactivity",
        "apns-push-type": "liveactivity",
    }
    async with httpx.AsyncClient(http2=True, verify=trust, trust_env=False) as client:
        return await client.post(
            f"{gateway.info['provider_url']}/3/device/{token}",
            content=json.dumps({"aps": aps}),
            headers=headers,
        )


def _activity(apnsim: Apnsim, state: dict[str, Any]) -> LiveActivity:
    """Wait for the app's one activity to show this, with its token."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for activity in apnsim.devices()[0].apps[0].activities():
            if activity.content_state == state and activity._told["token"]:
                return activity
    raise AssertionError(f"no activity shows {state}")


@pytest.mark.takes_seconds(90)
async def test_a_kill_9_of_the_gateway_and_its_devices_keeps_tokens_and_activities(
    tmp_path: Path,
) -> None:
    async with gateway_process(tmp_path) as gateway:

        async def seen(state: dict[str, Any]) -> str:
            def look() -> str:
                with Apnsim(gateway.info["console_url"]) as apnsim:
                    return _activity(apnsim, state).token

            return await trio.to_thread.run_sync(look)

        def prepare() -> str:
            with Apnsim(gateway.info["console_url"]) as apnsim:
                app = apnsim.create_device().install(TOPIC)
                return app.push_to_start_token(KIND)

        to_start = await trio.to_thread.run_sync(prepare)
        assert (await push(gateway, to_start, "start", stops=3)).status_code == 200
        token = await seen({"stops": 3})
        assert (await push(gateway, token, "update", stops=2)).status_code == 200
        await seen({"stops": 2})
        await gateway.kill()
        await gateway.start()
        assert await seen({"stops": 2}) == token
        assert (await push(gateway, token, "update", stops=1)).status_code == 200
        assert await seen({"stops": 1}) == token

        def end_and_ask() -> str:
            with Apnsim(gateway.info["console_url"]) as apnsim:
                _activity(apnsim, {"stops": 1}).end()
                return apnsim.devices()[0].apps[0].push_to_start_token(KIND)

        assert await trio.to_thread.run_sync(end_and_ask) == to_start
        await gateway.kill()
        await gateway.start()
        gone = await push(gateway, token, "update")
        assert (gone.status_code, gone.json()["reason"]) == (410, "ExpiredToken")
        assert isinstance(gone.json()["timestamp"], int)


def _told(app: Command, key: str) -> list[dict[str, Any]]:
    """What an app has printed that has this key."""
    return [entry for line in app.lines if key in (entry := json.loads(line))]


@pytest.mark.takes_seconds(90)
async def test_an_app_prints_its_push_to_start_token_and_what_becomes_of_its_activities(
    tmp_path: Path,
) -> None:
    async with gateway_process(tmp_path) as gateway:
        where = ["--state-dir", str(tmp_path / "phone")]
        where += ["--console-url", gateway.info["console_url"]]
        attach = ["app", "--json", "--socket", str(tmp_path / "phone" / "apps.sock")]
        attach += ["--bundle-id", TOPIC, "--attributes-type", KIND]
        async with command(tmp_path, "device", "device", *where) as device:
            await device.says("apps attach at")
            async with command(tmp_path, "app", *attach) as app:
                await app.says('"attributes_type": "Delivery"')
                [start] = _told(app, "attributes_type")
                await push(gateway, start["token"], "start", stops=3)
                await until(lambda: any(each["token"] for each in _told(app, "activity_id")))
                token = _told(app, "activity_id")[-1]["token"]
                answer = await push(gateway, token, "end", stops=0)
                assert answer.status_code == 200
                await app.says('"state": "ended"')
                assert _told(app, "activity_id")[-1]["content_state"] == {"stops": 0}
                assert await app.ends(signal.SIGTERM) == 0
            gone = await push(gateway, token, "update")
            assert gone.json()["reason"] == "ExpiredToken"
            assert await device.ends(signal.SIGTERM) == 0
        assert "Traceback" not in device.said
