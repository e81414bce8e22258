"""The screen itself: lock screen, list, banner, badges, sounds; and a person's gestures.

Nothing here waits: what is lit, which banner is up, is asked of the clock by whoever looks.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from devicesim.screen.content import InterruptionLevel
from devicesim.screen.memory import ScreenMemory, ShownNotification
from protocol.notification import Priority

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.screen.alert import Alert
    from devicesim.screen.content import Content, Sound
    from devicesim.screen.memory import Key
    from protocol.courier.messages import Push

# The newest are remembered.
MAX_SOUNDS = 20


@dataclass(frozen=True, slots=True)
class ScreenTimes:
    """What Apple publishes no number for; seconds.

    Attributes:
        banner: how long a banner stays.
        lit: how long a notification lights a locked screen; as ``PowerSettings.wake_seconds``.
    """

    banner: float = 5.0
    lit: float = 8.0


@dataclass(slots=True)
class Banner:
    """What slides in at the top of an unlocked phone, until then (UNIX seconds)."""

    bundle_id: str
    apns_id: str
    alert: Alert
    until: float


@dataclass(slots=True)
class Played:
    """A sound that was heard, and for which push."""

    bundle_id: str
    apns_id: str
    sound: Sound
    at: float


class UnknownNotificationError(LookupError):
    """No notification of this apns-id is on the screen."""


class Screen:
    """One device's screen.

    Args:
        memory: what of it survives a restart.
        now: the wall clock, UNIX seconds.
        is_locked: whether the phone is locked.
        times: how long things stay.
    """

    __slots__ = ("_banner", "_is_locked", "_lit_until", "_now", "_times", "memory", "sounds")

    def __init__(
        self,
        memory: ScreenMemory,
        now: Callable[[], float],
        is_locked: Callable[[], bool],
        times: ScreenTimes = ScreenTimes(),
    ) -> None:
        self.memory = memory
        self._now = now
        self._is_locked = is_locked
        self._times = times
        self._lit_until = 0.0
        self._banner: Banner | None = None
        self.sounds: deque[Played] = deque(maxlen=MAX_SOUNDS)

    # -- what is seen ---------------------------------------------------------------------------

    @property
    def is_locked(self) -> bool:
        """Whether the lock screen is in front."""
        return self._is_locked()

    @property
    def is_lit(self) -> bool:
        """Whether the display is on; an unlocked phone is in somebody's hand."""
        return not self.is_locked or self._now() < self._lit_until

    @property
    def banner(self) -> Banner | None:
        """The banner that is up now."""
        banner = self._banner
        if banner is None or self.is_locked or self._now() >= banner.until:
            return None
        return banner

    # -- what pushes do -------------------------------------------------------------------------

    def show(self, bundle_id: str, push: Push, content: Content) -> ShownNotification | None:
        """Present a notification as the person allowed; the one that it replaces.

        Apple, ``UNNotificationInterruptionLevel``: passive ones are added to the list "without
        lighting up the screen or playing a sound".
        """
        if content.badge is not None:
            self.set_badge(bundle_id, content.badge)
        replaced = self._put(bundle_id, push, content, since_lock=self._is_locked())
        if content.level is not InterruptionLevel.PASSIVE:
            self.announce(bundle_id, push, content.alert, content.sound)
        return replaced

    def show_quietly(
        self, bundle_id: str, push: Push, content: Content
    ) -> ShownNotification | None:
        """Straight into the list, without badge and sound; the one that it replaces.

        Apple, "Asking permission to use notifications": provisional ones are delivered quietly.
        """
        return self._put(bundle_id, push, content, since_lock=False)

    def announce(
        self, bundle_id: str, push: Push, alert: Alert | None, sound: Sound | None
    ) -> None:
        """Light the display or show a banner, and play the sound; also for Live Activities.

        Apple, of priority 1: "prevent awakening the device".
        """
        now = self._now()
        if sound is not None:
            self.sounds.append(Played(bundle_id, push.apns_id, sound, now))
        if alert is None:
            return
        if self._is_locked():
            if push.priority is not Priority.POWER_FIRST:
                self.light(self._times.lit)
        else:
            self._banner = Banner(bundle_id, push.apns_id, alert, now + self._times.banner)

    def light(self, seconds: float) -> None:
        """The display is on for so long."""
        self._lit_until = max(self._lit_until, self._now() + seconds)

    def set_badge(self, bundle_id: str, number: int) -> None:
        """By a push, or by the app.

        Seen in practice (support.airship.com, "Clearing the badge icon on iOS"; Braze's guide):
        when a badge becomes zero, the app's notifications leave the notification centre, too.
        """
        if not number and self.memory.badges.get(bundle_id):
            self.clear(bundle_id)
        self.memory.set_badge(bundle_id, number)

    # -- what people do -------------------------------------------------------------------------

    def unlock(self) -> None:
        """What was on the lock screen is in the list from now on."""
        self.memory.unlock()

    def find(self, apns_id: str) -> ShownNotification:
        """The newest notification of this apns-id.

        Raises:
            UnknownNotificationError: there is none on the screen.
        """
        for each in reversed(self.memory.notifications.values()):
            if each.push.apns_id == apns_id:
                return each
        raise UnknownNotificationError(f"no notification {apns_id[:80]!r} is on the screen")

    def dismiss(self, apns_id: str) -> ShownNotification:
        """Swipe one away; its app's badge stays.

        Raises:
            UnknownNotificationError: there is none on the screen.
        """
        found = self.find(apns_id)
        self._remove([found.key])
        return found

    def clear(self, bundle_id: str | None = None) -> None:
        """Take all off, or all of an app; badges and Live Activities stay."""
        keys = self.memory.notifications.keys()
        self._remove([key for key in keys if bundle_id in (None, key.bundle_id)])

    def forget(self, bundle_id: str) -> None:
        """An uninstalled app takes all of its own along, with the end of its state."""
        if self._banner is not None and self._banner.bundle_id == bundle_id:
            self._banner = None
        self.memory.forget(bundle_id)

    def unhear(self, bundle_id: str) -> None:
        """Remember none of the sounds of an app."""
        others = [each for each in self.sounds if each.bundle_id != bundle_id]
        self.sounds = deque(others, maxlen=MAX_SOUNDS)

    # -- what the above have in common ----------------------------------------------------------

    def _put(
        self, bundle_id: str, push: Push, content: Content, *, since_lock: bool
    ) -> ShownNotification | None:
        if content.alert is None:
            return None
        return self.memory.put(ShownNotification(bundle_id, push, self._now(), since_lock))

    def _remove(self, keys: list[Key]) -> None:
        notifications, banner = self.memory.notifications, self._banner
        if banner is not None and any(
            notifications[key].push.apns_id == banner.apns_id for key in keys
        ):
            self._banner = None
        self.memory.remove(keys)
