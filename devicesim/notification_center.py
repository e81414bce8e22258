"""What the person would see of a push.

Sources: Apple, "Generating a remote notification" (the aps dictionary) and "Sending notification
requests to APNs" (push types, collapse id).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from devicesim.apps import AppState
from protocol.notification import PushType
from protocol.payload import aps_of

if TYPE_CHECKING:
    from devicesim.apps import App
    from protocol.courier.messages import Push

# Notifications with a collapse id that stay replaceable, per device; beyond it the oldest is
# taken as swiped away.
MAX_ON_SCREEN = 256
_ALERT_TEXTS = ("title", "subtitle", "body", "title-loc-key", "subtitle-loc-key", "loc-key")


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
    """The notifications of one device's screen."""

    __slots__ = ("_on_screen",)

    def __init__(self) -> None:
        self._on_screen: dict[tuple[str, str], str] = {}  # (bundle id, collapse id) → apns-id

    def present(self, app: App, push: Push) -> Presented:
        """Decide, and remember what is on the screen; never raises whatever the payload is."""
        payload = read_payload(push.payload)
        if payload is None:
            return _not_shown("the payload is not a JSON dictionary")
        if push.push_type is PushType.BACKGROUND:
            return _present_background(aps_of(payload))
        if push.push_type is not PushType.ALERT:
            return Presented(
                Presentation.DELIVERED, f"handed to the app's {push.push_type.value} handler"
            )
        return self._present_alert(app, push, aps_of(payload))

    def forget(self, bundle_id: str) -> None:
        """An uninstalled app takes its notifications along."""
        self._on_screen = {
            key: value for key, value in self._on_screen.items() if key[0] != bundle_id
        }

    def _present_alert(self, app: App, push: Push, aps: dict[str, Any]) -> Presented:
        if not app.notifications_enabled:
            return _not_shown("notifications are disabled for this app")
        what = _visible_parts(aps)
        if not what:
            return _not_shown("an alert push without alert, badge or sound in its aps dictionary")
        if app.state is AppState.FOREGROUND:
            # Apple, willPresent: in the foreground "the system delivers the notification to your
            # app"; nothing is shown unless the app asks for it.
            return Presented(Presentation.DELIVERED, "the app is in the foreground: it decides")
        if push.collapse_id is None:
            return Presented(Presentation.SHOWN, what)
        return self._collapse(app, push, what)

    def _collapse(self, app: App, push: Push, what: str) -> Presented:
        key = (str(app.bundle_id), str(push.collapse_id))
        replaced = self._on_screen.pop(key, None)
        self._on_screen[key] = push.apns_id
        if len(self._on_screen) > MAX_ON_SCREEN:
            del self._on_screen[next(iter(self._on_screen))]
        if replaced is None:
            return Presented(Presentation.SHOWN, what)
        return Presented(Presentation.COLLAPSED, f"{what}; replaces {replaced}")


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


def _visible_parts(aps: dict[str, Any]) -> str:
    """Name what of the dictionary a person would notice; empty if nothing."""
    alert, badge, sound = aps.get("alert"), aps.get("badge"), aps.get("sound")
    parts = []
    if has_text(alert):
        parts.append("alert")
    if isinstance(badge, int) and not isinstance(badge, bool):
        parts.append(f"badge {badge}")
    if sound and isinstance(sound, str | dict):
        parts.append("sound")
    return ", ".join(parts)


def has_text(alert: object) -> bool:
    """Whether an ``alert`` of any push has something to be read."""
    if isinstance(alert, dict):
        return any(isinstance(alert.get(key), str) and alert[key] for key in _ALERT_TEXTS)
    return isinstance(alert, str) and bool(alert)


def _not_shown(why: str) -> Presented:
    return Presented(Presentation.NOT_SHOWN, why)
