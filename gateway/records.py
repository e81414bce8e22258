"""What the journal keeps: requests, pushes and the points of their lives, in Apple's words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from protocol.notification import Notification
from protocol.provider.broadcast import app_in
from protocol.provider.request import token_in

if TYPE_CHECKING:
    from protocol.broadcast import Broadcast
    from protocol.identifiers import DeviceId
    from protocol.provider.http import HttpRequest, HttpResponse


class State(StrEnum):
    """A point in a push's life. Apple's ten statuses, its two of broadcasts, five of our own.

    Apple counts "Broadcasts Published" and "Broadcasts Delivered"; here they are points in the
    life of one broadcast, which has no other devices' points: there may be ten thousand of them.
    """

    RECEIVED = "Received by APNs"
    DELIVERED = "Delivered to Device"
    DELIVERED_FROM_STORAGE = "Delivered to Device (From Storage)"
    STORED_OFFLINE = "Stored - Device Offline"
    STORED_POWER = "Stored - Power Considerations"
    DISCARDED_UNREGISTERED = "Discarded - Token Unregistered"
    DISCARDED_UNREGISTERED_FROM_STORAGE = "Discarded - Token Unregistered (From Storage)"
    DISCARDED_EXPIRED = "Discarded - Expired"
    DISCARDED_DISABLED = "Discarded - Disabled"
    DISCARDED_DISABLED_FROM_STORAGE = "Discarded - Disabled (From Storage)"
    BROADCAST_PUBLISHED = "Broadcast Published"
    BROADCAST_DELIVERED = "Broadcast Delivered"
    REJECTED = "Rejected"
    REPLACED = "Replaced"
    PRESENTED = "Presented"
    NOT_PRESENTED = "Not presented"
    FAULT = "Fault"


@dataclass(frozen=True, slots=True)
class Event:
    """One point of a timeline; ``at`` is UNIX seconds by the gateway's clock."""

    state: State
    at: float
    detail: str = ""


@dataclass(slots=True)
class Audience:
    """How a broadcast fared, in devices.

    Attributes:
        subscribers: that were connected when it was published.
        later: of those, had no room and were to get it once they had.
        dropped: of those, had no room on a channel that stores nothing.
        delivered: acknowledged it, also those who came later.
        delivered_from_storage: of those, got it after it had waited on its channel.
        faults: how often each rule has met it on its way.
    """

    subscribers: int = 0
    later: int = 0
    dropped: int = 0
    delivered: int = 0
    delivered_from_storage: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        text = f"devices connected: {self.subscribers}"
        text += f", without room for now: {self.later}" * bool(self.later)
        return text + f", dropped for want of room: {self.dropped}" * bool(self.dropped)

    @property
    def deliveries(self) -> str:
        """Who has it, for the timeline."""
        from_storage = self.delivered_from_storage
        return f"devices: {self.delivered}" + f", from storage: {from_storage}" * bool(from_storage)

    def struck(self, why: str) -> str:
        """A rule has met it once more: how often by now, for the timeline."""
        self.faults[why] += 1
        return f"{why} (devices: {self.faults[why]})"


@dataclass(slots=True, eq=False)
class Record:
    """One provider request and what became of it.

    ``request`` is None for a push that was accepted before this gateway process started and
    whose request is therefore not known. ``status`` is 0 until it has been answered; ``response``
    is that answer, and ``answer_seconds`` how long it took, in real time since ``begun``. Only a
    broadcast has an ``audience``.
    """

    number: int
    received_at: float
    connection: str
    request: HttpRequest | None
    apns_id: str = ""
    status: int = 0
    reason: str = ""
    detail: str = ""
    notification: Notification | Broadcast | None = None
    device: DeviceId | None = None
    timeline: list[Event] = field(default_factory=list)
    presentation: tuple[State, str] | None = None
    audience: Audience | None = None
    begun: float = field(default_factory=perf_counter)
    response: HttpResponse | None = None
    answer_seconds: float | None = None

    @property
    def topic(self) -> str | None:
        """What it is about: as it was taken, else as the request says; of channels the app."""
        if self.notification is not None:
            return self.notification.topic
        if self.request is None:
            return None
        return self.request.header("apns-topic") or app_in(self.request.path)

    @property
    def token(self) -> str | None:
        """The device token that it was sent to, in hexadecimal, be it one or not."""
        if isinstance(self.notification, Notification):
            return self.notification.token.hex()
        return token_in(self.request.path) if self.request else None

    @property
    def state(self) -> State | None:
        """Where the push is now; None before anything was decided.

        A fault on the way is no place to be, unless nothing else has happened.
        """
        if not self.timeline:
            return None
        if (last := self.timeline[-1].state) is not State.FAULT:
            return last
        return next((e.state for e in self.timeline[::-1] if e.state is not State.FAULT), last)


@dataclass(frozen=True, slots=True)
class LinkEvent:
    """A device's link came up or went down."""

    device: DeviceId
    is_connected: bool
    at: float
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The journal has no records of these numbers any more; None: it has none at all."""

    numbers: tuple[int, ...] | None


Happening: TypeAlias = Record | LinkEvent | Forgotten


@dataclass(frozen=True, slots=True)
class JournalStatistics:
    """How much the journal holds; how often each state was reached since the start.

    ``answers`` counts them by status and reason, which is empty for 200.
    """

    records: int
    requests: int
    viewers: int
    reached: dict[State, int]
    answers: dict[tuple[int, str], int]
