"""Broadcast channels: which there are, who listens, and what waits on them."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.console.api.common import Parts, answer
from gateway.console.rendering import json_list, read_payload
from gateway.console.views import JsonDictionary
from protocol.broadcast import Broadcast, Channel
from protocol.notification import Environment

router = APIRouter(prefix="/api/v1/channels", tags=["channels"])


@answer
class WaitingMessage:
    """The message that whoever comes now is given; times are UNIX seconds."""

    apns_id: str
    apns_unique_id: str
    received_at: float
    expires_at: float
    payload: JsonDictionary
    raw_payload: str | None


@answer
class ChannelView:
    """A channel of one app in one environment.

    ``message_storage_policy`` is 0 (no message stored) or 1 (most recent message stored);
    ``subscribers`` counts devices that are connected; ``message`` waits for the others.
    """

    channel_id: str
    bundle_id: str
    environment: Environment
    message_storage_policy: int
    created_at: float
    subscribers: int
    message: WaitingMessage | None


@router.get("", response_model=list[ChannelView])
async def list_channels(
    parts: Parts,
    bundle_id: Annotated[str | None, Query(description="Such as com.example.app.")] = None,
    environment: Environment | None = None,
) -> Response:
    """Every channel, each app's oldest first."""
    wanted = [
        channel
        for channel in parts.channels
        if bundle_id in (None, channel.bundle_id) and environment in (None, channel.environment)
    ]
    return await json_list(_view(parts, channel) for channel in wanted)


def _view(parts: Parts, channel: Channel) -> ChannelView:
    waiting = parts.channels.waiting(channel.channel_id)
    return ChannelView(
        channel_id=channel.channel_id,
        bundle_id=channel.bundle_id,
        environment=channel.environment,
        message_storage_policy=int(channel.policy),
        created_at=channel.created_at,
        subscribers=len(parts.channels.subscribers(channel.channel_id)),
        message=None if waiting is None else _message(waiting),
    )


def _message(broadcast: Broadcast) -> WaitingMessage:
    payload = read_payload(broadcast.payload)
    return WaitingMessage(
        apns_id=broadcast.apns_id,
        apns_unique_id=broadcast.unique_id,
        received_at=broadcast.received_at,
        expires_at=broadcast.expires_at,
        payload=payload.parsed,
        raw_payload=payload.raw,
    )
