"""Stage 2 for broadcasts: requests about channels and messages for them, checked in order.

As in ``validation.py``, the first check that fails gives the reason. Apple states "authentication,
then channel validation, then fan-out". Measured: without credentials GET earns MissingProviderToken
on the management ports (where GET is a method), MethodNotAllowed on the ports for pushes. Within
those bounds the order is that of APNSwift's test server (docs/fidelity.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from protocol.broadcast import Broadcast, Channel, StoragePolicy
from protocol.identifiers import ApnsId, BundleId, ChannelId, UniqueId
from protocol.notification import Expiration, Priority
from protocol.provider import broadcast as read
from protocol.provider.broadcast import ManagementCall
from protocol.provider.rejection import Reason, Rejection
from protocol.provider.request import (
    headers_of,
    read_expiration,
    read_priority,
    refuse_other_methods,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.validation import Sender
    from protocol.notification import Environment
    from protocol.provider.http import HttpRequest


class Channels(Protocol):
    """Where channels are looked up."""

    def is_enabled_for(self, bundle_id: BundleId) -> bool:
        """Whether the app has the broadcast capability."""
        ...

    def find(
        self, environment: Environment, bundle_id: BundleId, channel_id: ChannelId
    ) -> Channel | None:
        """The app's channel of this id in this environment."""
        ...

    def is_too_fast(self, channel: Channel, now: float) -> bool:
        """Count one more broadcast to this channel; whether it is one too many."""
        ...


@dataclass(frozen=True, slots=True)
class BroadcastGrounds:
    """What the requests of one connection are judged by.

    ``identify`` reads the authorization header at a time (UNIX seconds) or raises a Rejection.
    """

    environment: Environment
    channels: Channels
    identify: Callable[[str | None, float], Sender]


@dataclass(slots=True)
class BroadcastDraft:
    """A request on its way: what the checks have found out so far."""

    request: HttpRequest
    now: float
    grounds: BroadcastGrounds
    headers: dict[str, str] = field(init=False)
    name: str = ""  # what is to be a bundle id
    resource: str = ""
    call: ManagementCall | None = None
    sender: Sender = field(init=False)
    bundle_id: BundleId = field(init=False)
    request_id: ApnsId | None = None
    channel_id: ChannelId = field(init=False)
    channel: Channel = field(init=False)
    expiration: Expiration = field(init=False)
    priority: Priority | None = None
    policy: StoragePolicy = field(init=False)

    def __post_init__(self) -> None:
        self.headers = headers_of(self.request.headers)


def post_only(draft: BroadcastDraft) -> None:
    """MethodNotAllowed, on the ports for pushes before all else."""
    refuse_other_methods(draft.request.method)


def broadcast_path(draft: BroadcastDraft) -> None:
    """BadPath."""
    draft.name = read.read_broadcast_path(draft.request.path)


def management_method(draft: BroadcastDraft) -> None:
    """MethodNotAllowed, for what is a method of no call at all."""
    if draft.request.method not in read.MANAGEMENT_METHODS:
        expected = ", ".join(sorted(read.MANAGEMENT_METHODS))
        detail = f"expected {expected}; not {draft.request.method}"
        raise Rejection(Reason.METHOD_NOT_ALLOWED, detail)


def provider(draft: BroadcastDraft) -> None:
    """MissingProviderToken and the others of authentication."""
    draft.sender = draft.grounds.identify(draft.headers.get("authorization"), draft.now)


def management_path(draft: BroadcastDraft) -> None:
    """BadPath."""
    draft.name, draft.resource = read.read_management_path(draft.request.path)


def management_call(draft: BroadcastDraft) -> None:
    """MethodNotAllowed, for a method of another call."""
    draft.call = read.read_management_call(draft.request.method, draft.resource)


def bundle_id(draft: BroadcastDraft) -> None:
    """TopicDisallowed."""
    draft.bundle_id = read.read_bundle_id(draft.name)


def sender_covers_bundle_id(draft: BroadcastDraft) -> None:
    """TopicMismatch."""
    if not draft.sender.may_send_to(draft.bundle_id):
        detail = f"this provider's key or certificate does not cover {draft.bundle_id}"
        raise Rejection(Reason.TOPIC_MISMATCH, detail)


def feature(draft: BroadcastDraft) -> None:
    """FeatureNotEnabled."""
    if not draft.grounds.channels.is_enabled_for(draft.bundle_id):
        detail = f"the broadcast capability of {draft.bundle_id} is off"
        raise Rejection(Reason.FEATURE_NOT_ENABLED, detail)


def request_id(draft: BroadcastDraft) -> None:
    """BadMessageId."""
    draft.request_id = read.read_request_id(draft.headers)


def channel_id(draft: BroadcastDraft) -> None:
    """MissingChannelId, BadChannelId."""
    draft.channel_id = read.read_channel_id(draft.headers)


def push_type(draft: BroadcastDraft) -> None:
    """MissingPushType, InvalidPushType."""
    read.read_live_activity(draft.headers.get("apns-push-type"))


def expiration(draft: BroadcastDraft) -> None:
    """BadExpirationDate; an absent one is as good as any that the channel allows."""
    draft.expiration = read_expiration(draft.headers)


def priority(draft: BroadcastDraft) -> None:
    """BadPriority."""
    draft.priority = read_priority(draft.headers)


def channel_is_registered(draft: BroadcastDraft) -> None:
    """ChannelNotRegistered: unknown, of another app, or of the other environment."""
    grounds = draft.grounds
    channel = grounds.channels.find(grounds.environment, draft.bundle_id, draft.channel_id)
    if channel is None:
        detail = f"{draft.bundle_id} has no such channel in {grounds.environment}"
        raise Rejection(Reason.CHANNEL_NOT_REGISTERED, detail)
    draft.channel = channel


def expiration_suits_channel(draft: BroadcastDraft) -> None:
    """BadExpirationDate: on a channel that stores nothing, only 0 is true."""
    if draft.channel.policy is StoragePolicy.NO_MESSAGE_STORED and draft.expiration.at:
        detail = f"this channel stores nothing: expected 0, not {draft.expiration.at}"
        raise Rejection(Reason.BAD_EXPIRATION_DATE, detail)


def payload(draft: BroadcastDraft) -> None:
    """PayloadEmpty, PayloadTooLarge, BadRequestPayload."""
    read.read_body(draft.request.body)


def pace(draft: BroadcastDraft) -> None:
    """TooManyRequests."""
    if draft.grounds.channels.is_too_fast(draft.channel, draft.now):
        detail = "more broadcasts to one channel than max_broadcasts_per_channel_per_second allows"
        raise Rejection(Reason.TOO_MANY_REQUESTS, detail)


def new_channel(draft: BroadcastDraft) -> None:
    """PayloadEmpty, BadRequestPayload, BadRequestParams and what the attributes can earn."""
    draft.policy = read.read_new_channel(draft.request.body)


_APP = (bundle_id, sender_covers_bundle_id, feature, request_id)

PUBLISHING: tuple[Callable[[BroadcastDraft], None], ...] = (
    post_only,
    broadcast_path,
    provider,
    *_APP,
    channel_id,
    push_type,
    expiration,
    priority,
    channel_is_registered,
    expiration_suits_channel,
    payload,
    pace,
)
MANAGING: tuple[Callable[[BroadcastDraft], None], ...] = (
    management_method,
    provider,
    management_path,
    management_call,
    *_APP,
)
OF_CALL: dict[ManagementCall, tuple[Callable[[BroadcastDraft], None], ...]] = {
    ManagementCall.CREATE: (new_channel,),
    ManagementCall.READ: (channel_id, channel_is_registered),
    ManagementCall.DELETE: (channel_id, channel_is_registered),
    ManagementCall.LIST: (),
}


def validate_broadcast(draft: BroadcastDraft) -> BroadcastDraft:
    """Check a message for a channel.

    Raises:
        Rejection: the first thing that is wrong.
    """
    for check in PUBLISHING:
        check(draft)
    return draft


def validate_management(draft: BroadcastDraft) -> ManagementCall:
    """Check a request about channels, and say which it is.

    Raises:
        Rejection: the first thing that is wrong.
    """
    for check in MANAGING:
        check(draft)
    assert draft.call is not None
    for check in OF_CALL[draft.call]:
        check(draft)
    return draft.call


def broadcast_of(
    draft: BroadcastDraft, request_id: ApnsId, checkpoint: int, random_bytes: Callable[[int], bytes]
) -> Broadcast:
    """The broadcast that a validated draft describes."""
    channel = draft.channel
    return Broadcast(
        unique_id=UniqueId.from_random(random_bytes(16)),
        apns_id=request_id,
        channel_id=channel.channel_id,
        environment=channel.environment,
        bundle_id=channel.bundle_id,
        checkpoint=checkpoint,
        priority=draft.priority or Priority.IMMEDIATE,
        received_at=draft.now,
        expires_at=channel.policy.deadline(draft.expiration, draft.now),
        payload=draft.request.body,
    )
