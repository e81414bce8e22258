"""What others see of a Live Activity, in the words of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devicesim.token_keys import to_update

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.live_activities.activity import ActivityState, LiveActivity


@dataclass(frozen=True, slots=True)
class ActivityView:
    """A Live Activity; ``token`` updates it, None when it has none (any more, or yet).

    Of several on the screen the one with the highest ``relevance_score`` is first.

    ``timestamp`` is that of its newest content, ``channel`` the broadcast channel that it is to
    follow; times are UNIX seconds.
    """

    activity_id: str
    bundle_id: str
    attributes_type: str
    state: ActivityState
    token: str | None
    attributes: dict[str, Any]
    content_state: dict[str, Any]
    started_at: float
    timestamp: float
    stale_date: float | None
    ended_at: float | None
    dismissal_date: float | None
    channel: str | None
    relevance_score: float

    @classmethod
    def of(cls, activity: LiveActivity, app: App, now: float) -> ActivityView:
        """As it is now."""
        token = app.tokens.get(app.activity_key(to_update(activity.activity_id)))
        return cls(
            activity_id=activity.activity_id,
            bundle_id=activity.bundle_id,
            attributes_type=activity.attributes_type,
            state=activity.state_at(now),
            token=None if token is None else token.hex(),
            attributes=activity.attributes,
            content_state=activity.content_state,
            started_at=activity.started_at,
            timestamp=activity.timestamp,
            stale_date=activity.stale_date,
            ended_at=activity.ended_at,
            dismissal_date=activity.dismissed_at,
            channel=activity.channel,
            relevance_score=activity.relevance_score,
        )
