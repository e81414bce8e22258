"""What the linter has to say of what providers have sent; only when somebody looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.broadcast import Broadcast
from protocol.lint.judgement import lint
from protocol.lint.push import Push, as_headers
from protocol.notification import Notification
from protocol.provider.broadcast import BROADCAST_PATH
from protocol.provider.http import HttpRequest
from protocol.provider.rejection import Reason
from protocol.provider.request import DEVICE_PATH

if TYPE_CHECKING:
    from gateway.records import Record
    from protocol.lint.finding import Finding


_MISSING_TOPIC = Reason.MISSING_TOPIC.text


def findings_of(record: Record) -> list[Finding]:
    """Judge a recorded push, by the clock of when it came."""
    if record.request is not None:
        return _of_request(record, record.request)
    if record.notification is not None:
        return [*lint(_as_known(record.notification, record.received_at)).findings]
    return []


def _of_request(record: Record, request: HttpRequest) -> list[Finding]:
    accepted = record.notification
    topic = accepted.topic if isinstance(accepted, Notification) else None
    findings = lint(Push(request, record.received_at, default_topic=topic)).findings
    # Without a provider token it came with a certificate. Its topics are not recorded, but if it
    # has several and the push named none, that was the answer.
    has_topic = request.header("authorization") is None and record.reason != _MISSING_TOPIC
    return [each for each in findings if not (has_topic and each.reason == _MISSING_TOPIC)]


def _as_known(accepted: Notification | Broadcast, now: float) -> Push:
    """A push whose request an earlier process of the gateway has taken along."""
    if isinstance(accepted, Broadcast):
        request = HttpRequest("POST", BROADCAST_PATH + accepted.bundle_id, (), accepted.payload)
    else:
        known = {"apns-push-type": accepted.push_type, "apns-topic": accepted.topic}
        request = HttpRequest("POST", DEVICE_PATH, as_headers(known), accepted.payload)
    return Push(request, now, is_whole=False)
