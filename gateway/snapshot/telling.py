"""What a gateway remembers, in JSON's types, as :mod:`gateway.snapshot.document` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.faults.reading import told as rule_as_json
from gateway.records import Event
from protocol.notification import Notification
from protocol.plain import plain
from protocol.provider.http import redacted

if TYPE_CHECKING:
    from gateway.clock import Clock
    from gateway.faults.book import Entry
    from gateway.provider.keys import RegisteredKey
    from gateway.records import Record


def tell_clock(clock: Clock) -> dict[str, Any]:
    """The time; one that was never told anything is the machine's, wherever it is loaded."""
    return {
        "now": clock.now(),
        "frozen": clock.is_frozen,
        "rate": clock.rate,
        "is_told": clock.is_told,
    }


def tell_key(key: RegisteredKey, *, secrets: bool) -> dict[str, Any]:
    """A provider key; the private half only if secrets are asked for and it is here.

    Raises:
        OSError: it is here and cannot be read.
    """
    told: dict[str, Any] = {
        "key_id": key.key.key_id,
        "team_id": key.key.team_id,
        "public_key": key.key.public_key_pem.decode(),
        "environments": None if key.environments is None else sorted(key.environments),
        "topics": None if key.topics is None else sorted(key.topics),
        "related_key_id": key.related_key_id,
    }
    if secrets and key.key_file is not None and key.key_file.exists():
        told["private_key"] = key.key_file.read_text()
    return told


def tell_rule(entry: Entry) -> dict[str, Any]:
    """A fault rule, and how far it has come."""
    return {
        "id": entry.number,
        "rule": rule_as_json(entry.rule),
        "seen": entry.seen,
        "hits": entry.hits,
        "enabled": entry.is_enabled,
        "spent": entry.is_spent,
        "missed": entry.missed,
        "dice": entry.dice,
    }


def tell_record(record: Record, *, secrets: bool) -> dict[str, Any]:
    """A request and what became of it, without the credentials in it unless asked for."""
    request, push, presented = record.request, record.notification, record.presentation
    is_push = isinstance(push, Notification)
    told: dict[str, Any] = {
        name: plain(getattr(record, name))
        for name in (
            "number", "received_at", "connection", "request", "apns_id", "status", "reason",
            "detail", "device", "timeline", "audience", "response", "answer_seconds",
        )
    }  # fmt: skip
    if request is not None and not secrets:
        told["request"]["headers"] = redacted(request.headers)
    told["push"] = plain(push) if is_push else None
    told["broadcast"] = None if is_push else plain(push)
    told["presentation"] = presented and plain(Event(presented[0], 0.0, presented[1]))
    return told
