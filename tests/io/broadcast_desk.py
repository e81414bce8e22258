"""A provider's desk for broadcasts: channels on the management ports, messages on the others."""

# ruff: noqa: ANN401 - settings and headers are passed on by name

from __future__ import annotations

import json
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import trio

from protocol.notification import Environment
from protocol.provider.rejection import Reason
from tests.e2e.world import TOPIC
from tests.io.provider_desk import Desk, desk
from tests.io.streams import Answered, Provider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from certs.leaf import Leaf

REQUEST_ID = "2288c00C-5dcd-4d8a-a0c5-2a2d1b8c6a5e"
CHANNELS = f"/1/apps/{TOPIC}/channels"
ALL_CHANNELS = f"/1/apps/{TOPIC}/all-channels"
BROADCAST = f"/4/broadcasts/apps/{TOPIC}"
MESSAGE = b'{"aps":{"timestamp":1,"event":"update","content-state":{"score":"1-0"}}}'

# What no device push can earn.
BROADCAST_ONLY = {
    Reason.BAD_CHANNEL_ID,
    Reason.BAD_REQUEST_PARAMS,
    Reason.BAD_REQUEST_PAYLOAD,
    Reason.CANNOT_CREATE_CHANNEL_CONFIG,
    Reason.CHANNEL_NOT_REGISTERED,
    Reason.FEATURE_NOT_ENABLED,
    Reason.MISSING_CHANNEL_ID,
    Reason.MISSING_CHANNEL_QUEUE_SIZE,
    Reason.MISSING_PUSH_TYPE,
    Reason.TOPIC_MISMATCH,
}


@dataclass
class BroadcastDesk:
    """One connection for management and one for messages, both opened when first needed."""

    desk: Desk
    environment: Environment = Environment.DEVELOPMENT
    _managing: Provider | None = None
    _sending: Provider | None = None

    async def dial_management(
        self,
        environment: Environment | None = None,
        sni: str = "localhost",
        certificate: Leaf | None = None,
    ) -> Provider:
        port = self.desk.here.gateway.broadcasting.ports[environment or self.environment]
        return await self.over(await trio.open_tcp_stream("127.0.0.1", port), sni, certificate)

    async def over(
        self, tcp: trio.SocketStream, sni: str, certificate: Leaf | None = None
    ) -> Provider:
        """TLS and HTTP/2 on a connection that leads to a management port."""
        context = ssl.create_default_context(cafile=self.desk.here.gateway.home.ca_file)
        context.set_alpn_protocols(["h2"])
        if certificate is not None:
            certificate.configure(context)
        provider = Provider(trio.SSLStream(tcp, context, server_hostname=sni))
        self.desk.opened.append(provider)
        await provider.hello()
        return provider

    async def manage(
        self,
        method: str = "POST",
        path: str = CHANNELS,
        content: Any = None,
        line: Provider | None = None,
        **changes: Any,
    ) -> Answered:
        """A request about channels; ``content`` is sent as JSON, ``body`` as it is."""
        if line is None:
            line = self._managing = self._managing or await self.dial_management()
        body = changes.pop("body", None if content is None else json.dumps(content).encode())
        headers = {"apns_request_id": REQUEST_ID, "apns_id": None, "apns_topic": None} | changes
        return await self.desk.ask(line, path=path, method=method, body=body, **headers)

    async def create(self, policy: int | str = 0, **changes: Any) -> str:
        """The id of a new channel."""
        said = {"message-storage-policy": policy, "push-type": "LiveActivity"}
        answer = await self.manage(content=said, **changes)
        assert answer.status == 201, answer
        return answer.headers["apns-channel-id"]

    async def publish(
        self, channel: str | None, body: bytes | None = MESSAGE, **changes: Any
    ) -> Answered:
        """A message for a channel, with all headers that Apple's table requires."""
        line = changes.pop("line", None)
        if line is None:
            line = self._sending = self._sending or await self.desk.dial()
        headers = {
            "apns_request_id": REQUEST_ID,
            "apns_channel_id": channel,
            "apns_push_type": "Liveactivity",
            "apns_expiration": "0",
            "apns_priority": "10",
            "apns_id": None,
            "apns_topic": None,
        } | changes
        path = headers.pop("path", BROADCAST)
        return await self.desk.ask(line, path=path, body=body, **headers)


@asynccontextmanager
async def broadcast_desk(data_dir: Path, **changes: Any) -> AsyncIterator[BroadcastDesk]:
    async with desk(data_dir, **changes) as made:
        yield BroadcastDesk(made)
