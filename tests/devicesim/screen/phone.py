"""A phone's screen with a clock and a lock, and apps that pushes are for."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from devicesim.app import App
from devicesim.notification_center import NotificationCenter
from devicesim.screen.views import ScreenView, look_at
from devicesim.state.device_state import DeviceState
from protocol.identifiers import BundleId, CollapseId, DeviceToken
from protocol.notification import Environment, Priority, PushType
from tests.builders import NOW
from tests.devicesim.scripted_gateway import push_to

if TYPE_CHECKING:
    from devicesim.presentation import Presented
    from protocol.courier.messages import Push

NEWS = BundleId("com.example.news")
CHAT = BundleId("com.example.chat")


class ScreenPhone:
    """Unlocked at first; ``now`` is its clock."""

    def __init__(self, state: DeviceState | None = None) -> None:
        self.now = NOW
        self.locked = False
        self.state = state or DeviceState("d", "Phone", Environment.DEVELOPMENT)
        self.center = NotificationCenter(self.state, lambda: self.now, lambda: self.locked)
        self.apps = {name: App(name, (PushType.ALERT,)) for name in (NEWS, CHAT)}
        self.received: list[tuple[Push, float, Presented]] = []

    def push(
        self,
        alert: object = "Hi",
        *,
        to: BundleId = NEWS,
        collapse: str | None = None,
        priority: Priority = Priority.IMMEDIATE,
        **aps: Any,  # noqa: ANN401
    ) -> Push:
        """An alert arrives; ``badge=3``, ``thread_id="t"`` and so on are Apple's keys."""
        said = {key.replace("_", "-"): value for key, value in aps.items()}
        if alert is not None:
            said["alert"] = alert
        push = push_to(
            DeviceToken(b"t"),
            to,
            json.dumps({"aps": said}).encode(),
            collapse_id=None if collapse is None else CollapseId(collapse),
            priority=priority,
        )
        self.received.append((push, self.now, self.center.present(self.apps[to], push)))
        return push

    @property
    def last(self) -> Presented:
        """What became of the newest push."""
        return self.received[-1][2]

    def unlock(self) -> None:
        """As a person does."""
        self.locked = False
        self.center.screen.unlock()

    def see(self, app_in_front: str | None = None) -> ScreenView:
        """Look at it."""
        return look_at(self.center, self.now, app_in_front, (), self.received)

    def texts(self) -> tuple[list[str], list[str]]:
        """The bodies on the lock screen and in the notification centre, from the top."""
        seen = self.see()
        on_lock_screen, older = (
            [each.body for group in groups for each in group.notifications]
            for groups in (seen.lock_screen, seen.notification_center)
        )
        return on_lock_screen, older
