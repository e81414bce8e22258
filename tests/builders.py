"""Valid objects to start from; a test changes the one thing that it is about."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.store.store import Registration
from protocol.broadcast import Broadcast, Channel, StoragePolicy
from protocol.identifiers import (
    ApnsId,
    BundleId,
    ChannelId,
    DeviceId,
    DeviceToken,
    Topic,
    UniqueId,
)
from protocol.notification import Environment, Notification, Priority, PushType
from protocol.provider.http import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from protocol.tenant import Tenant

NOW = 1_790_000_000.0
BUNDLE_ID = "com.example.app"
TOPIC = Topic(BUNDLE_ID)
TOKEN = DeviceToken(bytes(range(32)))
DEVICE = DeviceId("phone")
APNS_ID = "eabeae54-14a8-11e5-b60b-1697f925ec7b"
PAYLOAD = b'{"aps":{"alert":"Hello"}}'
PATH = f"/3/device/{TOKEN}"


def push(
    method: str = "POST", path: str = PATH, body: bytes = PAYLOAD, **changes: str | None
) -> HttpRequest:
    """A valid request; ``apns_topic=None`` leaves a header out, a text replaces or adds it."""
    headers: dict[str, str | None] = {
        "authorization": "bearer token",
        "apns-id": APNS_ID,
        "apns-push-type": "alert",
        "apns-topic": TOPIC,
        "apns-priority": "10",
        "apns-expiration": str(int(NOW) + 3600),
    }
    headers.update({name.replace("_", "-"): value for name, value in changes.items()})
    sent = tuple((name, value) for name, value in headers.items() if value is not None)
    return HttpRequest(method, path, sent, body)


def registration(**changes: object) -> Registration:
    """The token of the app on the phone, registered and in use."""
    valid: dict[str, Any] = {
        "token": TOKEN,
        "device": DEVICE,
        "topic": TOPIC,
        "environment": Environment.DEVELOPMENT,
        "registered_at": NOW - 86_400,
    }
    valid.update(changes)
    return Registration(**valid)


def notification(number: int = 1, **changes: object) -> Notification:
    """A push that may wait for an hour; ``number`` tells one from another."""
    raw = number.to_bytes(16)
    valid: dict[str, Any] = {
        "unique_id": UniqueId.from_random(raw),
        "apns_id": ApnsId.from_random(raw),
        "token": TOKEN,
        "topic": TOPIC,
        "push_type": PushType.ALERT,
        "priority": Priority.IMMEDIATE,
        "received_at": NOW,
        "expires_at": NOW + 3600,
        "collapse_id": None,
        "payload": PAYLOAD,
    }
    valid.update(changes)
    return Notification(**valid)


CHANNEL = ChannelId.from_random(bytes(range(16)))


def channel(**changes: object) -> Channel:
    """A channel of the app that keeps its most recent message, and has had none."""
    valid: dict[str, Any] = {
        "channel_id": CHANNEL,
        "environment": Environment.DEVELOPMENT,
        "bundle_id": BundleId(BUNDLE_ID),
        "policy": StoragePolicy.MOST_RECENT_MESSAGE_STORED,
        "created_at": NOW - 60,
    }
    valid.update(changes)
    return Channel(**valid)


def broadcast(number: int = 1, **changes: object) -> Broadcast:
    """A message for :func:`channel` that may wait for an hour; ``number`` is its place, too."""
    raw = number.to_bytes(16)
    valid: dict[str, Any] = {
        "unique_id": UniqueId.from_random(raw),
        "apns_id": ApnsId.from_random(raw),
        "channel_id": CHANNEL,
        "environment": Environment.DEVELOPMENT,
        "bundle_id": BundleId(BUNDLE_ID),
        "checkpoint": number,
        "priority": Priority.IMMEDIATE,
        "received_at": NOW,
        "expires_at": NOW + 3600,
        "payload": PAYLOAD,
    }
    valid.update(changes)
    return Broadcast(**valid)


def counting_bytes() -> Callable[[int], bytes]:
    """In place of dice: 00…01, 00…02 and so on, as many bytes as asked for."""
    numbers = itertools.count(1)
    return lambda size: next(numbers).to_bytes(size)


@dataclass(eq=False)
class ListeningSession:
    """A connected device that remembers what it was told; ``has_room`` False refuses offers."""

    device: DeviceId = DEVICE
    has_room: bool = True
    wakes: int = 0
    offered: list[Notification] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    interface: str = "WiFi"
    is_served: bool = False

    def serve(self) -> None:
        self.is_served = True

    def stand_by(self) -> None:
        self.is_served = False

    def wake(self) -> None:
        self.wakes += 1

    def offer(self, notification: Notification) -> bool:
        if self.has_room:
            self.offered.append(notification)
        return self.has_room

    def forget(self, tenant: Tenant) -> None:
        self.offered = [each for each in self.offered if not tenant.has(each.topic)]

    def leave(self, reason: str) -> None:
        self.left.append(reason)


class SettableTime:
    """The wall time of a test: ``now`` is handed out, ``time`` is set."""

    def __init__(self, time: float = NOW) -> None:
        self.time = time

    def now(self) -> float:
        return self.time
