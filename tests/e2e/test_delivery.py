"""Provider to app, through real TLS: the right device, the right app, nobody else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import trio

from devicesim.host.device_host import DeviceHost
from devicesim.link.dial import tls_dials
from gateway.choices import UnknownTokens
from gateway.records import State
from tests.e2e.world import DEVELOPMENT, PRODUCTION, TOPIC, until, world

if TYPE_CHECKING:
    from pathlib import Path

OTHER_TOPIC = "com.example.other"


async def test_a_push_reaches_its_app_on_its_device_and_nobody_else(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        anna, ben = await here.phone("Anna"), await here.phone("Ben")
        token = await here.install(anna)
        bens = await here.install(ben)
        other = await here.install(anna, OTHER_TOPIC)
        answer = await here.push(token, "for Anna", apns_id="7D4E1B20-0000-4000-8000-00000000000A")
        assert (answer.status_code, answer.http_version, answer.content) == (200, "HTTP/2", b"")
        assert answer.headers["apns-id"] == "7D4E1B20-0000-4000-8000-00000000000A"
        # What is pushed to the others afterwards is all that they get.
        await here.pushes(bens, "for Ben")
        await here.pushes(other, "for the other app", apns_topic=OTHER_TOPIC)
        assert await here.received(anna, 1) == ["for Anna"]
        assert await here.received(anna, 1, OTHER_TOPIC) == ["for the other app"]
        assert await here.received(ben, 1) == ["for Ben"]


async def test_a_burst_arrives_whole_and_in_order(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token = await here.install(phone)
        texts = [str(number) for number in range(300)]  # more than the window of 128
        await here.pushes(token, *texts)
        assert await here.received(phone, len(texts)) == texts


async def test_a_token_that_nobody_has_is_refused_and_one_of_another_app_too(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        token = await here.install(await here.phone())
        for answer, reason in (
            (await here.push("ab" * 32), "BadDeviceToken"),
            (await here.push("not a token"), "BadDeviceToken"),
            (await here.push(token, apns_topic=OTHER_TOPIC), "DeviceTokenNotForTopic"),
        ):
            assert (answer.status_code, answer.json()) == (400, {"reason": reason})


async def test_an_unknown_token_gets_a_device_that_receives_if_the_gateway_adopts(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, unknown_tokens=UnknownTokens.ADOPT) as here:
        token = "0123456789abcdef" * 4
        await here.pushes(token, "first")
        await until(lambda: len(here.devices.list_devices()) == 1)
        [device] = here.devices.list_devices()
        # The first push waited for the device that was made for it.
        assert await here.received(device.id, 1) == ["+first"]
        await until(lambda: bool(here.devices.get_device(device.id).apps[0].tokens))
        assert here.devices.get_device(device.id).apps[0].tokens == {"alert": token}
        await here.pushes(token, "second")
        assert await here.received(device.id, 2) == ["+first", "second"]
        assert len(here.devices.list_devices()) == 1


async def test_an_adopted_token_is_of_the_kind_that_its_topic_says(tmp_path: Path) -> None:
    async with world(tmp_path, unknown_tokens=UnknownTokens.ADOPT) as here:
        token, voip = "ab" * 32, f"{TOPIC}.voip"
        await here.pushes(token, "ring", apns_topic=voip, apns_push_type="voip")
        await until(lambda: len(here.devices.list_devices()) == 1)
        [device] = here.devices.list_devices()
        assert await here.received(device.id, 1, voip) == ["+ring"]
        [app] = here.devices.get_device(device.id).apps
        assert (app.bundle_id, app.tokens) == (TOPIC, {"voip": token})


async def test_the_host_name_of_the_connection_decides_on_the_environment(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        development = await here.install(await here.phone("development"))
        phone = await here.phone("production", environment="production")
        production = await here.install(phone)
        for token, sni, status in (
            (production, PRODUCTION, 200),
            (production, DEVELOPMENT, 400),
            (production, "localhost", 400),
            (development, DEVELOPMENT, 200),
            (development, "localhost", 200),
            (development, PRODUCTION, 400),
        ):
            answer = await here.push(token, sni, sni=sni)
            assert answer.status_code == status, (sni, answer.text)
            # Apple: apns-unique-id "is available only in the Development environment".
            assert ("apns-unique-id" in answer.headers) == (status == 200 and sni != PRODUCTION)
            if status == 400:
                assert answer.json() == {"reason": "BadDeviceToken"}
        assert await here.received(phone, 1) == [PRODUCTION]


async def test_a_second_link_of_a_device_wins_and_loses_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as here, trio.open_nursery() as nursery:
        phone = await here.phone()
        token = await here.install(phone)
        await here.pushes(token, "on the first link")
        assert await here.received(phone, 1) == ["on the first link"]
        received: list[bytes] = []
        authority = here.gateway.authority
        twin = DeviceHost(
            tls_dials(
                "127.0.0.1",
                here.gateway.courier_port,
                authority.certificate_pem,
                authority.issue_device,
            ),
            here.clock.now,
            on_received=lambda _device, push, *_: received.append(push.payload),
        )
        await nursery.start(twin.run)
        # The first link has gone dark, or its device would fight for its place, as real ones do.
        await here.devices.patch_device(phone, network="half-open")
        await twin.create_device("twin", device_id=phone)
        twins = (await twin.install_app(phone, TOPIC)).tokens["alert"]
        assert twins == token
        await until(lambda: here.gateway.sessions.statistics().superseded == 1)
        await here.pushes(token, "on the second link")
        await until(lambda: bool(received))
        nursery.cancel_scope.cancel()
    assert [json.loads(payload)["aps"]["alert"] for payload in received] == ["on the second link"]


async def test_what_goes_to_a_phone_gone_dark_arrives_when_it_is_heard_again(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        phone = await here.phone()
        token, other = await here.install(phone), await here.install(phone, OTHER_TOPIC)
        await here.devices.patch_device(phone, network="half-open")
        # The gateway cannot know: it writes into the void, and nobody is told of it.
        older = await here.push(token, "into")
        await here.pushes(token, "the dark")
        once = await here.push(token, "once", apns_expiration="0")
        await here.pushes(other, "as well", apns_topic=OTHER_TOPIC)
        assert phone in here.connected
        await here.devices.patch_device(phone, network="wifi")
        # All of it was sent before, so all of it is sent again, also what may not be stored.
        assert sorted(await here.received(phone, 3)) == ["+into", "+once", "+the dark"]
        assert await here.received(phone, 1, OTHER_TOPIC) == ["+as well"]
        for push in (older, once):
            await here.reached(push.headers["apns-id"], State.DELIVERED_FROM_STORAGE)
        await here.pushes(token, "in the light")
        assert (await here.received(phone, 4))[3:] == ["in the light"]


async def test_the_control_api_and_the_wire_tell_one_story(tmp_path: Path) -> None:
    async with (
        world(tmp_path) as here,
        httpx.AsyncClient(base_url=here.running.console_url, trust_env=False) as console,
    ):
        made = await console.post("/api/v1/devices", json={"name": "Anna's phone"})
        device = made.json()["id"]
        app = await console.post(f"/api/v1/devices/{device}/apps", json={"bundle_id": TOPIC})
        token = app.json()["tokens"]["alert"]
        answer = await here.push(token, "Hello", apns_collapse_id="greeting")
        apns_id = answer.headers["apns-id"]
        [found] = (
            await console.get(
                "/api/v1/notifications",
                params={"token": token, "state": State.DELIVERED, "wait": 10, "count": 1},
            )
        ).json()
        assert found["apns_id"] == apns_id
        story = (await console.get(f"/api/v1/notifications/{apns_id}")).json()
        assert [event["state"] for event in story["timeline"]] == [
            "Received by APNs",
            "Delivered to Device",
            "Presented",
        ]
        [received] = (await console.get(f"/api/v1/devices/{device}/notifications")).json()
        assert received["apns_id"] == apns_id
        assert received["collapse_id"] == "greeting"
        assert received["payload"] == {"aps": {"alert": "Hello"}}
        assert (received["presentation"], received["from_storage"]) == ("shown", False)
        connections = (await console.get("/api/v1/connections")).json()
        [provider] = connections["provider"]
        assert provider["team_id"] == here.gateway.settings.team_id
        [link] = connections["courier"]
        assert link["device"] == device
        port = here.gateway.courier_port
        assert link["socket"] == {
            "proto": "tcp4",
            "local": link["peer"].replace(":", "."),
            "remote": f"127.0.0.1.{port}",
            "state": "ESTABLISHED",
            "owner": "apsd",
        }
        [own] = [each for each in here.devices.get_device(device).links if each.local]
        assert (own.local, own.remote) == (link["peer"], f"127.0.0.1:{port}")
        assert (await console.get("/readyz")).status_code == 200
        assert (await console.post("/api/v1/reset")).status_code == 204
        assert (await console.get("/api/v1/devices")).json() == []
        assert (await here.push(token)).json() == {"reason": "BadDeviceToken"}
