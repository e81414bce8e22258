"""Pushes that somebody sends from the console: what goes out, and what came back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from protocol.broadcast import Broadcast
from protocol.identifiers import DeviceToken, InvalidIdentifierError
from protocol.lint.push import as_headers
from protocol.notification import Environment, Notification
from protocol.provider.broadcast import BROADCAST_PATH
from protocol.provider.request import DEVICE_PATH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.console.parts import ConsoleParts
    from gateway.records import Record
    from protocol.provider.http import Headers

# Of the request that is sent again: what was its connection's, its sender's, and its name.
_ITS_OWN = frozenset(
    {
        "apns-id", "apns-request-id", "authorization", "connection", "content-length", "cookie",
        "host", "keep-alive", "proxy-authorization", "proxy-connection", "te", "transfer-encoding",
        "upgrade",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class OutgoingPush:
    """A request that is to be sent; ``headers`` without credentials, values Latin-1."""

    environment: Environment
    path: str
    headers: Headers
    body: bytes


@dataclass(frozen=True, slots=True)
class SentPush:
    """What the gateway answered to a push; it is found under ``apns_id`` from then on.

    ``reason`` is empty for 200. ``apns_id`` is null only if a rule has garbled the answer.
    """

    status: int
    reason: str
    apns_id: str | None
    apns_unique_id: str | None


class NoAnswerError(Exception):
    """A push was sent, and the gateway hung up or said nothing."""


class SendPush(Protocol):
    """Push as a backend does. ``ValueError``: HTTP/2 cannot carry it; ``NoAnswerError``."""

    async def __call__(self, push: OutgoingPush, /) -> SentPush:
        """Send it, and hear the answer."""
        ...


def environment_of(parts: ConsoleParts, path: str) -> Environment:
    """Where the device of a path is; development if nobody knows."""
    try:
        token = DeviceToken.parse(path.removeprefix(DEVICE_PATH))
    except InvalidIdentifierError:
        return Environment.DEVELOPMENT
    registration = parts.directory.registration_of(token)
    return Environment.DEVELOPMENT if registration is None else registration.environment


def as_sent(parts: ConsoleParts, record: Record) -> OutgoingPush:
    """A recorded push as it could be sent again, under a new apns-id.

    Raises:
        ValueError: it was no push.
    """
    known, request = record.notification, record.request
    if request is None:
        assert known is not None
        return _as_known(parts, known)
    if request.method != "POST" or not request.path.startswith((DEVICE_PATH, BROADCAST_PATH)):
        raise ValueError(f"{request.method} {request.path[:80]} is no push")
    headers = tuple(each for each in request.headers if each[0] not in _ITS_OWN)
    if isinstance(known, Broadcast):
        environment = known.environment
    else:
        environment = environment_of(parts, request.path)
    return OutgoingPush(environment, request.path, headers, request.body)


def _as_known(parts: ConsoleParts, known: Notification | Broadcast) -> OutgoingPush:
    """One whose request an earlier process of the gateway has taken along."""
    headers: dict[str, str | None] = {
        "apns-push-type": known.push_type,
        "apns-priority": str(int(known.priority)),
        "apns-expiration": str(int(known.expires_at)),
    }
    if isinstance(known, Broadcast):
        path = BROADCAST_PATH + known.bundle_id
        headers["apns-channel-id"] = str(known.channel_id)
        environment = known.environment
    else:
        path = DEVICE_PATH + known.token.hex()
        headers["apns-topic"], headers["apns-collapse-id"] = known.topic, known.collapse_id
        environment = environment_of(parts, path)
    given = {name: value for name, value in headers.items() if value}
    return OutgoingPush(environment, path, as_headers(given), known.payload)


def changed(headers: Headers, changes: Mapping[str, str | None]) -> Headers:
    """Headers with others in their place: null takes one away, a new name comes last."""
    names = {name.lower() for name in changes}
    given = {name: value for name, value in changes.items() if value is not None}
    return tuple(each for each in headers if each[0] not in names) + as_headers(given)
