"""One Live Activity: what is on the Lock Screen, and how pushes and time change it.

A value that never changes: every step gives the next one. Times are UNIX seconds by the device's
clock; nothing here has one, nor waits. Sources: Apple, ActivityKit ("Starting and updating Live
Activities …", ``ActivityState``, ``ActivityUIDismissalPolicy``).
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from typing import TYPE_CHECKING, Any, Self

from devicesim.live_activities.events import UnusableEventError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devicesim.live_activities.events import Content, End, Start

# Apple, "Displaying live data with Live Activities": the system ends an activity after eight hours
MAX_ACTIVE_SECONDS = 8 * 3600.0
# and keeps what has ended on the Lock Screen for up to four more.
MAX_ENDED_SECONDS = 4 * 3600.0


def new_activity_id(random_bytes: Callable[[int], bytes]) -> str:
    """As ActivityKit writes one: a UUID in capitals."""
    return str(uuid.UUID(bytes=random_bytes(16), version=4)).upper()


class ActivityState(StrEnum):
    """ActivityKit's words. A dismissed activity is gone, so none is ever seen in that state."""

    ACTIVE = "active"
    STALE = "stale"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class LiveActivity:
    """An activity of an app.

    ``timestamp`` is that of the newest content. ``wants_token``: it is updated by pushes of its
    own; ``channel``: by broadcasts on this channel (base64). ``ended_at`` and ``dismissed_at`` are
    None while it runs; the latter is when it leaves the screen.
    """

    activity_id: str
    bundle_id: str
    attributes_type: str
    attributes: dict[str, Any]
    content_state: dict[str, Any]
    started_at: float
    timestamp: float
    stale_date: float | None = None
    wants_token: bool = True
    channel: str | None = None
    relevance_score: float = 0.0
    ended_at: float | None = None
    dismissed_at: float | None = None

    @classmethod
    def begin(cls, activity_id: str, bundle_id: str, start: Start, now: float) -> Self:
        """Started, by a push or by its app.

        Raises:
            UnusableEventError: its timestamp is too far ahead.
        """
        _refuse_future(start.content, now)
        return cls(
            activity_id,
            bundle_id,
            start.attributes_type,
            start.attributes,
            start.content.state or {},
            started_at=now,
            timestamp=start.content.timestamp,
            stale_date=start.content.stale_date,
            wants_token=start.wants_token,
            channel=start.channel,
            relevance_score=start.content.relevance_score,
        )

    @property
    def has_token(self) -> bool:
        """Whether providers can update it: a token's life ends with its activity."""
        return self.wants_token and self.ended_at is None

    def state_at(self, now: float) -> ActivityState:
        """In ActivityKit's words."""
        if self.ended_at is not None:
            return ActivityState.ENDED
        is_stale = self.stale_date is not None and now >= self.stale_date
        return ActivityState.STALE if is_stale else ActivityState.ACTIVE

    def update(self, content: Content, now: float) -> Self:
        """A newer content.

        Apple: the timestamp makes sure that the newest content stays; one of the same second is
        not older. Seen in practice (developer.apple.com/forums/thread/776165): an update whose
        timestamp is in the past is dropped, and so is one over eight hours ahead.

        Raises:
            UnusableEventError: it is not newer, or too far ahead.
        """
        _refuse_future(content, now)
        if content.timestamp < self.timestamp:
            raise UnusableEventError(
                f"older than what is shown: timestamp {content.timestamp:.0f},"
                f" expected {self.timestamp:.0f} or later"
            )
        return self._with(content)

    def end(self, end: End, now: float) -> Self:
        """Ended by a push.

        Its timestamp does not matter: in the same thread, an end of two years ago is obeyed and
        its content shown, where the update is dropped.
        """
        latest = now + MAX_ENDED_SECONDS
        dismissed_at = latest if end.dismissal_date is None else min(end.dismissal_date, latest)
        return dataclasses.replace(
            self._with(end.content), ended_at=now, dismissed_at=max(dismissed_at, now)
        )

    @property
    def due_at(self) -> float:
        """When time ends it, or takes it off the screen."""
        if self.ended_at is None:
            return self.started_at + MAX_ACTIVE_SECONDS
        return inf if self.dismissed_at is None else self.dismissed_at

    def at(self, now: float) -> Self | None:
        """As time has left it: ended when it was active for too long, None when it is gone."""
        activity = self
        if self.ended_at is None and now >= self.started_at + MAX_ACTIVE_SECONDS:
            ended_at = self.started_at + MAX_ACTIVE_SECONDS
            activity = dataclasses.replace(
                self, ended_at=ended_at, dismissed_at=ended_at + MAX_ENDED_SECONDS
            )
        is_gone = activity.dismissed_at is not None and now >= activity.dismissed_at
        return None if is_gone else activity

    def to_json(self) -> str:
        """For the log: JSON, because its numbers may be longer than msgpack's."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read it again.

        Raises:
            ValueError, TypeError: it is no such text.
        """
        return cls(**json.loads(text))

    def _with(self, content: Content) -> Self:
        return dataclasses.replace(
            self,
            content_state=self.content_state if content.state is None else content.state,
            timestamp=max(self.timestamp, content.timestamp),
            stale_date=content.stale_date,
            relevance_score=content.relevance_score,
        )


def next_due(activities: Iterable[LiveActivity]) -> float:
    """When time does something to one of them; infinite: never."""
    return min((each.due_at for each in activities), default=inf)


def _refuse_future(content: Content, now: float) -> None:
    if content.timestamp > now + MAX_ACTIVE_SECONDS:
        raise UnusableEventError(
            f"timestamp {content.timestamp:.0f} is over eight hours ahead of the device's clock"
            f" ({now:.0f}); it counts seconds, not milliseconds"
        )
