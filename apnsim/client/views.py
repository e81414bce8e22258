"""What the control API tells, as values. Times are UNIX seconds by the gateway's clock."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, TypedDict, TypeVar

from apnsim.client.findings import Finding

View = TypeVar("View")


class Filters(TypedDict, total=False):
    """Which pushes: every filter that is given must match.

    ``state`` is one or any of several; ``since`` is UNIX seconds; ``limit`` keeps the newest.
    ``bundle_id`` is the app, whatever suffix its push types have in the ``topic``. ``text`` stands
    somewhere in the payload; ``payload`` is values by path, such as ``{"aps.badge": 3}``; texts are
    patterns, in which ``*`` is anything.
    """

    bundle_id: str
    topic: str
    device: str
    token: str
    apns_id: str
    text: str
    payload: dict[str, Any]
    state: str | list[str]
    since: float
    limit: int


class Answered(TypedDict, total=False):
    """Which requests: by app, the answer they got, and when they came (UNIX seconds)."""

    bundle_id: str
    status: int
    reason: str
    since: float
    limit: int


@dataclass(frozen=True, slots=True)
class Key:
    """A provider key that the gateway believes; None is "every".

    ``kind`` is ``team``, ``team-scoped`` or ``topic-specific``.
    """

    key_id: str
    team_id: str
    key_file: str | None
    public_key: str | None
    environments: list[str] | None
    topics: list[str] | None
    kind: str | None
    related_key_id: str | None


@dataclass(frozen=True, slots=True)
class Info:
    """Where everything is: addresses, the CA to trust, the keys to sign with."""

    version: str
    time: float
    provider_url: str
    provider_ports: list[int]
    provider_urls: dict[str, str]
    manage_ports: Any
    courier: str
    proxy_url: str | None
    console_url: str
    ca_file: str
    ca_pem: str
    team_id: str
    keys: list[Key]


@dataclass(frozen=True, slots=True)
class Clock:
    """The gateway's time; ``ahead_seconds``: of the machine's."""

    now: float
    frozen: bool
    rate: float
    ahead_seconds: float


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """A state that a push reached, in the words of Apple's Push Notifications Console."""

    state: str
    at: float
    detail: str


@dataclass(frozen=True, slots=True)
class Audience:
    """How a broadcast fared, in devices.

    Of the ``subscribers`` that were connected, so many had no room and got it ``later``, or never
    (``dropped``). ``delivered``: with those of later, ``delivered_from_storage``. ``faults``: hits.
    """

    subscribers: int
    later: int
    dropped: int
    delivered: int
    delivered_from_storage: int
    faults: dict[str, int]


@dataclass(frozen=True, slots=True)
class Notification:
    """A push and what became of it.

    ``payload`` is None when the body was no JSON dictionary; ``raw_payload`` is its text then.
    ``status`` is None until the provider was answered. A broadcast has a ``channel_id`` and an
    ``audience``, and neither token nor device.
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
    state: str | None
    payload: dict[str, Any] | None
    raw_payload: str | None
    timeline: list[TimelineEntry]
    channel_id: str | None
    audience: Audience | None
    trace_id: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """A provider request and its answer; ``headers`` are ``[name, value]`` in order."""

    number: int
    received_at: float
    connection: str
    method: str
    path: str
    headers: list[list[str]]
    payload: dict[str, Any] | None
    raw_payload: str | None
    apns_id: str
    status: int | None
    reason: str
    detail: str
    state: str | None
    findings: list[Finding]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the provider was told; ``detail`` is for people and was not sent."""

    status: int | None
    reason: str
    detail: str
    apns_id: str
    apns_unique_id: str | None


@dataclass(frozen=True, slots=True)
class OtherNotification:
    """Another push with the same apns-id."""

    number: int
    received_at: float
    status: int | None
    state: str | None


@dataclass(frozen=True, slots=True)
class NotificationStory(Notification):
    """A push with its request, the answer, and others of the same apns-id."""

    request: Request | None
    answer: Answer
    findings: list[Finding]
    others: list[OtherNotification]


@dataclass(frozen=True, slots=True)
class ReceivedNotification:
    """A push as a device got it; ``detail`` says why it was presented so.

    ``handler`` is Apple's name of the app's code that was called, empty if none was; the states are
    those of the app when the push came and since.
    """

    apns_id: str
    topic: str
    push_type: str
    priority: int
    collapse_id: str | None
    payload: dict[str, Any] | None
    raw_payload: str | None
    received_at: float
    from_storage: bool
    presentation: str
    detail: str
    channel_id: str | None = None
    handler: str | None = None
    app_state_before: str | None = None
    app_state_after: str | None = None


@dataclass(frozen=True, slots=True)
class AppEvent:
    """Something that an app's code has lived through: a call by Apple's name, or a new state."""

    at: float
    what: str
    detail: str


@dataclass(frozen=True, slots=True)
class WaitingMessage:
    """The broadcast that whoever comes now is given."""

    apns_id: str
    apns_unique_id: str
    received_at: float
    expires_at: float
    payload: dict[str, Any] | None
    raw_payload: str | None


@dataclass(frozen=True, slots=True)
class Channel:
    """A broadcast channel; ``subscribers`` counts connected devices, ``message`` waits."""

    channel_id: str
    bundle_id: str
    environment: str
    message_storage_policy: int
    created_at: float
    subscribers: int
    message: WaitingMessage | None


_NESTED: dict[str, type[Any]] = {
    "timeline": TimelineEntry,
    "audience": Audience,
    "message": WaitingMessage,
    "request": Request,
    "answer": Answer,
    "others": OtherNotification,
    "keys": Key,
    "findings": Finding,
}


def given(**values: Any) -> dict[str, Any]:  # noqa: ANN401 — JSON
    """Only what was given."""
    return {name: value for name, value in values.items() if value is not None}


def read(view: type[View], told: dict[str, Any]) -> View:
    """Take what is known of an answer: a newer gateway may tell more, an older one less."""
    values = {field.name: _read_part(field.name, told.get(field.name)) for field in fields(view)}  # type: ignore[arg-type]
    return view(**values)


def _read_part(name: str, value: Any) -> Any:  # noqa: ANN401 — JSON
    nested = _NESTED.get(name)
    if nested is None or value is None:
        return value
    if isinstance(value, list):
        return [read(nested, each) for each in value]
    return read(nested, value)
