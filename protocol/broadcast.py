"""Broadcast push: channels, and what is said on them.

Sources: Apple, "Setting up broadcast push notifications" and "Sending broadcast push notification
requests to APNs".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar

from protocol.identifiers import BundleId, Topic
from protocol.notification import PushType

if TYPE_CHECKING:
    from protocol.identifiers import ApnsId, ChannelId, UniqueId
    from protocol.notification import Environment, Expiration, Priority

# "The most recent message [is stored] for up to 8 hours", or until an earlier apns-expiration.
MAX_RETENTION_SECONDS = 8 * 3600
MAX_CHANNELS_PER_APP = 10_000
"""Of one app in one environment."""


class StoragePolicy(IntEnum):
    """``message-storage-policy``; fixed when the channel is created."""

    NO_MESSAGE_STORED = 0
    MOST_RECENT_MESSAGE_STORED = 1

    def deadline(self, expiration: Expiration, now: float) -> float:
        """Until when a message received ``now`` waits for subscribers; ``now`` = not at all."""
        if self is StoragePolicy.NO_MESSAGE_STORED:
            return now
        latest = now + MAX_RETENTION_SECONDS
        return latest if expiration.at is None else min(float(expiration.at), latest)


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel of one app in one environment; it exists whether or not anybody listens.

    ``created_at`` is UNIX seconds. ``checkpoint`` is that of its newest message (0 before the
    first): see :attr:`Broadcast.checkpoint`.
    """

    channel_id: ChannelId
    environment: Environment
    bundle_id: BundleId
    policy: StoragePolicy
    created_at: float
    checkpoint: int = 0

    def next_checkpoint(self, now: float) -> int:
        """The place of a message that arrives ``now``: the time, but always later than the last."""
        return max(int(now * 1e9), self.checkpoint + 1)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A message that APNs accepted for a channel.

    ``unique_id`` names it everywhere inside, ``apns_id`` is the provider's ``apns-request-id`` or
    the one made for it. ``checkpoint`` is its place in its channel, UNIX nanoseconds: a device that
    says how far it has come is given only what is newer. ``received_at`` and ``expires_at`` are
    UNIX seconds; it is stored only while ``expires_at`` lies ahead.
    """

    unique_id: UniqueId
    apns_id: ApnsId
    channel_id: ChannelId
    environment: Environment
    bundle_id: BundleId
    checkpoint: int
    priority: Priority
    received_at: float
    expires_at: float
    payload: bytes

    # "Broadcast push notifications [are] for Live Activities": there is no other type.
    push_type: ClassVar[PushType] = PushType.LIVE_ACTIVITY
    collapse_id: ClassVar[None] = None

    @property
    def topic(self) -> Topic:
        """As of a Live Activity's pushes to a token."""
        return topic_of(self.bundle_id)

    @property
    def is_stored(self) -> bool:
        """Whether it waits on its channel for those who come later."""
        return self.expires_at > self.received_at

    def has_expired(self, now: float) -> bool:
        """Whether the time in which it may wait is over."""
        return now >= self.expires_at


def topic_of(bundle_id: str) -> Topic:
    """The topic under which an app's broadcasts travel."""
    return Topic(PushType.LIVE_ACTIVITY.topic_of(bundle_id))


def bundle_of(topic: Topic) -> BundleId:
    """The app whose broadcasts travel under this topic."""
    return BundleId(topic.removesuffix(PushType.LIVE_ACTIVITY.topic_suffix))
