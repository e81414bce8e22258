"""The notification service extension: it may change an alert before a person sees it.

Apple, ``UNNotificationServiceExtension``: it is run when the notification is to display an alert
and has ``mutable-content`` 1; not for silent ones, nor for those with a sound or a badge alone. If
it does not call its content handler in time, "the system displays the original content".
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from devicesim.pushes import payload_of
from devicesim.runtime.handlers import SERVICE_EXTENSION
from devicesim.screen.alert import read_alert
from protocol.payload import aps_of, is_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from devicesim.agenda import Agenda
    from devicesim.app import App
    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId


class PresentAfter(Protocol):
    """Shows an alert, and why with which content."""

    def __call__(self, app: App, push: Push, extension: str, handler: str) -> None:
        """One alert."""
        ...


class ServiceExtensions:
    """The service extensions of the apps of one device; each is a process beside its app.

    Args:
        agenda: where their ends are put down.
        limit_seconds: how long the system waits for one.
        taken: a push that waited in the inbox is done with.
        is_awaited: whether the alert still waits: not if its app or the device is gone.
        present: shows the alert afterwards.
    """

    __slots__ = ("_agenda", "_is_awaited", "_limit", "_present", "_taken")

    def __init__(
        self,
        agenda: Agenda,
        limit_seconds: float,
        taken: Callable[[str, Iterable[UniqueId]], Awaitable[None]],
        is_awaited: Callable[[App, Push], bool],
        present: PresentAfter,
    ) -> None:
        self._agenda = agenda
        self._limit = limit_seconds
        self._taken = taken
        self._is_awaited = is_awaited
        self._present = present

    def modifies(self, app: App, push: Push) -> bool:
        """Whether the app has an extension, and it is run for this notification."""
        if app.extension_seconds is None or not app.may_notify:
            return False
        payload = payload_of(push)
        aps = {} if payload is None else aps_of(payload)
        has_alert = read_alert(aps.get("alert"), {}, []) is not None
        return is_set(aps.get("mutable-content")) and has_alert

    def start(self, app: App, push: Push) -> None:
        """Run it; the alert waits in the inbox."""
        seconds = app.extension_seconds or 0.0
        said = f"its service extension took {seconds:g} s"
        if seconds > self._limit:
            said = (
                f"original content: its service extension was ended after {self._limit:g} s"
                " (serviceExtensionTimeWillExpire)"
            )
        self._agenda.after(min(seconds, self._limit), partial(self._end, app, push, said))

    def give_up(self, app: App, push: Push) -> None:
        """The device has started again meanwhile."""
        said = "original content: its service extension ended with the device"
        self._agenda.after(0, partial(self._end, app, push, said))

    async def _end(self, app: App, push: Push, said: str) -> None:
        if self._is_awaited(app, push):
            self._present(app, push, said, SERVICE_EXTENSION)
            await self._taken(app.bundle_id, [push.message_id])
