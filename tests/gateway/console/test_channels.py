from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.records import State
from protocol.broadcast import StoragePolicy
from protocol.identifiers import BundleId
from protocol.notification import Environment
from tests.builders import BUNDLE_ID, NOW, broadcast, push

if TYPE_CHECKING:
    from gateway.routing.channels import Handover
    from protocol.broadcast import Broadcast
    from tests.gateway.console.consoles import Console

NONE, RECENT = StoragePolicy
CHANNELS = "/api/v1/channels"


class Listener:
    def broadcast(self, _broadcast: Broadcast) -> Handover:
        raise AssertionError("nothing is published here")


async def listed(console: Console, **query: str) -> list[dict[str, Any]]:
    async with console.client() as client:
        answer = await client.get(CHANNELS, params=query)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_channel_is_told_with_who_listens_and_what_waits(console: Console) -> None:
    bundle_id = BundleId(BUNDLE_ID)
    made = await console.channels.create(Environment.DEVELOPMENT, bundle_id, RECENT)
    assert console.channels.subscribe(
        Environment.DEVELOPMENT, bundle_id, made.channel_id, Listener()
    )
    waiting = broadcast(7, channel_id=made.channel_id)
    await console.channels.keep(waiting)
    assert await listed(console) == [
        {
            "channel_id": made.channel_id,
            "bundle_id": BUNDLE_ID,
            "environment": "development",
            "message_storage_policy": 1,
            "created_at": NOW,
            "subscribers": 1,
            "message": {
                "apns_id": waiting.apns_id,
                "apns_unique_id": waiting.unique_id,
                "received_at": NOW,
                "expires_at": NOW + 3600,
                "payload": {"aps": {"alert": "Hello"}},
                "raw_payload": None,
            },
        }
    ]


async def test_channels_are_chosen_by_app_and_environment(console: Console) -> None:
    for bundle_id in ("com.example.a", "com.example.b"):
        for environment in Environment:
            await console.channels.create(environment, BundleId(bundle_id), NONE)
    assert len(await listed(console)) == 4
    assert len(await listed(console, bundle_id="com.example.a")) == 2
    [one] = await listed(console, bundle_id="com.example.b", environment="production")
    assert (one["bundle_id"], one["environment"], one["message"]) == (
        "com.example.b",
        "production",
        None,
    )


async def test_a_broadcast_is_told_among_the_pushes(console: Console) -> None:
    journal, published = console.journal, broadcast(3)
    record = journal.begin(push(path="/4/broadcasts/apps/com.example.app"), "provider-1")
    journal.received(record, published, None)
    journal.published(published.unique_id, 2)
    journal.accepted(record)
    journal.handed_over(published.unique_id, later=1, dropped=0)
    journal.broadcast_delivered(published, is_from_storage=True)
    async with console.client() as client:
        [told] = (await client.get("/api/v1/notifications")).json()
        query = {"state": State.BROADCAST_DELIVERED.value, "topic": published.topic}
        assert (await client.get("/api/v1/notifications", params=query)).json() == [told]
        by_token = await client.get("/api/v1/notifications", params={"token": "00"})
        metrics = (await client.get("/metrics")).text
    assert by_token.json() == []
    assert (told["token"], told["device"], told["push_type"]) == (None, None, "liveactivity")
    assert (told["channel_id"], told["state"]) == (published.channel_id, "Broadcast Delivered")
    assert told["audience"] == {
        "subscribers": 2,
        "later": 1,
        "dropped": 0,
        "delivered": 1,
        "delivered_from_storage": 1,
        "faults": {},
    }
    assert "apnsim_channels 0" in metrics
    assert "apnsim_channel_subscriptions 0" in metrics
    assert 'apnsim_pushes_total{state="Broadcast Delivered"} 1' in metrics
