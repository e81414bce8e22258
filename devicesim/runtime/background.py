"""Background pushes: which run their app now, which are held back, which are dropped.

Apple, "Pushing background updates to your app": the system may hold a background notification; it
then keeps the newest one only, discards it if something force-quits or kills the app, and delivers
it at once when the user launches the app.
"""

from __future__ import annotations

from functools import partial
from math import inf
from typing import TYPE_CHECKING, Protocol

from devicesim.app import AppState
from devicesim.presentation import Presentation, Presented
from devicesim.pushes import payload_of
from devicesim.runtime.background_budget import BackgroundBudget
from devicesim.runtime.handlers import BACKGROUND
from protocol.payload import aps_of, is_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from devicesim.app import App
    from devicesim.runtime.lives import AppLives
    from devicesim.runtime.rules import RuntimeRules
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId


REPLACED = "held back, and replaced by a newer background push"


class Finish(Protocol):
    """Told how it ended for a push."""

    def __call__(
        self, app: App, push: Push, presented: Presented, before: AppState, handler: str = ""
    ) -> None:
        """One push."""
        ...


class BackgroundPushes:
    """The background pushes of one device.

    Args:
        state: the device's memory; what is held waits in its inbox.
        lives: runs the apps.
        rules: the budget.
        now: the wall clock, UNIX seconds.
        taken: a push that waited in the inbox is done with.
        finish: told how it ended for each push.
    """

    __slots__ = (
        "_budget",
        "_finish",
        "_held",
        "_lives",
        "_now",
        "_run_seconds",
        "_state",
        "_taken",
    )

    def __init__(
        self,
        state: DeviceState,
        lives: AppLives,
        rules: RuntimeRules,
        now: Callable[[], float],
        taken: Callable[[str, Iterable[UniqueId]], Awaitable[None]],
        finish: Finish,
    ) -> None:
        self._state = state
        self._lives = lives
        self._budget = BackgroundBudget(
            rules.background_pushes_per_hour,
            rules.background_pushes_per_day,
            state.spent.background,
        )
        self._run_seconds = rules.background_run_seconds
        self._now = now
        self._taken = taken
        self._finish = finish
        self._held: dict[str, Push] = {}

    def receive(self, app: App, push: Push) -> bool:
        """Decide about one that has just come; False: it is held, in the inbox."""
        why = _useless(app, push)
        if why is not None:
            self._drop(app, push, why)
            return True
        self.lose(app, REPLACED)
        if self._throttled(app) is None:
            self._run(app, push)
            return True
        self._held[app.bundle_id] = push
        return False

    @property
    def due_after(self) -> float:
        """How many seconds later the first of those that are held may come; infinite: none is."""
        now = self._now()
        return min((self._budget.refilled_after(each, now) for each in self._held), default=inf)

    def holds(self, bundle_id: str) -> bool:
        """Whether one is held for this app."""
        return bundle_id in self._held

    def wake(self, app: App) -> tuple[bool, str]:
        """An alert with ``content-available`` runs the app, too: whether it did; for the reader.

        Force-quit or throttled, it is an alert like any other: no system shows one later for that.
        """
        if app.state is AppState.FORCE_QUIT:
            return False, "content-available: not launched, it was force-quit"
        throttled = self._throttled(app)
        if throttled is not None:
            return False, f"content-available: not woken, {throttled}"
        how = self._lives.run(app)
        return True, "content-available: the app runs, too" + (f", {how}" if how else "")

    def resume(self, app: App, push: Push) -> None:
        """The device has started again with this one in its inbox."""
        self.lose(app, REPLACED)
        self._held[app.bundle_id] = push

    def forget(self, bundle_id: str) -> None:
        """The app is gone, and what waited in its inbox."""
        self._held.pop(bundle_id, None)

    async def follow(self, app: App, *, is_opened: bool) -> None:
        """A person has done something with the app: it is given what was held for it, or loses it.

        Raises:
            StateError: it could not be written down.
        """
        if is_opened:
            await self._let_go(app, partial(self._run, app))
        elif not app.state.is_running:
            drop = partial(self._drop, app, why=f"held back when the app was {app.state}")
            await self._let_go(app, drop)

    async def sweep(self) -> None:
        """Hand over what may come now.

        Raises:
            StateError: it could not be written down.
        """
        for bundle_id in tuple(self._held):
            app = self._state.apps.get(bundle_id)
            if app is None or bundle_id not in self._held:
                continue  # uninstalled or opened, while that of another app was written down
            if self._throttled(app) is None:
                await self._let_go(app, partial(self._run, app))

    async def _let_go(self, app: App, then: Callable[[Push], None]) -> None:
        push = self._held.pop(app.bundle_id, None)
        if push is not None:
            then(push)
            await self._taken(app.bundle_id, [push.message_id])

    def lose(self, app: App, why: str) -> None:
        """What was held for the app is discarded; the next commit writes it down."""
        held = self._held.pop(app.bundle_id, None)
        if held is not None:
            self._state.taken(app.bundle_id, held.message_id)
            self._drop(app, held, why)

    def _throttled(self, app: App) -> str | None:
        """One that is in front is not launched, so no budget is spent."""
        if app.state is AppState.FOREGROUND:
            return None
        return self._budget.spend(app.bundle_id, self._now())

    def _run(self, app: App, push: Push) -> None:
        before = app.state
        how = self._lives.run(app)
        detail = "content-available: the app runs in the background"
        if how:
            detail += f", {how} for at most {self._run_seconds:g} s"
        if before is AppState.FOREGROUND:
            detail = "content-available: the app is in the foreground"
        self._finish(app, push, Presented(Presentation.WOKEN, detail), before, BACKGROUND)

    def _drop(self, app: App, push: Push, why: str) -> None:
        self._finish(app, push, Presented(Presentation.NOT_SHOWN, why), app.state)


def _useless(app: App, push: Push) -> str | None:
    """Why it can run nothing, whatever the budget."""
    payload = payload_of(push)
    if payload is None:
        return "the payload is not a JSON dictionary"
    if not is_set(aps_of(payload).get("content-available")):
        return "a background push without content-available: 1 wakes nothing"
    if app.state is AppState.FORCE_QUIT:
        # Apple, "Troubleshooting push notifications".
        return "the app was force-quit: nothing is launched until a person opens it"
    return None
