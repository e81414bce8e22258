"""What the person would see of a push, and why not.

Sources: Apple, "Generating a remote notification" (the aps dictionary), "Sending notification
requests to APNs" (push types, collapse id) and ``UNAuthorizationStatus``.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from devicesim.apps import AppState
from devicesim.screen.alert import has_text
from devicesim.screen.content import InterruptionLevel, read_content
from protocol.notification import PushType
from protocol.payload import aps_of

if TYPE_CHECKING:
    from devicesim.apps import App
    from devicesim.screen.content import Content
    from devicesim.screen.localization import StringTables
    from devicesim.screen.screen import Screen
    from protocol.courier.messages import Push

__all__ = ["NotificationCenter", "Presentation", "Presented", "has_text", "read_payload"]


class Presentation(StrEnum):
    """What became of a push on the device."""

    SHOWN = "shown"
    COLLAPSED = "collapsed"
    WOKEN = "woken"
    DELIVERED = "delivered"
    NOT_SHOWN = "not-shown"


@dataclass(frozen=True, slots=True)
class Presented:
    """A presentation and, for the reader, why."""

    presentation: Presentation
    detail: str


class NotificationCenter:
    """Decides what of a push is seen on one device's screen.

    Args:
        screen: where it is seen.
        strings: what the keys of alerts mean to the apps.
    """

    __slots__ = ("_screen", "_strings")

    def __init__(self, screen: Screen, strings: StringTables) -> None:
        self._screen = screen
        self._strings = strings

    def present(self, app: App, push: Push) -> Presented:
        """Decide, and change the screen; never raises whatever the payload is."""
        payload = read_payload(push.payload)
        if payload is None:
            return _not_shown("the payload is not a JSON dictionary")
        if push.push_type is PushType.BACKGROUND:
            return _present_background(aps_of(payload))
        if push.push_type is not PushType.ALERT:
            return Presented(
                Presentation.DELIVERED, f"handed to the app's {push.push_type.value} handler"
            )
        return self._present_alert(app, push, payload)

    def _present_alert(self, app: App, push: Push, payload: dict[str, Any]) -> Presented:
        if not app.notifications_enabled:
            return _not_shown("notifications are disabled for this app")
        content = read_content(payload, self._strings.of(app.bundle_id))
        if not content.parts:
            what = "an alert push without alert, badge or sound in its aps dictionary"
            return _not_shown(_with_ignored(what, content))
        if app.state is AppState.FOREGROUND and not self._screen.is_locked:
            # Apple, willPresent: in the foreground "the system delivers the notification to your
            # app"; nothing is shown unless the app asks for it. A locked phone has none in front.
            return Presented(Presentation.DELIVERED, "the app is in the foreground: it decides")
        return self._show(app, push, content)

    def _show(self, app: App, push: Push, content: Content) -> Presented:
        what = content.parts
        replaced = self._screen.show(app.bundle_id, push, content)
        if content.level is InterruptionLevel.PASSIVE:
            what += "; passive: to the list, in the dark and silently"
        if replaced is None:
            return Presented(Presentation.SHOWN, _with_ignored(what, content))
        what += f"; replaces {replaced.push.apns_id}"
        return Presented(Presentation.COLLAPSED, _with_ignored(what, content))


def read_payload(payload: bytes) -> dict[str, Any] | None:
    """The payload as a dictionary; None when it is anything else."""
    try:
        value = json.loads(payload.decode())  # decoded here: json would guess the encoding
    except (ValueError, RecursionError):  # not JSON, not Unicode, or brackets beyond measure
        return None
    return value if isinstance(value, dict) else None


def _present_background(aps: dict[str, Any]) -> Presented:
    if aps.get("content-available") in (1, "1"):
        return Presented(Presentation.WOKEN, "content-available: the app runs in the background")
    return _not_shown("a background push without content-available: 1 wakes nothing")


def _with_ignored(what: str, content: Content) -> str:
    return f"{what}; ignored: {'; '.join(content.ignored)}" if content.ignored else what


def _not_shown(why: str) -> Presented:
    return Presented(Presentation.NOT_SHOWN, why)
