"""The journal in the log: one line per event."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from gateway.records import State

if TYPE_CHECKING:
    from gateway.records import Record

log = logging.getLogger("gateway.journal")

# At INFO, a push that goes well is one line: where it ended up.
_LEVELS = {
    State.RECEIVED: logging.DEBUG,
    State.PRESENTED: logging.DEBUG,
    State.BROADCAST_DELIVERED: logging.DEBUG,
}


def log_event(record: Record, state: State, detail: str) -> None:
    """One line. Apple's words need no explanation; ours for people follow the colon."""
    level = _LEVELS.get(state, logging.INFO)
    if not log.isEnabledFor(level):
        return
    notification = record.notification
    what = f"{notification.push_type} {notification.topic}" if notification else "request"
    facts = {"apns_id": record.apns_id, "state": state, "device": record.device, "detail": detail}
    line = f"{what} {record.apns_id}: {state}" + (f" ({detail})" if detail else "")
    log.log(level, line, extra=facts)
