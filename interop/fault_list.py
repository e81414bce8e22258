"""The faults that every client is tried with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

BUSY = {"type": "answer", "status": 503}


@dataclass(frozen=True, eq=False)
class Fault:
    """A rule to try.

    Attributes:
        name: for the table.
        action: of the rule.
        at_start: it strikes a connection, so the client must not have one yet.
        closes: it ends the connection behind the push; the push after it comes then.
    """

    name: str
    action: dict[str, Any]
    at_start: bool = False
    closes: bool = False


FAULTS = (
    Fault("503 once", BUSY),
    Fault("429 with Retry-After: 1", {"type": "answer", "status": 429, "retry_after": 1}),
    Fault("403 ExpiredProviderToken", {"type": "answer", "reason": "ExpiredProviderToken"}),
    Fault("500, though the push is taken", {"type": "answer", "status": 500, "accept": True}),
    Fault("410 without timestamp", BUSY | {"status": 410, "body": '{"reason":"Unregistered"}'}),
    Fault("400 without a body", {"type": "answer", "status": 400, "body": ""}),
    Fault("200 without apns-id", {"type": "answer", "status": 200, "headers": {"apns-id": None}}),
    Fault("answer 7 s late", {"type": "delay", "seconds": 7}),
    Fault("never answered, though taken", {"type": "never-answer", "accept": True}),
    Fault("503 Shutdown, then GOAWAY", {"type": "outage", "reason": "Shutdown"}),
    Fault("RST_STREAM INTERNAL_ERROR", {"type": "reset-stream"}),
    Fault("RST_STREAM REFUSED_STREAM", {"type": "reset-stream", "code": "REFUSED_STREAM"}),
    Fault("503 in two DATA frames", {"type": "pieces", "bytes_each": 20, "answer": BUSY}),
    Fault("half a body", {"type": "truncate", "bytes": 9, "answer": BUSY}),
    Fault("GOAWAY: taken, not answered", {"type": "goaway", "reason": "Shutdown", "accept": True}),
    Fault("GOAWAY: not heard", {"type": "goaway", "last_stream": "before"}),
    Fault(
        "GOAWAY, graceful: answer 0.3 s behind it",
        {"type": "goaway", "last_stream": "all", "answers": True, "close_seconds": 0.3},
    ),
    Fault("FIN", {"type": "close"}),
    Fault("RST", {"type": "close", "how": "reset"}),
    Fault("half-open", {"type": "close", "how": "half-open"}),
    Fault("closed while idle", {"type": "idle-close", "seconds": 0.2}, at_start=True, closes=True),
    Fault("SETTINGS take the window", {"type": "settings", "initial_window_size": 0}),
    Fault("no window for a body", {"type": "no-window", "stream_bytes": 0}, at_start=True),
    Fault("no PING is acknowledged", {"type": "no-ping-ack"}, at_start=True),
    Fault("TLS never ends", {"type": "tls", "how": "never-ends"}, at_start=True),
    Fault("certificate expired", {"type": "tls", "how": "expired"}, at_start=True),
    Fault("certificate of another name", {"type": "tls", "how": "wrong-name"}, at_start=True),
    Fault("certificate of another CA", {"type": "tls", "how": "untrusted"}, at_start=True),
)  # fmt: skip
