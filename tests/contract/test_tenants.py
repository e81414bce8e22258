"""A store forgets one tenant, and nothing of another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from protocol.identifiers import BundleId, ChannelId, DeviceId, DeviceToken, HashedTopic, Topic
from protocol.tenant import Tenant
from tests.builders import DEVICE, NOW, broadcast, channel, notification, registration

if TYPE_CHECKING:
    from gateway.store.store import Store

APP = "com.example.app"
OTHER = Topic("com.example.other")
TABLET = DeviceId("tablet")


@pytest.fixture
def tenant() -> Tenant:
    return Tenant.parse(APP)


async def test_its_pushes_are_forgotten_and_those_of_others_wait(
    store: Store, tenant: Tenant
) -> None:
    await store.accept(DEVICE, notification(1))
    await store.accept(DEVICE, notification(2, topic=Topic(f"{APP}.voip")))
    kept = notification(3, topic=OTHER)
    await store.accept(DEVICE, kept)
    await store.accept(TABLET, notification(4, topic=Topic(f"{APP}.push-type.liveactivity")))
    await store.forget(tenant)
    assert (await store.pending(), await store.pending(TABLET)) == (1, 0)
    fence = (await store.attach(DEVICE, now=NOW)).fence
    [found] = await store.fetch(DEVICE, fence, after=0, limit=10, now=NOW)
    assert found.notification == kept
    assert await store.expire(now=NOW + 10_000) == [kept.unique_id]


async def test_nobody_is_fenced(store: Store, tenant: Tenant) -> None:
    fence = (await store.attach(DEVICE, now=NOW)).fence
    await store.accept(DEVICE, notification(1))
    await store.forget(tenant)
    assert await store.fetch(DEVICE, fence, after=0, limit=10, now=NOW) == []
    assert (await store.accept(DEVICE, notification(2))).is_present


async def test_its_tokens_are_forgotten_also_those_known_by_a_hash(
    store: Store, tenant: Tenant
) -> None:
    others = registration(token=DeviceToken(b"other"), topic=OTHER)
    hashed = HashedTopic.of(Topic(f"{APP}.complication"))
    for each in (
        registration(),
        registration(token=DeviceToken(b"hashed"), topic=hashed),
        registration(token=DeviceToken(b"gone"), unregistered_at=NOW),
        others,
    ):
        await store.register(each)
    await store.forget(tenant)
    assert await store.registrations() == [others]


async def test_its_channels_and_their_messages_are_forgotten(store: Store, tenant: Tenant) -> None:
    other_id = ChannelId.from_random(b"other")
    others = channel(channel_id=other_id, bundle_id=BundleId(OTHER))
    message = broadcast(1, channel_id=other_id, bundle_id=BundleId(OTHER))
    for each in (channel(), others):
        await store.create_channel(each)
    for each_message in (broadcast(), message):
        await store.publish(each_message)
    await store.forget(tenant)
    assert await store.channels() == [replace(others, checkpoint=1)]
    assert await store.broadcasts() == [message]


async def test_a_push_that_repeats_one_of_a_forgotten_tenant_is_its_first(
    store: Store, tenant: Tenant
) -> None:
    mine, others = notification(1), notification(2, topic=OTHER)
    for each in (mine, others):
        await store.accept(DEVICE, each, same_id_since=NOW - 60)
    await store.forget(tenant)
    assert (await store.accept(DEVICE, mine, same_id_since=NOW - 60)).duplicate_of is None
    again = await store.accept(DEVICE, others, same_id_since=NOW - 60)
    assert again.duplicate_of == others.unique_id
