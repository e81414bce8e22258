"""The journal as spans: one trace per request, with what became of its push.

::

    POST /3/device/{token}      the request, until it was answered        (service apnsim)
      validate                  until it was known to be valid
      store                     until it was known that it has to wait
      deliver <topic>           until its device has acknowledged it
        present <topic>         until the app, or the person, had it      (service apnsim-device)

Names and attributes are those of OpenTelemetry's conventions for HTTP servers and for messaging.
No payload, token or device is among them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode

from gateway.records import State
from protocol.notification import Notification
from protocol.provider.broadcast import BROADCAST_PATH
from protocol.provider.request import DEVICE_PATH
from protocol.provider.traceparent import traceparent_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from gateway.records import Event, Record
    from protocol.provider.http import HttpRequest

# Requests whose pushes may still go on; further events of older ones are in no trace.
CAPACITY = 10_000
SERVER_ERROR = 500

_OPERATIONS = {
    State.RECEIVED: "validate",
    State.STORED_OFFLINE: "store",
    State.STORED_POWER: "store",
    State.BROADCAST_PUBLISHED: "publish",
    State.DELIVERED: "deliver",
    State.DELIVERED_FROM_STORAGE: "deliver",
    State.BROADCAST_DELIVERED: "deliver",
    State.PRESENTED: "present",
    State.NOT_PRESENTED: "present",
    State.DISCARDED_UNREGISTERED: "discard",
    State.DISCARDED_UNREGISTERED_FROM_STORAGE: "discard",
    State.DISCARDED_EXPIRED: "discard",
    State.DISCARDED_DISABLED: "discard",
    State.DISCARDED_DISABLED_FROM_STORAGE: "discard",
    State.REPLACED: "discard",
}
_WITHIN = frozenset({"validate", "store"})


@dataclass(slots=True)
class _Push:
    """The spans of one request that others hang on."""

    request: Span
    delivery: Span | None = None
    is_answered: bool = False


class Traces:
    """Follows a journal and makes spans of it.

    Args:
        gateway: for what the gateway does.
        device: for what devices do.
        name_next: told the trace id of a trace that begins here, in hexadecimal.
    """

    def __init__(self, gateway: Tracer, device: Tracer, name_next: Callable[[str], None]) -> None:
        self._gateway = gateway
        self._device = device
        self._name_next = name_next
        self._pushes: OrderedDict[int, _Push] = OrderedDict()
        self._newest_gone = 0

    def end(self) -> None:
        """Nothing more will happen: what is open ends now."""
        for push in self._pushes.values():
            if not push.is_answered:
                push.request.end()
        self._pushes.clear()

    # -- as the journal sees it ----------------------------------------------------------------

    def answered(self, record: Record) -> None:
        """The request's span ends."""
        push = self._push_of(record)
        if push is None or push.is_answered:
            return
        span = push.request
        span.set_attribute("http.response.status_code", record.status)
        if record.reason:
            span.set_attribute("error.type", record.reason)
        if record.status >= SERVER_ERROR:
            span.set_status(Status(StatusCode.ERROR, record.detail))
        span.set_attributes(_facts(record))
        span.end(_nanoseconds(record.received_at + (record.answer_seconds or 0.0)))
        push.is_answered = True

    def reached(self, record: Record, event: Event) -> None:
        """A step of the push was done: its span, from the step before until now."""
        operation = _OPERATIONS.get(event.state)
        if operation is None or record.notification is None:
            return  # refused, or a fault: the request's own span tells
        push = self._push_of(record)
        if push is None:
            return
        is_on_device = operation == "present"
        tracer = self._device if is_on_device else self._gateway
        parent = push.delivery if is_on_device and push.delivery else push.request
        index = next(n for n, each in enumerate(record.timeline) if each is event)
        since = record.timeline[index - 1].at if index else record.received_at
        topic = record.notification.topic
        span = tracer.start_span(
            operation if operation in _WITHIN else f"{operation} {topic}",
            trace.set_span_in_context(parent),
            SpanKind.INTERNAL if operation in _WITHIN else SpanKind.CONSUMER,
            {
                "messaging.operation.name": operation,
                "apnsim.state": event.state.value,
                **_facts(record),
            },
            start_time=_nanoseconds(since),
        )
        span.end(_nanoseconds(event.at))
        if operation == "deliver":
            push.delivery = span

    def _push_of(self, record: Record) -> _Push | None:
        """None: its request is not known, or its spans are not any more."""
        push = self._pushes.get(record.number)
        if push is None and record.request is not None and record.number > self._newest_gone:
            push = self._pushes[record.number] = _Push(self._begin(record, record.request))
            if len(self._pushes) > CAPACITY:
                self._newest_gone, oldest = self._pushes.popitem(last=False)
                if not oldest.is_answered:
                    oldest.request.end()
        return push

    def _begin(self, record: Record, request: HttpRequest) -> Span:
        parent = _parent_of(request)
        if parent is None and record.notification is not None:
            # Who has the answer finds the trace.
            self._name_next(record.notification.unique_id.replace("-", ""))
        route = _route(request.path)
        attributes = {
            "http.request.method": request.method,
            "network.protocol.name": "http",
            "network.protocol.version": "2",
        }
        return self._gateway.start_span(
            f"{request.method} {route}".strip(),
            parent or trace.set_span_in_context(trace.INVALID_SPAN),
            SpanKind.SERVER,
            attributes | ({"http.route": route} if route else {}),
            start_time=_nanoseconds(record.received_at),
        )


def _parent_of(request: HttpRequest) -> Context | None:
    said = traceparent_of(request.headers)
    if said is None:
        return None
    remote = trace.SpanContext(
        int(said.trace_id, 16),
        int(said.parent_id, 16),
        is_remote=True,
        trace_flags=trace.TraceFlags(said.is_sampled),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(remote))


def _route(path: str) -> str:
    if path.startswith(DEVICE_PATH):
        return DEVICE_PATH + "{token}"
    if path.startswith(BROADCAST_PATH):
        return BROADCAST_PATH + "{bundle_id}"
    return ""


def _facts(record: Record) -> dict[str, Any]:
    """What is known of the push by now."""
    push = record.notification
    facts: dict[str, Any] = {"messaging.system": "apns", "apns.id": record.apns_id}
    if push is not None:
        facts |= {
            "messaging.destination.name": push.topic,
            "messaging.message.id": push.unique_id,
            "messaging.message.body.size": len(push.payload),
            "apns.push_type": push.push_type.value,
            "apns.priority": int(push.priority),
        }
        if isinstance(push, Notification) and push.collapse_id is not None:
            facts["apns.is_collapsible"] = True
    return facts


def _nanoseconds(at: float) -> int:
    return int(at * 1_000_000_000)
