"""Broadcast channels on the device: what it tells the gateway, and what it makes of broadcasts."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from devicesim import app as app_module
from devicesim.app import AppError, UnknownAppError, UnknownChannelError
from devicesim.state import inbox
from devicesim.state.device_state import DeviceState
from devicesim.state.files import StateFiles
from protocol.broadcast import topic_of
from protocol.courier.channels import ChannelMark, Channels, ChannelsResponse, TopicChannels
from protocol.courier.messages import AckStatus, PushAck
from protocol.identifiers import ChannelId, InvalidIdentifierError
from protocol.notification import Environment, PushType
from tests.devicesim.scripted_gateway import Phone, acknowledged, push_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from protocol.courier.messages import Push

NEWS, CHAT = "com.example.news", "com.example.chat"
ONE, TWO = ChannelId("AAAB"), ChannelId("AAAC")
_places = itertools.count(1)


def message(
    channel: ChannelId = ONE, app: str = NEWS, place: int | None = None, body: bytes = b"{}"
) -> Push:
    mark = ChannelMark(channel, next(_places) if place is None else place)
    return push_to(None, topic_of(app), body, channel=mark, push_type=PushType.LIVE_ACTIVITY)


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    with trio.fail_after(5):
        async with Phone().running() as phone:
            await phone.daemon.wait_until_online()
            await phone.daemon.install(NEWS, ["alert"])
            yield phone


def said(phone: Phone) -> list[Channels]:
    return phone.gateway.all_heard(Channels)


def named(*channels: ChannelId, app: str = NEWS, since: int = 0) -> TopicChannels:
    return TopicChannels(topic_of(app), tuple(ChannelMark(each, since) for each in channels))


async def test_an_app_listens_once_the_gateway_has_answered(phone: Phone) -> None:
    await phone.daemon.subscribe(NEWS, ONE)
    assert said(phone) == [Channels(1, (named(ONE),), replace=True)]
    assert phone.state.apps.require(NEWS).channels == {ONE: 0}


async def test_it_waits_for_the_answer(phone: Phone) -> None:
    phone.gateway.answers.discard(Channels)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(phone.daemon.subscribe, NEWS, ONE)
        [asked] = await phone.gateway.hears(Channels)
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        await phone.gateway.say(ChannelsResponse(asked.index))


async def test_listening_again_says_nothing_new(phone: Phone) -> None:
    await phone.daemon.subscribe(NEWS, ONE)
    await phone.daemon.subscribe(NEWS, ONE)
    await phone.daemon.subscribe(NEWS, TWO)
    assert said(phone)[1:] == [Channels(2, (named(TWO),))]


async def test_a_channel_that_the_gateway_does_not_have_is_refused_and_forgotten(
    phone: Phone,
) -> None:
    phone.gateway.unknown_channels.add(ONE)
    for _ in range(2):
        with pytest.raises(UnknownChannelError, match="has no channel AAAB in development"):
            await phone.daemon.subscribe(NEWS, ONE)
    assert phone.state.apps.require(NEWS).channels == {}


async def test_what_cannot_be_listened_to_is_said_at_once(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnknownAppError):
        await phone.daemon.subscribe(CHAT, ONE)
    with pytest.raises(UnknownAppError):
        await phone.daemon.unsubscribe(CHAT, ONE)
    with pytest.raises(InvalidIdentifierError):
        await phone.daemon.subscribe(NEWS, "no base64")
    monkeypatch.setattr(app_module, "MAX_CHANNELS", 1)
    await phone.daemon.subscribe(NEWS, ONE)
    with pytest.raises(AppError, match="listens to 1 channels already"):
        await phone.daemon.subscribe(NEWS, TWO)
    assert len(said(phone)) == 1


async def test_unsubscribing_and_uninstalling_are_told(phone: Phone) -> None:
    for channel in (ONE, TWO):
        await phone.daemon.subscribe(NEWS, channel)
    await phone.daemon.unsubscribe(NEWS, ONE)
    await phone.daemon.unsubscribe(NEWS, ONE)
    await phone.gateway.hears(Channels, 3)
    await phone.daemon.uninstall(NEWS)
    await phone.gateway.hears(Channels, 4)
    topic = topic_of(NEWS)
    assert [each.topics for each in said(phone)[2:]] == [
        (TopicChannels(topic, (), (ONE,)),),
        (TopicChannels(topic, (), (TWO,)),),
    ]


async def test_every_connect_names_all_channels_and_how_far_each_has_come(phone: Phone) -> None:
    await phone.daemon.install(CHAT, ["alert"])
    await phone.daemon.subscribe(NEWS, ONE)
    await phone.daemon.subscribe(CHAT, TWO)
    heard = message(ONE)
    await phone.gateway.say(heard)
    await phone.gateway.hears(PushAck)
    phone.links.drop("the network changed")
    phone.links.hurry()
    again = (await phone.gateway.hears(Channels, 4))[2:]
    assert heard.channel is not None
    assert again == [
        Channels(1, (named(ONE, since=heard.channel.last_message_ns),), replace=True),
        Channels(2, (named(TWO, app=CHAT),)),
    ]


async def test_offline_the_gateway_hears_of_it_at_the_next_connect(phone: Phone) -> None:
    await phone.daemon.go_offline()
    await phone.daemon.subscribe(NEWS, ONE)
    assert said(phone) == []
    await phone.daemon.go_online()
    await phone.gateway.hears(Channels)
    assert said(phone) == [Channels(1, (named(ONE),), replace=True)]


async def test_a_subscription_that_ends_while_it_is_asked_for_is_not_waited_for(
    phone: Phone,
) -> None:
    phone.gateway.answers.discard(Channels)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(phone.daemon.subscribe, NEWS, ONE)
        await phone.gateway.hears(Channels)
        await phone.daemon.unsubscribe(NEWS, ONE)
        await phone.gateway.say(ChannelsResponse(99))  # something for the daemon to look up from


async def test_a_broadcast_goes_to_the_app_that_listens(phone: Phone) -> None:
    await phone.daemon.subscribe(NEWS, ONE)
    heard = message(body=b'{"score":1}')
    await phone.gateway.say(heard)
    await phone.gateway.hears(PushAck)
    assert phone.apps.taken == [(NEWS, heard)]
    assert acknowledged(phone.gateway) == [heard.message_id]


@pytest.mark.parametrize("stray", [message(TWO), message(ONE, CHAT), push_to(None, NEWS)])
async def test_a_broadcast_that_nobody_listens_to_is_acknowledged_as_such(
    phone: Phone, stray: Push
) -> None:
    await phone.daemon.subscribe(NEWS, ONE)
    await phone.gateway.say(stray)
    [ack] = await phone.gateway.hears(PushAck)
    assert (ack.message_id, ack.status) == (stray.message_id, AckStatus.UNKNOWN_TOKEN)
    assert phone.apps.taken == []


async def test_a_broadcast_that_is_not_newer_is_acknowledged_and_not_delivered(
    phone: Phone,
) -> None:
    await phone.daemon.subscribe(NEWS, ONE)
    new, again, old = message(place=2000), message(place=2000), message(place=1999)
    await phone.gateway.say(new, again, old)
    acks = await phone.gateway.hears(PushAck, 3)
    assert {ack.status for ack in acks} == {AckStatus.OK}
    assert phone.apps.taken == [(NEWS, new)]


async def test_who_listens_anew_gets_the_same_broadcast_anew(phone: Phone) -> None:
    await phone.daemon.subscribe(NEWS, ONE)
    same = message()
    await phone.gateway.say(same)
    await phone.gateway.hears(PushAck)
    await phone.daemon.unsubscribe(NEWS, ONE)
    await phone.daemon.subscribe(NEWS, ONE)
    await phone.gateway.say(same)
    await phone.gateway.hears(PushAck, 2)
    assert phone.apps.taken == [(NEWS, same)] * 2


async def test_a_broadcast_without_room_is_held_and_then_counts(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING_PER_APP", 1)
    phone.apps.slow.add(NEWS)
    await phone.daemon.subscribe(NEWS, ONE)
    first, second = message(), message()
    await phone.gateway.say(first, second)
    await phone.gateway.hears(PushAck)
    await wait_all_tasks_blocked()
    assert acknowledged(phone.gateway) == [first.message_id]
    await phone.daemon.taken(NEWS, [first.message_id])
    await phone.gateway.hears(PushAck, 2)
    assert second.channel is not None
    assert phone.state.apps.require(NEWS).channels == {ONE: second.channel.last_message_ns}


async def test_a_broadcast_held_for_a_channel_that_was_left_does_not_bring_it_back(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_WAITING_PER_APP", 1)
    phone.apps.slow.add(NEWS)
    await phone.daemon.subscribe(NEWS, ONE)
    first, second = message(), message()
    await phone.gateway.say(first, second)
    await phone.gateway.hears(PushAck)
    await phone.daemon.unsubscribe(NEWS, ONE)
    await phone.daemon.taken(NEWS, [first.message_id])
    await phone.gateway.hears(PushAck, 2)
    assert phone.state.apps.require(NEWS).channels == {}


# -- what is left after a crash --------------------------------------------------------------------


async def kept(directory: Path) -> DeviceState:
    files = StateFiles(directory, is_synced=False)
    state = DeviceState("phone-1", "Phone", Environment.DEVELOPMENT, files)
    state.apps.install(NEWS, ["alert"]).listen(ONE)
    await state.save()
    return state


def reloaded(directory: Path) -> dict[ChannelId, int]:
    state = DeviceState.load(StateFiles(directory, is_synced=False))
    assert state is not None
    return state.apps.require(NEWS).channels


async def test_how_far_a_channel_has_come_survives_a_crash_with_the_acknowledgement(
    tmp_path: Path,
) -> None:
    state = await kept(tmp_path)
    state.reached(state.apps.require(NEWS), ChannelMark(ONE, 7))
    assert reloaded(tmp_path) == {ONE: 0}, "not committed, not acknowledged"
    await state.commit()
    assert reloaded(tmp_path) == {ONE: 7}
    assert reloaded(tmp_path) == {ONE: 7}, "the compacted log says it, too"


async def test_a_channel_that_was_left_stays_left_and_begins_anew(tmp_path: Path) -> None:
    state = await kept(tmp_path)
    app = state.apps.require(NEWS)
    state.reached(app, ChannelMark(ONE, 7))
    await state.commit()
    del app.channels[ONE]
    await state.save()
    assert reloaded(tmp_path) == {}
    app.listen(ONE)
    state.reached(app, ChannelMark(ONE, 0))
    await state.save()
    await state.commit()
    assert reloaded(tmp_path) == {ONE: 0}


async def test_a_device_of_an_earlier_version_listens_to_nothing(tmp_path: Path) -> None:
    state = await kept(tmp_path)
    described = state.apps.describe()
    del described["apps"][0]["channels"]
    older = DeviceState("phone-2", "Phone", Environment.DEVELOPMENT)
    older.apps.restore(described)
    assert older.apps.require(NEWS).channels == {}
