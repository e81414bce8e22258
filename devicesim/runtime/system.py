"""``System``: hands each push to the code of its app, to the screen, or to nobody; one per device.

What waits, for a budget or for a service extension, waits in the inbox: it has been acknowledged to
the gateway, and a restart does not lose it.
"""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Protocol

import worldtime
from devicesim.app import AppState
from devicesim.presentation import Presentation, Presented
from devicesim.pushes import payload_of
from devicesim.runtime.app_events import AppEvents
from devicesim.runtime.background import BackgroundPushes
from devicesim.runtime.calls import KILLED, NOT_LAUNCHED, must_report, note_unreported
from devicesim.runtime.handlers import (
    BACKGROUND,
    HANDLERS,
    IN_FOREGROUND,
    LIVE_ACTIVITY,
    VOIP,
)
from devicesim.runtime.lives import AppLives
from devicesim.runtime.outcome import Outcome
from devicesim.runtime.service_extension import ServiceExtensions
from protocol.notification import PushType
from protocol.payload import aps_of, is_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from devicesim.agenda import Agenda
    from devicesim.app import App
    from devicesim.runtime.handlers import Handler
    from devicesim.runtime.rules import RuntimeRules
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId

    Present = Callable[[App, Push], Presented]


SOON_SECONDS = 0.001


class Setting(Protocol):
    """What the devices of one process share."""

    now: Callable[[], float]
    agenda: Agenda
    rules: RuntimeRules


class System:
    """The system of one device, as its apps know it.

    Args:
        state: the device's memory.
        show: what a person sees of an alert.
        hear_activity: what a push does to Live Activities.
        setting: the clock, the agenda and the rules.
        taken: a push that waited in the inbox is done with: ``Daemon.taken``.
        tell: told of the outcome of every push; must neither block nor raise.
    """

    def __init__(
        self,
        state: DeviceState,
        show: Present,
        hear_activity: Present,
        setting: Setting,
        taken: Callable[[str, Iterable[UniqueId]], Awaitable[None]],
        tell: Callable[[Push, Outcome], None],
    ) -> None:
        rules = setting.rules
        self.events = AppEvents(setting.now)
        self.lives = AppLives(setting.agenda, rules.background_run_seconds, self.events)
        self._state = state
        self._show = show
        self._hear_activity = hear_activity
        self._now = setting.now
        self._rules = rules
        self._tell = tell
        self._agenda = setting.agenda
        self._looks_at = inf
        self._background = BackgroundPushes(
            state, self.lives, rules, setting.now, taken, self._finish
        )
        self._extensions = ServiceExtensions(
            setting.agenda, rules.extension_seconds, taken, self._is_awaited, self._present
        )

    # -- pushes ---------------------------------------------------------------------------------

    def receive(self, app: App, push: Push) -> bool:
        """Decide about a push that has just come; False: it waits in the inbox."""
        if push.push_type is PushType.ALERT:
            return self._receive_alert(app, push)
        if push.push_type is PushType.BACKGROUND:
            return self._background.receive(app, push) or self._hold()
        if push.push_type is PushType.VOIP:
            self._receive_call(app, push)
        elif push.push_type is PushType.LIVE_ACTIVITY:
            presented = self._hear_activity(app, push)
            is_heard = presented.presentation is not Presentation.NOT_SHOWN
            self._finish(app, push, presented, app.state, LIVE_ACTIVITY if is_heard else "")
        else:
            self._run(app, push, HANDLERS[push.push_type])
        return True

    def resume(self) -> None:
        """The device has started again: what waited for an extension waits no more."""
        for bundle_id, push in tuple(self._state.inbox):
            app = self._state.apps.get(bundle_id)
            if app is None:
                continue
            if push.push_type is PushType.BACKGROUND:
                self._background.resume(app, push)
                self._hold()
            else:
                self._extensions.give_up(app, push)

    def _hold(self) -> bool:
        """A background push waits for its budget: look when that is refilled. False."""
        seconds = max(self._background.due_after, SOON_SECONDS)  # time passes between two looks
        if seconds < inf and worldtime.current_time() + seconds < self._looks_at:
            self._looks_at = self._agenda.after(seconds, self._let_go)
        return False

    async def _let_go(self) -> None:
        """Hand over what was held back and may come now.

        Raises:
            StateError: it could not be written down.
        """
        self._looks_at = inf
        try:
            await self._background.sweep()
        finally:
            self._hold()

    def _receive_alert(self, app: App, push: Push) -> bool:
        if self._extensions.modifies(app, push):
            self._extensions.start(app, push)
            return False
        self._present(app, push)
        return True

    def _present(self, app: App, push: Push, extension: str = "", handler: str = "") -> None:
        """Show an alert; ``extension`` says what has become of its content before."""
        before, presented = app.state, self._show(app, push)
        if presented.presentation is Presentation.DELIVERED:
            handler = IN_FOREGROUND
        said = [extension] if extension else []
        if b"content-available" in push.payload and _is_content_available(push):
            is_woken, words = self._background.wake(app)
            said.append(words)
            handler = handler or (BACKGROUND if is_woken else "")
        if said:  # as of few pushes, and replace() costs as much as reading the payload
            detail = "; ".join(filter(None, [presented.detail, *said]))
            presented = replace(presented, detail=detail)
        self._finish(app, push, presented, before, handler)

    def _run(self, app: App, push: Push, handler: Handler) -> None:
        before = app.state
        how = self.lives.run(app) if handler.launches else ""
        detail = f"handed to {handler.name}" + (f"; the app was {how} for it" if how else "")
        self._finish(app, push, Presented(Presentation.DELIVERED, detail), before, handler.name)

    def _receive_call(self, app: App, push: Push) -> None:
        before = app.state
        if app.is_voip_stopped and before is not AppState.FOREGROUND:
            presented = Presented(Presentation.NOT_SHOWN, NOT_LAUNCHED)
            self._finish(app, push, presented, before)
            return
        must = must_report(app, push, self._now(), self._rules)
        how = self.lives.run(app)
        said = ["mustReport" if must else "need not report"]
        said += [f"the app was {how} for it"] if how else []
        said += ["it reported a call"] if app.reports_calls else []
        if must and not app.reports_calls:
            said.append(KILLED)
            self._end_for_silence(app)
        presented = Presented(Presentation.DELIVERED, "; ".join(said))
        self._finish(app, push, presented, before, VOIP)

    def _end_for_silence(self, app: App) -> None:
        note_unreported(app, self._now(), self._rules)
        self.lives.kill(app, KILLED)
        self._background.lose(app, "held back when the app was terminated")
        if app.is_voip_stopped:
            self.events.note(app.bundle_id, "VoIP pushes stopped", NOT_LAUNCHED)
        self._state.apps.changes += 1  # it is written down with what else this chunk has brought

    def _finish(
        self, app: App, push: Push, presented: Presented, before: AppState, handler: str = ""
    ) -> None:
        if handler:
            self.events.note(app.bundle_id, handler, f"{push.apns_id} {presented.detail}")
        self._tell(push, Outcome(presented, before, app.state, handler))

    # -- apps -----------------------------------------------------------------------------------

    async def change_state(self, app: App, state: AppState) -> None:
        """A person opens, leaves or quits an app, or the system ends it; and what follows.

        Raises:
            StateError: it could not be written down.
        """
        was_running = app.state.is_running
        self.lives.change(app, state)
        is_launched = state.is_running and not was_running
        await self._background.follow(app, is_opened=is_launched or state is AppState.FOREGROUND)

    async def restart(self) -> None:
        """The device has started from nothing, as after a restore: no app runs.

        Raises:
            StateError: it could not be written down.
        """
        for app in tuple(self._state.apps):
            await self.change_state(app, AppState.TERMINATED)

    def forget(self, bundle_id: str) -> None:
        """An app that is gone takes all of this along, but for what it has spent."""
        self.lives.forget(bundle_id)
        self._background.forget(bundle_id)

    def holds_background(self, bundle_id: str) -> bool:
        """Whether a background push is held back for this app."""
        return self._background.holds(bundle_id)

    def _is_awaited(self, app: App, push: Push) -> bool:
        is_installed = self._state.apps.get(app.bundle_id) is app
        return is_installed and self._state.inbox.holds(app.bundle_id, push.message_id)


def _is_content_available(push: Push) -> bool:
    payload = payload_of(push)
    return payload is not None and is_set(aps_of(payload).get("content-available"))
