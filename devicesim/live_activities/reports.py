"""What is told of a push that a Live Activity obeyed: to the reader, and to the person."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from devicesim.presentation import Presentation, Presented

if TYPE_CHECKING:
    from devicesim.live_activities.activity import LiveActivity
    from devicesim.live_activities.events import Content
    from protocol.courier.messages import Push


class Announce(Protocol):
    """Has the person notice an update; must neither block nor raise."""

    def __call__(self, bundle_id: str, push: Push, alert: dict[str, Any] | str | None) -> None:
        """``alert`` is that of ``aps``; None is a silent update."""
        ...


def shown(what: str, activity: LiveActivity, content: Content, how: str = "") -> Presented:
    """It was obeyed."""
    alert = ", with an alert" if content.has_alert else ""
    return Presented(
        Presentation.SHOWN,
        f"{what} {activity.attributes_type} {activity.activity_id}{how}{alert}",
    )


def until(activity: LiveActivity, now: float) -> str:
    """How long an ended activity stays on the screen."""
    if activity.dismissed_at is None or activity.dismissed_at <= now:
        return ", removed at once"
    leaves = datetime.fromtimestamp(activity.dismissed_at, UTC)
    return f", stays until {leaves:%Y-%m-%d %H:%M:%S} UTC"
