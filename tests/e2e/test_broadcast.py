"""A broadcast from the provider to every device that listens, over real TLS (reference §9)."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from devicesim.app import UnknownChannelError
from gateway.records import State
from tests.e2e.stadium import stadium
from tests.e2e.world import TOPIC, until

if TYPE_CHECKING:
    from pathlib import Path


HOUR = 3600


async def test_a_broadcast_reaches_every_device_that_listens_and_no_other(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel, other = await here.provider.create(), await here.provider.create()
        phones = [await here.phone(name, channel) for name in ("Anna", "Ben", "Cleo")]
        elsewhere, deaf = await here.phone("Dora", other), await here.phone("Emil")
        await here.tells(channel, "1-0")
        for phone in phones:
            await here.hears(phone, "1-0")
            [view] = here.here.devices.notifications(phone)
            assert view.channel_id == channel
            assert (view.push_type, view.topic) == (
                "liveactivity",
                f"{TOPIC}.push-type.liveactivity",
            )
            assert view.presentation == "delivered"
        await here.tells(other, "7-7")
        await here.hears(elsewhere, "7-7")
        assert here.heard(deaf) == []


async def test_the_journal_tells_a_broadcast_in_apples_words_and_counts_its_devices(
    tmp_path: Path,
) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        for name in ("Anna", "Ben"):
            await here.phone(name, channel)
        await here.tells(channel, "1-0")
        journal = here.here.gateway.journal
        [record] = journal.find(lambda each: each.audience is not None)
        await until(lambda: record.audience is not None and record.audience.delivered == 2)
        late = await here.phone("Cleo", channel)
        await here.hears(late, "+1-0")
        await until(lambda: record.audience is not None and record.audience.delivered == 3)
        assert [(event.state, event.detail) for event in record.timeline] == [
            (State.RECEIVED, ""),
            (State.BROADCAST_PUBLISHED, "devices connected: 2"),
            (State.BROADCAST_DELIVERED, "devices: 3, from storage: 1"),
        ]


async def test_policy_1_keeps_the_most_recent_message_for_a_device_that_is_away(
    tmp_path: Path,
) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        phone = await here.phone("Anna", channel)
        await here.here.switch(phone, online=False)
        for score in ("1-0", "1-1", "2-1"):
            await here.tells(channel, score)
        await here.here.switch(phone, online=True)
        await here.hears(phone, "+2-1")


async def test_policy_0_keeps_nothing(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(0)
        phone = await here.phone("Anna", channel)
        await here.here.switch(phone, online=False)
        await here.tells(channel, "1-0")
        await here.here.switch(phone, online=True)
        await here.tells(channel, "2-0")
        await here.hears(phone, "2-0")


async def test_who_subscribes_later_is_given_the_most_recent_message_once(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        await here.tells(channel, "1-0")
        await here.tells(channel, "2-0")
        phone = await here.phone("Anna", channel)
        await here.hears(phone, "+2-0")
        for _ in range(2):  # what it has, it is not given again
            await here.here.switch(phone, online=False)
            await here.here.switch(phone, online=True)
        await here.tells(channel, "3-0")
        await here.hears(phone, "+2-0", "3-0")


async def test_a_message_is_kept_for_8_hours_and_no_longer(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        await here.tells(channel, "1-0")
        await here.later(8 * HOUR - 60)
        in_time = await here.phone("Anna", channel)
        await here.hears(in_time, "+1-0")
        await here.later(60)
        late = await here.phone("Ben", channel)
        await here.tells(channel, "2-0")
        await here.hears(late, "2-0")


async def test_a_message_is_kept_until_an_earlier_expiration(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        soon = str(int(here.here.clock.now()) + HOUR)
        await here.tells(channel, "1-0", apns_expiration=soon)
        await here.later(HOUR)
        late = await here.phone("Anna", channel)
        await here.tells(channel, "2-0")
        await here.hears(late, "2-0")


async def test_a_message_with_expiration_0_goes_out_once_and_hides_the_older_one(
    tmp_path: Path,
) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        present = await here.phone("Anna", channel)
        await here.tells(channel, "1-0")
        await here.tells(channel, "2-0", apns_expiration="0")
        await here.hears(present, "1-0", "2-0")
        late = await here.phone("Ben", channel)
        await here.tells(channel, "3-0", apns_expiration="0")
        await here.hears(late, "3-0")


async def test_deleting_a_channel_does_not_flush_what_waits_on_it(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        phone = await here.phone("Anna", channel)
        await here.here.switch(phone, online=False)
        await here.tells(channel, "1-0")
        answer = await here.provider.manage("DELETE", apns_channel_id=channel)
        assert answer.status == 204
        await here.here.switch(phone, online=True)
        await here.hears(phone, "+1-0")
        refused = await here.provider.publish(channel)
        assert refused.reason == "ChannelNotRegistered"


async def test_unsubscribing_and_uninstalling_end_it(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel, directory = await here.provider.create(1), here.here.gateway.channels
        leaves, removes, stays = [await here.phone(name, channel) for name in "abc"]
        assert len(directory.subscribers(channel)) == 3
        await here.here.devices.unsubscribe(leaves, TOPIC, channel)
        await here.here.devices.uninstall_app(removes, TOPIC)
        await until(lambda: len(directory.subscribers(channel)) == 1)
        await here.tells(channel, "1-0")
        await here.hears(stays, "1-0")
        assert here.heard(leaves) == here.heard(removes) == []


async def test_listening_anew_gives_the_most_recent_message_again(tmp_path: Path) -> None:
    """A new Live Activity on the same channel needs the score as much as the first one did."""
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        phone = await here.phone("Anna", channel)
        await here.tells(channel, "1-0")
        await here.hears(phone, "1-0")
        await here.here.devices.unsubscribe(phone, TOPIC, channel)
        await here.here.devices.subscribe(phone, TOPIC, channel)
        await here.hears(phone, "1-0", "+1-0")


async def test_a_channel_of_the_other_environment_cannot_be_listened_to(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel = await here.provider.create(1)
        abroad = await here.here.phone("abroad", environment="production")
        await here.here.devices.install_app(abroad, TOPIC, ["alert"])
        refusal = rf"{TOPIC} has no channel {re.escape(channel)} in production"
        with pytest.raises(UnknownChannelError, match=refusal):
            await here.here.devices.subscribe(abroad, TOPIC, channel)
        [app] = here.here.devices.get_device(abroad).apps
        assert app.channels == ()


def activity_push(event: str, score: str, timestamp: int, **more: Any) -> bytes:  # noqa: ANN401
    aps = {"event": event, "timestamp": timestamp, "content-state": {"score": score}, **more}
    return json.dumps({"aps": aps}).encode()


async def test_an_activity_that_follows_a_channel_lives_by_its_broadcasts(tmp_path: Path) -> None:
    async with stadium(tmp_path) as here:
        channel, now = await here.provider.create(1), int(here.here.clock.now())
        phone = await here.here.phone("Anna")
        view = await here.here.devices.install_app(phone, TOPIC, ["liveactivity"])
        devices, directory = here.here.devices, here.here.gateway.channels
        start = {"attributes-type": "Match", "attributes": {}, "alert": {"title": "Kick-off"}}
        answer = await here.provider.desk.ask(
            path=f"/3/device/{view.tokens['liveactivity']}",
            body=activity_push("start", "0-0", now, **start, **{"input-push-channel": channel}),
            apns_topic=f"{TOPIC}.push-type.liveactivity",
            apns_push_type="liveactivity",
        )
        assert answer.status == 200, answer
        await until(lambda: len(directory.subscribers(channel)) == 1)
        for number, score in enumerate(("1-0", "2-0"), 1):
            message = activity_push("update", score, now + number)
            assert (await here.provider.publish(channel, message)).status == 200
        await here.hears(phone, "0-0", "1-0", "2-0")
        [activity] = await devices.activities.of(phone, TOPIC)
        assert (activity.content_state, activity.channel, activity.token) == (
            {"score": "2-0"},
            channel,
            None,
        )
        again = activity_push("start", "3-0", now + 3, **start)
        assert (await here.provider.publish(channel, again)).status == 200
        end = activity_push("end", "2-0", now + 4)
        assert (await here.provider.publish(channel, end)).status == 200
        await until(lambda: directory.subscriptions() == 0)
        details = [view.detail.partition(" ")[0] for view in devices.notifications(phone)]
        assert details == ["started", "updated", "updated", "a", "ended"]
        [activity] = await devices.activities.of(phone, TOPIC)
        assert activity.state == "ended"
