"""An unmodified client of Apple's courier (pypush, of PyPI) is a device of ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import trio

from gateway.faults.reading import read_rule
from gateway.records import State
from protocol.broadcast import topic_of
from protocol.courier.apple_channels import read_mark, write_subscriptions
from protocol.courier.channels import ChannelMark, TopicChannels
from protocol.identifiers import BundleId, ChannelId
from tests.e2e.fleet import Provider, Target
from tests.e2e.gateway_process import gateway_process
from tests.e2e.pypush import pypush
from tests.e2e.world import TOPIC, until, world
from tests.io.broadcast_desk import broadcast_desk

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from tests.e2e.pypush import Pypush
    from tests.e2e.world import World


def mac_of(here: World, folder: Path, runs_on: str) -> AbstractAsyncContextManager[Pypush]:
    """One that has a certificate for the device "a-mac"."""
    here.gateway.authority.issue_rsa_device("a-mac").write(folder, "a-mac")
    return pypush(here.running.info(), folder, runs_on, folder / "a-mac.pem")


@pytest.mark.parametrize("runs_on", ["asyncio", "trio"])
async def test_pypush_mints_a_token_receives_and_survives_a_reconnect(
    tmp_path: Path, runs_on: str
) -> None:
    async with world(tmp_path) as here, mac_of(here, tmp_path, runs_on) as mac:
        begun = await mac.tells()
        assert begun["device"] == "a-mac"
        token = (await mac.does("mint", topic=TOPIC))["token"]
        await mac.does("listen", topic=TOPIC, token=token)
        answer = await here.push(token, "live")
        received = await mac.does("receive")
        assert received == {
            "topic": TOPIC,
            "token": token,
            "payload": {"aps": {"alert": "live"}},
            "flags": 0,
            "channel": None,
        }
        await here.reached(answer.headers["apns-id"], State.DELIVERED)

        (session,) = here.gateway.sessions
        session.leave("a graceful end")
        await until(lambda: not here.connected)
        answer = await here.push(token, "while it was away")
        while not here.connected:  # what it says has it connect again, once it notices
            await mac.does("repeat")
        assert await mac.does("base") == {"token": begun["token"]}
        received = await mac.does("receive")
        assert received["payload"] == {"aps": {"alert": "while it was away"}}
        assert received["flags"] == 3  # from storage, and the last of it
        await here.reached(answer.headers["apns-id"], State.DELIVERED_FROM_STORAGE)


async def test_pypush_activates_itself_as_it_does_at_apple(tmp_path: Path) -> None:
    async with world(tmp_path) as here, pypush(here.running.info(), tmp_path, "trio") as mac:
        begun = await mac.tells()
        assert {begun["device"]} == here.connected
        token = (await mac.does("mint", topic=TOPIC))["token"]
        await mac.does("listen", topic=TOPIC, token=token)
        await here.pushes(token, "Hello")
        assert (await mac.does("receive"))["payload"] == {"aps": {"alert": "Hello"}}


@pytest.mark.parametrize("runs_on", ["asyncio", "trio"])
async def test_what_pypush_sends_upwards_is_acknowledged(tmp_path: Path, runs_on: str) -> None:
    async with world(tmp_path) as here, mac_of(here, tmp_path, runs_on) as mac:
        await mac.tells()
        with trio.fail_after(10):
            for payload in ("a message", "another"):
                answer = await mac.does("upward", topic="com.apple.madrid", payload=payload)
                assert answer == {"status": 0}
        # It is no acknowledgement of a push, and no reason to end the link.
        token = (await mac.does("mint", topic=TOPIC))["token"]
        await mac.does("listen", topic=TOPIC, token=token)
        await here.pushes(token, "Hello")
        assert (await mac.does("receive"))["payload"] == {"aps": {"alert": "Hello"}}


async def test_pypush_hands_on_what_faults_send_twice_late_or_again(tmp_path: Path) -> None:
    async with world(tmp_path) as here, mac_of(here, tmp_path, "trio") as mac:
        await mac.tells()
        token = (await mac.does("mint", topic=TOPIC))["token"]
        await mac.does("listen", topic=TOPIC, token=token)

        async def hears(count: int) -> list[str]:
            told = [await mac.does("receive") for _ in range(count)]
            return [each["payload"]["aps"]["alert"] for each in told]

        async def comes_again() -> None:
            await until(lambda: not here.connected)
            while not here.connected:
                await mac.does("repeat")

        rules = here.gateway.faults.book
        rules.add(read_rule("duplicate times=1"))
        await here.pushes(token, "twice")
        assert await hears(2) == ["twice", "twice"]
        rules.add(read_rule("delay-delivery seconds=0.2 times=1"))
        await here.pushes(token, "slow", "fast")
        assert await hears(2) == ["fast", "slow"]
        rules.add(read_rule("drop-ack times=1"))
        await here.pushes(token, "not heard")
        assert await hears(1) == ["not heard"]
        rules.add(read_rule("storm"))
        await comes_again()
        assert await hears(1) == ["not heard"]
        rules.add(read_rule("disconnect times=1 sent=false match.device=a-mac"))
        await here.pushes(token, "cut off")
        await comes_again()
        assert await hears(1) == ["cut off"]


async def test_pypush_listens_to_a_channel_by_what_rustpush_says(tmp_path: Path) -> None:
    async with broadcast_desk(tmp_path) as provider:
        here = provider.desk.here
        couriers = here.gateway.couriers
        channel = await provider.create(1)
        async with mac_of(here, tmp_path, "trio") as mac:
            base = (await mac.tells())["token"]
            topic = topic_of(BundleId(TOPIC))
            await mac.does("listen", topic=topic)
            wanted = TopicChannels(topic, (ChannelMark(ChannelId(channel), 0),))
            said = write_subscriptions([wanted], replace=True)
            await mac.does("channels", subscriptions=said.hex())
            await until(lambda: here.gateway.channels.subscriptions() == 1)
            body = {"aps": {"event": "update", "content-state": {"score": "1-0"}}}
            answer = await provider.publish(
                channel, json.dumps(body).encode(), apns_expiration=None
            )
            assert answer.status == 200
            received = await mac.does("receive")
            assert (received["topic"], received["token"]) == (topic, base)
            assert received["payload"] == body
            mark = read_mark(bytes.fromhex(received["channel"]))
            assert mark.channel_id == channel
            assert mark.last_message_ns > 0
            expected = ("a-mac", "apns-security-v3", 1)
            await until(
                lambda: (
                    expected
                    in [
                        (each.device, each.dialect, each.acknowledged)
                        for each in couriers.statistics()
                    ]
                )
            )


async def test_pypush_and_its_token_survive_a_restart_of_the_gateway(tmp_path: Path) -> None:
    async with (
        gateway_process(tmp_path) as gateway,
        pypush(gateway.info, tmp_path, "trio") as mac,
    ):
        device = (await mac.tells())["device"]
        token = (await mac.does("mint", topic=TOPIC))["token"]
        await mac.does("listen", topic=TOPIC, token=token)
        provider = Provider(gateway)
        target = Target(device, TOPIC, token)
        await provider.push_all([target])
        assert (await mac.does("receive"))["flags"] == 0
        assert await gateway.stop() == 0
        await gateway.start()
        await provider.push_all([target])
        while f"of {device} " not in gateway.log.rpartition("channel management")[2]:
            await mac.does("repeat")  # it comes back with a word of its own
        assert (await mac.does("receive"))["flags"] == 3
