"""What the person would see of a push, and why not.

Sources: Apple, "Generating a remote notification" (the aps dictionary), "Sending notification
requests to APNs" (push types, collapse id) and ``UNAuthorizationStatus``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devicesim.app import AppState, Permission
from devicesim.presentation import Presentation, Presented
from devicesim.pushes import payload_of
from devicesim.screen.alert import read_alert
from devicesim.screen.content import InterruptionLevel, read_content, read_sound
from devicesim.screen.localization import StringTables
from devicesim.screen.screen import Screen, ScreenTimes

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.app import App
    from devicesim.screen.content import Content
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push


class NotificationCenter:
    """Decides what of a push is seen on one device's screen.

    Args:
        state: the device's memory; ``extras["strings"]`` is that of the apps' tables.
        now: the wall clock, UNIX seconds.
        is_locked: whether the phone is locked.
        times: how long things stay.

    ``screen`` is where it is seen, ``strings`` what the keys of alerts mean to the apps.
    """

    __slots__ = ("screen", "strings")

    def __init__(
        self,
        state: DeviceState,
        now: Callable[[], float],
        is_locked: Callable[[], bool] = lambda: False,
        times: ScreenTimes = ScreenTimes(),  # noqa: B008 - frozen
    ) -> None:
        self.screen = Screen(state.screen, now, is_locked, times)
        self.strings = StringTables(state.extras.setdefault("strings", {}))

    def present(self, app: App, push: Push) -> Presented:
        """Decide about an alert, and change the screen; never raises whatever the payload is."""
        payload = payload_of(push)
        if payload is None:
            return _not_shown("the payload is not a JSON dictionary")
        if not app.may_notify:
            return _not_shown(_why_silent(app))
        content = read_content(payload, self.strings.of(app.bundle_id))
        parts = content.parts
        if not parts:
            what = "an alert push without alert, badge or sound in its aps dictionary"
            return _not_shown(_with_ignored(what, content))
        if app.state is AppState.FOREGROUND and not self.screen.is_locked:
            # Apple, willPresent: in the foreground "the system delivers the notification to your
            # app"; nothing is shown unless the app asks for it. A locked phone has none in front.
            return Presented(Presentation.DELIVERED, "the app is in the foreground: it decides")
        return self._show(app, push, content, parts)

    def announce(self, bundle_id: str, push: Push, alert: dict[str, Any] | str | None) -> None:
        """The alert of a Live Activity: it lights the screen, but is no notification of its own."""
        read = read_alert(alert, self.strings.of(bundle_id), [])
        if read is not None:
            sound = alert.get("sound") if isinstance(alert, dict) else None
            self.screen.announce(bundle_id, push, read, read_sound(sound, []))

    def forget(self, bundle_id: str) -> None:
        """An uninstalled app takes its notifications and its strings along."""
        self.screen.forget(bundle_id)
        self.strings.forget(bundle_id)

    def _show(self, app: App, push: Push, content: Content, what: str) -> Presented:
        is_passive = content.level is InterruptionLevel.PASSIVE
        is_provisional = app.permission is Permission.PROVISIONAL
        show = self.screen.show_quietly if is_provisional else self.screen.show
        replaced = show(app.bundle_id, push, content)
        if is_provisional:
            what += "; quietly: provisional permission is for the Notification Centre alone"
        elif is_passive:
            what += "; passive: neither lights the screen nor plays a sound"
        if replaced is not None:
            what += f"; replaces {replaced.push.apns_id}"
        return Presented(
            Presentation.SHOWN if replaced is None else Presentation.COLLAPSED,
            _with_ignored(what, content),
            is_quiet=is_passive or is_provisional or content.alert is None,
        )


def _why_silent(app: App) -> str:
    if not app.notifications_enabled:
        return "notifications are disabled for this app"
    if app.permission is Permission.NOT_ASKED:
        return "the app has not asked for permission to notify"
    return "the person denied this app permission to notify"


def _with_ignored(what: str, content: Content) -> str:
    return f"{what}; ignored: {'; '.join(content.ignored)}" if content.ignored else what


def _not_shown(why: str) -> Presented:
    return Presented(Presentation.NOT_SHOWN, why)
