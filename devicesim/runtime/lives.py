"""What apps are doing: launched, woken, suspended, ended; and what they hear of their tokens."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from devicesim.app import AppState
from devicesim.runtime.handlers import LAUNCHED, TOKEN_CALLS

if TYPE_CHECKING:
    from devicesim.agenda import Agenda
    from devicesim.app import App
    from devicesim.runtime.app_events import AppEvents

log = logging.getLogger(__name__)

_AWAKE = (AppState.FOREGROUND, AppState.BACKGROUND)


class AppLives:
    """The lives of the apps of one device.

    Args:
        agenda: where the end of their run time is put down.
        run_seconds: how long an app runs that the system has launched or woken.
        events: what happens to them is noted there.
    """

    __slots__ = ("_agenda", "_events", "_run_seconds", "_told")

    def __init__(self, agenda: Agenda, run_seconds: float, events: AppEvents) -> None:
        self._agenda = agenda
        self._run_seconds = run_seconds
        self._events = events
        self._told: dict[str, dict[str, str]] = {}  # bundle id → call → the token it was told

    def run(self, app: App) -> str:
        """Have the app run for a push; what that took, for the reader.

        One that is in front, or that a person has left running, goes on as it was.
        """
        before = app.state
        if before in _AWAKE and app.run is None:
            return ""
        app.run = object()
        self._agenda.after(self._run_seconds, partial(self._time_is_up, app, app.run))
        if before in _AWAKE:
            return ""
        app.state = AppState.BACKGROUND
        if before is AppState.SUSPENDED:
            self.tell_tokens(app)
            return "resumed"
        self._launched(app, "in the background, for a push")
        return "launched"

    def change(self, app: App, state: AppState) -> None:
        """A person opens, leaves or quits the app, or the system ends it for want of memory."""
        before, app.state, app.run = app.state, state, None
        if state is before:
            return
        if state.is_running and not before.is_running:
            self._launched(app, f"by a person, now {state}")
        else:
            self._events.note(app.bundle_id, state, f"it was {before}")
            self.tell_tokens(app)

    def kill(self, app: App, why: str) -> None:
        """The system ends an app that has broken a rule."""
        log.warning("%s: %s", app.bundle_id, why)
        app.state, app.run = AppState.TERMINATED, None
        self._events.note(app.bundle_id, app.state, why)

    def tell_tokens(self, app: App) -> None:
        """An app that runs hears of tokens that are new to it; another one at its next launch."""
        if app.state not in _AWAKE:
            return
        told = self._told.setdefault(app.bundle_id, {})
        for push_type, token in app.tokens_by_push_type.items():
            call = TOKEN_CALLS[push_type]
            if told.get(call) != token.hex():
                self._tell_token(app, call, token.hex())

    def forget(self, bundle_id: str) -> None:
        """The app is gone."""
        self._told.pop(bundle_id, None)
        self._events.forget(bundle_id)

    def _launched(self, app: App, how: str) -> None:
        """Apple, "Registering your app with APNs": apps ask for their token at each launch."""
        self._events.note(app.bundle_id, LAUNCHED, how)
        calls = {TOKEN_CALLS[each]: token for each, token in app.tokens_by_push_type.items()}
        for call, token in calls.items():
            self._tell_token(app, call, token.hex())

    def _tell_token(self, app: App, call: str, token: str) -> None:
        told = self._told.setdefault(app.bundle_id, {})
        before, told[call] = told.get(call), token
        changed = f"; it was {before}" if before not in (None, token) else ""
        self._events.note(app.bundle_id, call, f"token {token}{changed}")

    async def _time_is_up(self, app: App, run: object) -> None:
        """Unless a person, another push or the end of the app came first."""
        if app.run is run:
            app.state, app.run = AppState.SUSPENDED, None
            detail = f"its {self._run_seconds:g} s for a push are over"
            self._events.note(app.bundle_id, app.state, detail)
