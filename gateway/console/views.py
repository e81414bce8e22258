"""The journal's records, in the words of the control API."""

# No "from __future__ import annotations": FastAPI reads the annotations of models at run time.
from dataclasses import dataclass, fields
from typing import Annotated, Any

from pydantic import WithJsonSchema

from gateway.console.findings import findings_of
from gateway.console.rendering import Payload, read_payload
from gateway.records import Audience, Event, LinkEvent, Record, State
from protocol.broadcast import Broadcast
from protocol.lint.finding import Finding
from protocol.notification import Notification
from protocol.provider.http import redacted
from protocol.provider.traceparent import traceparent_of

JsonDictionary = Annotated[dict[str, Any] | None, WithJsonSchema({"type": ["object", "null"]})]

# Ours come after Apple's last word and do not take it back.
_AFTERTHOUGHTS = frozenset({State.PRESENTED, State.NOT_PRESENTED, State.FAULT})


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One point of a push's life; ``at`` is UNIX seconds by the gateway's clock."""

    state: State
    at: float
    detail: str


@dataclass(frozen=True, slots=True)
class PushView:
    """One push: what the provider asked for, and what became of it.

    ``number`` names the record; ``status`` is null until the provider was answered. Times are
    UNIX seconds. ``payload`` is the JSON dictionary, or null when the body was none: then
    ``raw_payload`` is its text. What was refused before it was understood has nulls. A broadcast
    has a ``channel_id`` and an ``audience``, and neither token nor device. ``connection`` is empty
    when an earlier process of the gateway accepted it. ``trace_id`` is that of the provider's
    ``traceparent``, if it sent one.
    """

    number: int
    apns_id: str
    apns_unique_id: str | None
    device: str | None
    token: str | None
    topic: str | None
    push_type: str | None
    priority: int | None
    collapse_id: str | None
    received_at: float
    expires_at: float | None
    status: int | None
    reason: str
    detail: str
    state: State | None
    payload: JsonDictionary
    raw_payload: str | None
    timeline: list[TimelineEntry]
    channel_id: str | None
    audience: Audience | None
    connection: str
    trace_id: str | None


@dataclass(frozen=True, slots=True)
class RequestView:
    """One provider request as it was received, and the answer.

    ``headers`` are in order, names in lower case; credentials are redacted. ``status`` is null
    until it was answered. ``findings``: what the linter has to say of it.
    """

    number: int
    received_at: float
    connection: str
    method: str
    path: str
    headers: list[tuple[str, str]]
    payload: JsonDictionary
    raw_payload: str | None
    apns_id: str
    status: int | None
    reason: str
    detail: str
    state: State | None
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class OtherPush:
    """Another push with the same apns-id; ``?number=`` asks for it."""

    number: int
    received_at: float
    status: int | None
    state: State | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider was told; ``detail`` is for people and was not sent."""

    status: int | None
    reason: str
    detail: str
    apns_id: str
    apns_unique_id: str | None


@dataclass(frozen=True, slots=True)
class PushStory(PushView):
    """One push from its request to its end.

    Beside the push itself: its ``request`` as received (null when an earlier process of the
    gateway accepted it), the ``answer`` given, ``findings``: what the linter has to say of it, and
    ``others``: further pushes with the same apns-id, newest first.
    """

    request: RequestView | None
    answer: Answer
    findings: list[Finding]
    others: list[OtherPush]


@dataclass(frozen=True, slots=True)
class LinkView:
    """A device's link came up or went down; ``at`` is UNIX seconds."""

    device: str
    connected: bool
    at: float
    detail: str


def payload_of(record: Record) -> Payload:
    """What was sent, read."""
    push, request = record.notification, record.request
    return read_payload(push.payload if push else request.body if request else b"")


def push_view(record: Record) -> PushView:
    """A record as a push; nulls where nothing is known."""
    push, payload = record.notification, payload_of(record)
    return PushView(
        number=record.number,
        apns_id=record.apns_id,
        apns_unique_id=push.unique_id if push else None,
        device=record.device,
        token=push.token.hex() if isinstance(push, Notification) else None,
        topic=push.topic if push else None,
        push_type=push.push_type if push else None,
        priority=push.priority if push else None,
        collapse_id=push.collapse_id if push else None,
        received_at=record.received_at,
        expires_at=push.expires_at if push else None,
        status=record.status or None,
        reason=record.reason,
        detail=record.detail,
        state=record.state,
        payload=payload.parsed,
        raw_payload=payload.raw,
        timeline=_timeline_of(record),
        channel_id=push.channel_id if isinstance(push, Broadcast) else None,
        audience=record.audience,
        connection=record.connection,
        trace_id=_trace_id_of(record),
    )


def event_view(record: Record, event: Event) -> dict[str, Any]:
    """A push as the lists tell it, and which ``event`` of its timeline this is about."""
    push = push_view(record)
    told = {each.name: getattr(push, each.name) for each in fields(push)}
    return {**told, "event": TimelineEntry(event.state, event.at, event.detail)}


def request_view(record: Record) -> RequestView | None:
    """A record as a request; None when its request is not known."""
    request = record.request
    if request is None:
        return None
    payload = read_payload(request.body)
    return RequestView(
        number=record.number,
        received_at=record.received_at,
        connection=record.connection,
        method=request.method,
        path=request.path,
        headers=redacted(request.headers),
        payload=payload.parsed,
        raw_payload=payload.raw,
        apns_id=record.apns_id,
        status=record.status or None,
        reason=record.reason,
        detail=record.detail,
        state=record.state,
        findings=findings_of(record),
    )


def story_of(record: Record, others: list[Record]) -> PushStory:
    """The whole story of one record."""
    push, request = push_view(record), request_view(record)
    answer = Answer(push.status, push.reason, push.detail, push.apns_id, push.apns_unique_id)
    return PushStory(
        **{field.name: getattr(push, field.name) for field in fields(PushView)},
        request=request,
        answer=answer,
        findings=findings_of(record) if request is None else request.findings,
        others=[
            OtherPush(other.number, other.received_at, other.status or None, other.state)
            for other in others
        ],
    )


def link_view(event: LinkEvent) -> LinkView:
    """A change of a device's link."""
    return LinkView(event.device, event.is_connected, event.at, event.detail)


def _trace_id_of(record: Record) -> str | None:
    said = traceparent_of(record.request.headers) if record.request else None
    return said and said.trace_id


def _timeline_of(record: Record) -> list[TimelineEntry]:
    """Every state that was reached, oldest first."""
    return [TimelineEntry(event.state, event.at, event.detail) for event in record.timeline]


def is_in(record: Record, states: frozenset[State]) -> bool:
    """Whether a push is in one of the states now.

    ``Presented`` comes on top of ``Delivered to Device``: such a push is in both.
    """
    for event in reversed(record.timeline):
        if event.state in states:
            return True
        if event.state not in _AFTERTHOUGHTS:
            return False
    return False
