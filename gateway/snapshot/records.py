"""Pushes, broadcasts and the journal's records as parts of a snapshot."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from typing import Annotated, Self

from pydantic import Field, PrivateAttr, model_validator

from gateway.records import Audience, Event, Record, State
from protocol.broadcast import Broadcast
from protocol.document import (
    ApnsIdText,
    BundleText,
    ChannelText,
    Count,
    DeviceText,
    Moment,
    Part,
    PushPart,
    Raw,
    Seconds,
    Text,
    TokenText,
    UniqueIdText,
    Urgency,
    World,
)
from protocol.notification import Notification
from protocol.provider.http import HttpRequest, HttpResponse


class TakenPart(PushPart):
    """A push to a token, as it was taken."""

    unique_id: UniqueIdText
    token: TokenText
    received_at: Moment


class BroadcastPart(Part):
    """A message for a channel."""

    unique_id: UniqueIdText
    apns_id: ApnsIdText
    channel_id: ChannelText
    environment: World
    bundle_id: BundleText
    checkpoint: Count
    priority: Urgency
    received_at: Moment
    expires_at: Seconds
    payload: Raw


class RequestPart(Part):
    """A request as it was received."""

    method: Text
    path: Text
    headers: list[Annotated[list[Text], Field(min_length=2, max_length=2)]]
    body: Raw

    @property
    def request(self) -> HttpRequest:
        """The request itself."""
        return HttpRequest(self.method, self.path, _pairs(self.headers), self.body)


class ResponsePart(Part):
    """The answer to it."""

    status: Annotated[int, Field(ge=100, le=999)]
    headers: list[Annotated[list[Text], Field(min_length=2, max_length=2)]]
    body: Raw

    @property
    def response(self) -> HttpResponse:
        """The answer itself."""
        return HttpResponse(self.status, _pairs(self.headers), self.body)


def _pairs(headers: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers)


class EventPart(Part):
    """A point of a timeline."""

    state: Annotated[State, Field(strict=False)]
    at: Moment
    detail: Text


class AudiencePart(Part):
    """How a broadcast fared."""

    subscribers: Count
    later: Count
    dropped: Count
    delivered: Count
    delivered_from_storage: Count


class RecordPart(Part):
    """A request and what became of it; ``push`` or ``broadcast`` if it was taken."""

    number: Annotated[int, Field(ge=1, lt=2**62)]
    received_at: Moment
    connection: Text
    request: RequestPart | None
    apns_id: Text
    status: Count
    reason: Text
    detail: Text
    push: TakenPart | None
    broadcast: BroadcastPart | None
    device: DeviceText | None
    timeline: list[EventPart]
    presentation: EventPart | None
    audience: AudiencePart | None
    response: ResponsePart | None
    answer_seconds: Seconds | None

    _record: Record = PrivateAttr()

    @model_validator(mode="after")
    def _is_a_record(self) -> Self:
        told, push, broadcast = self.presentation, self.push, self.broadcast
        taken = None if push is None else push.make(Notification)
        self._record = Record(
            self.number,
            self.received_at,
            self.connection,
            None if self.request is None else self.request.request,
            self.apns_id,
            self.status,
            self.reason,
            self.detail,
            broadcast.make(Broadcast) if broadcast is not None else taken,
            self.device,
            [each.make(Event) for each in self.timeline],
            None if told is None else (told.state, told.detail),
            None if self.audience is None else self.audience.make(Audience),
            response=None if self.response is None else self.response.response,
            answer_seconds=self.answer_seconds,
        )
        return self

    @property
    def record(self) -> Record:
        """As the journal keeps it; made when it was read, which is no matter of the event loop."""
        return self._record
