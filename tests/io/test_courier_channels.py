"""Broadcast channels on one courier link: what a session sends, when, and what it forgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import trio
from trio.testing import lockstep_stream_pair

from gateway.courier.terms import CourierSettings
from protocol.broadcast import StoragePolicy, topic_of
from protocol.courier.channels import Channels, ChannelsResponse, ChannelsStatus
from protocol.courier.messages import AckStatus, Connect, PushAck, StorageFlags
from protocol.identifiers import ChannelId, Topic
from tests.builders import BUNDLE_ID, NOW
from tests.io.phones import Gateway, settled

if TYPE_CHECKING:
    from tests.io.phones import Phone

NONE, RECENT = StoragePolicy
LIVE, STORED = StorageFlags.LIVE, StorageFlags.FROM_STORAGE


@pytest.fixture
async def gateway(nursery: trio.Nursery) -> Gateway:
    made = Gateway(nursery, CourierSettings(broadcasts=2))
    nursery.start_soon(made.broadcaster.run)
    return made


def heard(phone: Phone) -> list[tuple[int, StorageFlags]]:
    return list(zip(phone.numbers, [push.storage for push in phone.pushes], strict=True))


async def test_a_phone_is_told_that_it_listens_and_hears_what_is_published(
    gateway: Gateway,
) -> None:
    channel, phone = await gateway.makes_channel(NONE), await gateway.listens()
    answer = await phone.follows(channel)
    assert (answer.status, answer.unknown) == (ChannelsStatus.OK, ())
    await gateway.publishes(channel, 1)
    [push] = phone.pushes
    assert (push.token, push.storage) == (None, LIVE)
    assert push.channel == (channel.channel_id, 1)
    assert push.topic == topic_of(BUNDLE_ID)
    await phone.acknowledges(push)
    assert (gateway.audience(1).subscribers, gateway.audience(1).delivered) == (1, 1)
    [shown] = gateway.front.statistics()
    assert (shown.sent, shown.acknowledged, shown.in_flight, shown.channels) == (1, 1, 0, 1)


async def test_what_waits_is_given_to_who_comes_later_and_has_not_come_so_far(
    gateway: Gateway,
) -> None:
    channel = await gateway.makes_channel()
    await gateway.publishes(channel, 4, 5)
    for since, expected in ((0, [(5, STORED)]), (4, [(5, STORED)]), (5, []), (6, [])):
        phone = await gateway.listens(device=f"phone-{since}")
        await phone.follows(channel, since=since)
        assert heard(phone) == expected, since


async def test_channels_that_are_not_there_are_named_and_the_others_listened_to(
    gateway: Gateway,
) -> None:
    channel, phone = await gateway.makes_channel(NONE), await gateway.listens()
    ghost = ChannelId("AA==")
    other = await phone.follows(channel, topic=Topic("com.example.other.push-type.liveactivity"))
    assert (other.status, other.unknown) == (ChannelsStatus.UNKNOWN_CHANNEL, (channel.channel_id,))
    marks = (*(await gateway.makes_channel(NONE),), channel)
    assert (await phone.follows(*marks)).status is ChannelsStatus.OK
    assert len(gateway.channels.subscribers(channel.channel_id)) == 1
    gone = await phone.follows(no_longer=(ghost, channel.channel_id))
    assert gone.status is ChannelsStatus.OK
    assert gateway.channels.subscribers(channel.channel_id) == ()


async def test_naming_all_channels_ends_every_other_subscription(gateway: Gateway) -> None:
    phone = await gateway.listens()
    one, two = await gateway.makes_channel(NONE), await gateway.makes_channel(NONE)
    await phone.follows(one)
    await phone.follows(two)
    await phone.follows(two, replace=True)
    await gateway.publishes(one, 1)
    await gateway.publishes(two, 2)
    assert phone.numbers == [2]


async def test_an_older_message_than_it_has_is_not_sent(gateway: Gateway) -> None:
    channel, phone = await gateway.makes_channel(NONE), await gateway.listens()
    await phone.follows(channel, since=7)
    await gateway.publishes(channel, 7, 8)
    assert phone.numbers == [8]


async def test_naming_a_channel_again_does_not_set_it_back(gateway: Gateway) -> None:
    channel, phone = await gateway.makes_channel(), await gateway.listens()
    await phone.follows(channel)
    await gateway.publishes(channel, 1)
    await phone.follows(channel)
    assert heard(phone) == [(1, LIVE)]


async def test_without_room_the_newest_message_follows_once_there_is(gateway: Gateway) -> None:
    channel, phone = await gateway.makes_channel(), await gateway.listens()
    await phone.follows(channel)
    await gateway.publishes(channel, 1, 2, 3, 4)
    assert heard(phone) == [(1, LIVE), (2, LIVE)]
    assert [gateway.audience(number).later for number in (2, 3, 4)] == [0, 1, 1]
    await phone.acknowledges(phone.pushes[0])
    assert heard(phone)[2:] == [(4, LIVE)]
    await phone.acknowledges(*phone.pushes[1:])
    await gateway.publishes(channel, 5)
    assert phone.numbers == [1, 2, 4, 5]


async def test_without_room_a_message_that_does_not_wait_is_dropped_and_counted(
    gateway: Gateway,
) -> None:
    channel, phone = await gateway.makes_channel(NONE), await gateway.listens()
    await phone.follows(channel)
    await gateway.publishes(channel, 1, 2, 3, expires_at=NOW)
    assert phone.numbers == [1, 2]
    assert gateway.audience(3).dropped == 1
    await phone.acknowledges(*phone.pushes)
    assert phone.numbers == [1, 2]


async def test_a_message_that_has_expired_meanwhile_does_not_follow(gateway: Gateway) -> None:
    channel, phone = await gateway.makes_channel(), await gateway.listens()
    await phone.follows(channel)
    await gateway.publishes(channel, 1, 2, 3)
    gateway.time.time = NOW + 3600
    await phone.acknowledges(*phone.pushes)
    assert phone.numbers == [1, 2]


async def test_a_phone_that_reads_nothing_is_behind_and_catches_up_when_it_reads(
    nursery: trio.Nursery,
) -> None:
    gateway = Gateway(nursery, CourierSettings(broadcasts=100, high_water_bytes=2000))
    nursery.start_soon(gateway.broadcaster.run)
    channel = await gateway.makes_channel()
    phone = await gateway.calls(streams=lockstep_stream_pair, listens=False)
    reading = trio.CancelScope()
    nursery.start_soon(listen_within, phone, reading)
    await phone.says(Connect())
    await phone.wants()
    await phone.follows(channel)
    reading.cancel()
    await settled()
    await gateway.publishes(channel, *range(1, 41))
    behind = [number for number in range(1, 41) if gateway.audience(number).later]
    assert behind
    nursery.start_soon(phone.listen)
    await settled()
    assert phone.numbers == [number for number in range(1, 41) if number not in behind]
    await phone.acknowledges(*phone.pushes)
    assert phone.numbers[-1] == 40


async def listen_within(phone: Phone, scope: trio.CancelScope) -> None:
    with scope:
        await phone.listen()


async def test_the_app_that_is_no_more_is_not_sent_anything_again(gateway: Gateway) -> None:
    channel, phone = await gateway.makes_channel(), await gateway.listens()
    await phone.follows(channel)
    await gateway.publishes(channel, 1)
    await phone.says(PushAck(phone.pushes[0].message_id, AckStatus.UNKNOWN_TOKEN))
    await gateway.publishes(channel, 2)
    assert phone.numbers == [1]
    assert gateway.audience(1).delivered == 0


async def test_what_was_not_acknowledged_comes_again_on_the_next_link_if_it_waits(
    gateway: Gateway,
) -> None:
    channel, once = await gateway.makes_channel(), await gateway.makes_channel(NONE)
    phone = await gateway.listens()
    await phone.follows(channel, once)
    await gateway.publishes(channel, 1)
    await gateway.publishes(once, 2, expires_at=NOW)
    assert phone.numbers == [1, 2]
    await phone.leaves()
    again = await gateway.listens()
    await again.follows(channel, once)
    assert heard(again) == [(1, STORED)]
    await again.acknowledges(*again.pushes)
    assert gateway.audience(1).delivered_from_storage == 1


async def test_a_link_that_ends_listens_to_nothing_any_more(gateway: Gateway) -> None:
    channel, phone = await gateway.makes_channel(NONE), await gateway.listens()
    await phone.follows(channel)
    await phone.leaves()
    await settled()
    assert gateway.channels.subscriptions() == 0


async def test_a_draining_gateway_waits_for_acknowledgements_and_sends_no_more(
    gateway: Gateway,
) -> None:
    channel, phone = await gateway.makes_channel(), await gateway.listens()
    await phone.follows(channel)
    await gateway.publishes(channel, 1)
    gateway.front.drain()
    await gateway.publishes(channel, 2)
    assert (phone.numbers, phone.is_closed) == ([1], False)
    await phone.acknowledges(*phone.pushes)
    assert phone.is_closed
    assert gateway.audience(1).delivered == 1
    assert gateway.audience(2).later == 1


async def test_channels_before_the_first_filter_break_the_protocol(gateway: Gateway) -> None:
    phone = await gateway.connects()
    frame = phone.core._codec.encode(Channels(1))
    await phone.sends(frame)
    assert phone.is_closed
    assert phone.all(ChannelsResponse) == []


async def test_a_broadcast_of_an_earlier_process_gets_a_record_when_it_is_delivered(
    gateway: Gateway,
) -> None:
    channel, phone = await gateway.makes_channel(), await gateway.listens()
    await gateway.publishes(channel, 1)
    gateway.journal.clear()
    await phone.follows(channel)
    await phone.acknowledges(*phone.pushes)
    assert gateway.audience(1).delivered == 1
