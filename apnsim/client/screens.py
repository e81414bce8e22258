"""A phone's screen, as a handle on the control API: look, tap, swipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from apnsim.client.views import read

if TYPE_CHECKING:
    from apnsim.client import Apnsim


@dataclass(frozen=True, slots=True)
class ShownNotification:
    """A notification as it can be read; texts are empty when absent.

    ``sound`` has ``name``, ``critical`` and ``volume``; ``shown_at`` is UNIX seconds.
    """

    apns_id: str
    bundle_id: str
    title: str
    subtitle: str
    body: str
    shown_at: float
    collapse_id: str | None
    badge: int | None
    sound: dict[str, Any] | None
    interruption_level: str
    relevance_score: float
    thread_id: str | None
    category: str | None
    target_content_id: str | None
    filter_criteria: str | None
    launch_image: str | None


@dataclass(frozen=True, slots=True)
class Unseen:
    """A push of which nobody saw anything, and why."""

    apns_id: str
    topic: str
    push_type: str
    received_at: float
    why: str


class Screen:
    """What a person sees. Its properties are as of the last call; :meth:`refresh` asks anew.

    Args:
        client: for the calls.
        path: of its device.
        told: the screen as the console told it.
    """

    def __init__(self, client: Apnsim, path: str, told: dict[str, Any]) -> None:
        self._client = client
        self._path = f"{path}/screen"
        self.told = told

    def __repr__(self) -> str:
        lit = "lit" if self.lit else "dark"
        return f"Screen({self.front!r}, {lit}, {len(self.notifications)} notifications)"

    def __str__(self) -> str:
        lines = [f"{self.front}, {'lit' if self.lit else 'dark'}"]
        for each in self.notifications:
            texts = ", ".join(filter(None, (each.title, each.subtitle, each.body)))
            lines.append(f"  {each.bundle_id}: {texts}")
        lines += [f"  {app}: badge {number}" for app, number in self.badges.items()]
        for unseen in self.not_shown:
            lines.append(f"  not shown: {unseen.push_type} to {unseen.topic}: {unseen.why}")
        return "\n".join(lines)

    @property
    def lit(self) -> bool:
        """Whether the display is on."""
        return bool(self.told["lit"])

    @property
    def locked(self) -> bool:
        """Whether the lock screen is in front."""
        return bool(self.told["locked"])

    @property
    def front(self) -> str:
        """``lock-screen``, ``home-screen``, or the bundle id of the app in front."""
        return str(self.told["front"])

    @property
    def banner(self) -> dict[str, Any] | None:
        """What has just slid in: ``apns_id``, ``title``, ``body`` and so on."""
        banner: dict[str, Any] | None = self.told["banner"]
        return banner

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The stacks of the lock screen and, below it, of the notification centre."""
        return [*self.told["lock_screen"], *self.told["notification_center"]]

    @property
    def lock_screen(self) -> list[ShownNotification]:
        """What came since the phone was last unlocked, group by group."""
        return _flat(self.told["lock_screen"])

    @property
    def notifications(self) -> list[ShownNotification]:
        """All notifications, those of the lock screen first."""
        return _flat(self.groups)

    @property
    def badges(self) -> dict[str, int]:
        """Bundle id → the number on its icon."""
        return dict(self.told["badges"])

    @property
    def live_activities(self) -> list[dict[str, Any]]:
        """Live Activities of all apps, the highest relevance score first."""
        return list(self.told["live_activities"])

    @property
    def sounds(self) -> list[dict[str, Any]]:
        """The sounds that were heard lately, oldest first."""
        return list(self.told["sounds"])

    @property
    def not_shown(self) -> list[Unseen]:
        """The pushes of which nobody saw anything lately, oldest first."""
        return [read(Unseen, each) for each in self.told["not_shown"]]

    def refresh(self) -> Screen:
        """Look again."""
        self.told = self._client.call("GET", self._path)
        return self

    def tap(self, apns_id: str) -> Screen:
        """Open a notification: its app comes to the front, a locked phone is unlocked.

        Raises:
            ApnsimError: 404, it is not on the screen.
        """
        return self._do("tap", {"apns_id": apns_id})

    def dismiss(self, apns_id: str) -> Screen:
        """Swipe a notification away.

        Raises:
            ApnsimError: 404, it is not on the screen.
        """
        return self._do("dismiss", {"apns_id": apns_id})

    def clear(self, bundle_id: str | None = None) -> Screen:
        """Clear all notifications, or those of an app."""
        return self._do("clear", {} if bundle_id is None else {"bundle_id": bundle_id})

    def _do(self, gesture: str, body: dict[str, Any]) -> Screen:
        self.told = self._client.call("POST", f"{self._path}/{gesture}", body=body)
        return self


def _flat(groups: list[dict[str, Any]]) -> list[ShownNotification]:
    return [read(ShownNotification, each) for group in groups for each in group["notifications"]]
