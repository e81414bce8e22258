"""What is known of a request before anything has been checked: by this, fault rules match it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from certs.token_text import ProviderTokenError, parse_token
from gateway.faults.match import Occasion
from protocol.payload import InvalidPayloadError, parse_payload
from protocol.provider.broadcast import app_in
from protocol.provider.request import headers_of, infer_push_type, token_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.provider.contract import ConnectionFacts
    from gateway.provider.identity import ProviderIdentity
    from protocol.provider.http import HttpRequest


def request_occasion(
    request: HttpRequest,
    facts: ConnectionFacts,
    nth_on_connection: int,
    bound: ProviderIdentity | None,
) -> Occasion:
    """A request, as rules see it.

    Args:
        request: as it was received.
        facts: of its connection.
        nth_on_connection: which request of it.
        bound: who is known to push on it, if anybody.
    """
    headers, path = headers_of(request.headers), request.path
    default_topic = None if bound is None else bound.default_topic
    topic = headers.get("apns-topic") or app_in(path) or default_topic
    push_type = headers.get("apns-push-type", infer_push_type(topic or ""))
    priority = headers.get("apns-priority", "5" if push_type == "background" else "10")
    return Occasion(
        {
            "token": token_in(path),
            "topic": topic,
            "channel": headers.get("apns-channel-id"),
            "push_type": push_type,
            "priority": int(priority) if priority in ("1", "5", "10") else None,
            "environment": facts.environment.value,
            "connection": facts.connection_id,
            "path": path,
            "nth_on_connection": nth_on_connection,
            "payload": lambda: _payload_of(request),
            "team_id": lambda: _claim("team_id", headers, bound),
            "key_id": lambda: _claim("key_id", headers, bound),
        }
    )


def connection_occasion(facts: ConnectionFacts) -> Occasion:
    """A connection that has just been made, as rules see it."""
    return Occasion({"environment": facts.environment.value, "connection": facts.connection_id})


def _payload_of(request: HttpRequest) -> object:
    with suppress(InvalidPayloadError):
        return parse_payload(request.body)
    return None


def _claim(name: str, headers: Mapping[str, str], bound: ProviderIdentity | None) -> object:
    """What a certificate proves, else what the provider token claims, genuine or not."""
    _, _, bearer = headers.get("authorization", "").partition(" ")
    with suppress(ProviderTokenError):
        claims, _, _ = parse_token(bearer.strip())
        return getattr(claims, name)
    return getattr(bound, name, None)
