"""What the code of an app has lived through, for whoever debugs it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

# Per app: the newest ones are kept, as long as the process lives.
MAX_EVENTS = 100


@dataclass(frozen=True, slots=True)
class AppEvent:
    """One call into the app, by Apple's name, or one change of its state; UNIX seconds."""

    at: float
    what: str
    detail: str


class AppEvents:
    """The events of the apps of one device.

    Args:
        now: the wall clock, UNIX seconds.
    """

    __slots__ = ("_now", "_of")

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._of: dict[str, deque[AppEvent]] = {}

    def note(self, bundle_id: str, what: str, detail: str = "") -> None:
        """Something has happened to the app."""
        events = self._of.get(bundle_id)
        if events is None:
            events = self._of[bundle_id] = deque(maxlen=MAX_EVENTS)
        events.append(AppEvent(self._now(), what, detail))

    def of(self, bundle_id: str) -> tuple[AppEvent, ...]:
        """Those of one app, oldest first."""
        return tuple(self._of.get(bundle_id, ()))

    def all(self) -> dict[str, tuple[AppEvent, ...]]:
        """Those of every app."""
        return {bundle_id: tuple(events) for bundle_id, events in self._of.items()}

    def restore(self, events: Mapping[str, Iterable[AppEvent]]) -> None:
        """These and no others."""
        self._of = {app: deque(told, maxlen=MAX_EVENTS) for app, told in events.items()}

    def forget(self, bundle_id: str) -> None:
        """The app is gone."""
        self._of.pop(bundle_id, None)
