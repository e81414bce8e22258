"""One device of a host: its daemon, its network, its screen, and what it received."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import trio

from devicesim.app import AppState
from devicesim.daemon import Daemon
from devicesim.host.views import AppView, DeviceView, ReceivedView
from devicesim.link.links import Links
from devicesim.link.views import views_of
from devicesim.live_activities.activity import next_due
from devicesim.live_activities.kit import ActivityKit
from devicesim.network import Conditions, NetworkKind, PhoneNetwork
from devicesim.notification_center import NotificationCenter
from devicesim.power import AssertionPolicy, PhonePower, Power
from devicesim.runtime.system import System
from devicesim.screen.screen import ScreenTimes
from devicesim.screen.views import look_at

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.network import ConditionChanges
    from devicesim.power import WakeReason
    from devicesim.runtime.outcome import Outcome
    from devicesim.screen.views import ScreenView
    from devicesim.state.device_state import DeviceState
    from devicesim.surroundings import Surroundings
    from protocol.courier.messages import Push
    from protocol.tenant import Tenant

# Per device: the newest ones are kept.
HISTORY = 1_000


class VirtualDevice:
    """A device whose apps are in this process and take everything at once.

    Args:
        state: the device's memory; ``state.extras`` holds the switches below.
        around: what it shares with the others.

    Attributes:
        history: what reached its apps, when, and what became of it; the newest ``HISTORY``.
    """

    def __init__(self, state: DeviceState, around: Surroundings) -> None:
        self.state = state
        forced = state.extras.get("assertion_policy")
        self.power = PhonePower(
            state.name,
            Power(state.extras.get("power", Power.AWAKE)),
            around.power,
            None if forced is None else AssertionPolicy.parse(forced),
            around.agenda,
        )
        self.is_switched_on = bool(state.extras.get("online", True))
        self.network = PhoneNetwork(
            around.lost, NetworkKind(state.extras.get("network", NetworkKind.WIFI))
        )
        self.network.conditions = Conditions.read(state.extras.get("conditions", {}))
        self.scope = trio.CancelScope()
        self._around = around
        self.notification_center = NotificationCenter(
            state,
            around.now,
            lambda: self.power.mode is not Power.AWAKE,
            ScreenTimes(lit=around.power.wake_seconds),
        )
        self.activity_kit = ActivityKit(
            state, around.now, around.activity_budget, self.notification_center.announce
        )
        self.activity_kit.on_screen.random_bytes = around.random_bytes
        self.activity_kit.on_screen.on_due = around.activities_due.ring_at
        around.activities_due.ring_at(next_due(state.activities.values()))
        self.history: deque[tuple[Push, float, Outcome]] = deque(maxlen=HISTORY)
        self.links = Links(
            f"apsd[{state.name}]",
            {name: around.make_dial(state, path) for name, path in self.network.paths.items()},
            around.make_backoff,
            self.network.interfaces,
            is_wanted=self._wants_link,
        )
        self.daemon = Daemon(state, self.links, around.keep_alive, self, self.power)
        self.system = System(
            state,
            self.notification_center.present,
            self.activity_kit.hear,
            around,
            self.daemon.taken,
            self._remember,
        )

    async def run(self) -> None:
        """Be a device until ``scope`` is cancelled."""
        with self.scope:
            self.system.resume()
            await self.daemon.run()

    @property
    def view(self) -> DeviceView:
        """As it is now."""
        return DeviceView(
            id=str(self.state.device_id),
            name=self.state.name,
            environment=self.state.environment,
            online=self.daemon.is_online,
            network=self.network.kind,
            conditions=self.network.conditions,
            power=self.power.mode,
            assertion_policy=str(self.power.policy),
            apps=tuple(self.app_view(app) for app in self.state.apps),
            links=views_of(self.links),
        )

    def app_view(self, app: App) -> AppView:
        """One of its apps, as it is now."""
        return AppView.of(app, is_held=self.system.holds_background(app.bundle_id))

    @property
    def received(self) -> tuple[ReceivedView, ...]:
        """What reached its apps, oldest first, the newest ``HISTORY``."""
        return tuple(ReceivedView.of(*each) for each in self.history)

    @property
    def screen(self) -> ScreenView:
        """As a person sees it now; Live Activities as of their last sweep."""
        apps = self.state.apps
        in_front = (each.bundle_id for each in apps if each.state is AppState.FOREGROUND)
        activities = (view for app in apps for view in self.activity_kit.on_screen.views(app))
        now = self._around.now()
        received = [(push, at, outcome.presented) for push, at, outcome in self.history]
        return look_at(self.notification_center, now, next(in_front, None), activities, received)

    def deliver(self, app: App, push: Push) -> bool:
        """Let the system decide; False: the push waits, for a budget or an extension."""
        self._let_wake(push, alerts=False)
        return self.system.receive(app, push)

    def _remember(self, push: Push, outcome: Outcome) -> None:
        """Remember what became of a push, tell the host's owner."""
        presented = outcome.presented
        self.history.append((push, self._around.now(), outcome))
        self._around.on_received(
            self.state.device_id, push, presented.presentation, presented.detail
        )
        if presented.alerts:  # whatever else it could do, it has done when it came
            self._let_wake(push, alerts=True)

    def _let_wake(self, push: Push, *, alerts: bool) -> None:
        forced = self.power.forced
        self.power.heard_push(push.push_type, push.priority, alerts=alerts)
        if self.power.forced is not forced:
            self.note_switches()
            self.state.apps.changes += 1  # written down with what else this chunk has brought

    def wake(self, app: App) -> None:
        """An app that runs hears of its new tokens."""
        self.system.lives.tell_tokens(app)

    async def switch(
        self,
        *,
        is_on: bool | None = None,
        network: NetworkKind | None = None,
        conditions: ConditionChanges | None = None,
        power: Power | None = None,
        policy: AssertionPolicy | None = None,
    ) -> None:
        """Change what is given; returns once the link is as it should be.

        A phone that may not reconnect (see ``PhonePower``) is as it should be without a link.

        Raises:
            ValueError: a condition that makes no sense; nothing is changed.
            StateError: it could not be written down.
        """
        if conditions is not None:
            self.network.conditions = self.network.conditions.changed(conditions)
        if is_on is not None:
            self.is_switched_on = is_on
            self.power.switch(is_on=is_on)
        if power is not None:
            self.power.use(power)
        if policy is not None:
            self.power.force(policy)
        was_dead = network is not None and self.network.switch(network)
        if network is not None:
            self.power.path_changed()
        await self._settle(was_dead=was_dead)

    async def be_woken(self, reason: WakeReason) -> None:
        """Something wakes it; returns once the link is as it should be.

        Raises:
            StateError: it could not be written down.
        """
        self.power.wake(reason)
        self.notification_center.screen.light(self.power.lit_seconds)
        for session in self.links.sessions:
            session.pulse.beat()  # is the link still alive?
        await self._settle()

    async def leave(self, reason: str) -> None:
        """Go away for good; on a dead path without a goodbye, which nobody would hear."""
        self.power.switch(is_on=False)
        for interface, path in self.network.paths.items():
            if path.is_dead:
                self.links.keepers[interface].drop(reason, is_lost=True)
        await self.daemon.go_offline(reason)

    def vanish(self, reason: str) -> None:
        """End at once, without a goodbye."""
        self.links.drop(reason, is_lost=True)
        self.scope.cancel()
        for app in self.state.apps:
            self.state.inbox.clear(app.bundle_id)  # what is due later finds nothing to do

    async def _settle(self, *, was_dead: bool = False) -> None:
        if self.power.mode is Power.AWAKE:
            self.notification_center.screen.unlock()
        await self.save()
        reason = f"online={self.is_switched_on}, network={self.network.kind}"
        if was_dead:  # a goodbye would not arrive; apsd does not wait for the old link to fail
            self.links.drop(reason, is_lost=True)
        if not self._wants_link:
            await self.daemon.go_offline(reason)
            return
        self.links.use(self.network.interfaces, reason)
        if self.network.kind is not NetworkKind.HALF_OPEN:
            await self.daemon.go_online()
            await self.daemon.wait_until_heard()

    async def uninstall(self, bundle_id: str) -> None:
        """Remove an app with all that it shows.

        Raises:
            UnknownAppError: it is not installed.
            StateError: it could not be written down.
        """
        self.notification_center.forget(bundle_id)
        self.system.forget(bundle_id)
        await self.daemon.uninstall(bundle_id)

    def forget(self, tenant: Tenant) -> None:
        """The app has never been there; what it left is gone. Writes nothing down yet."""
        self.notification_center.forget(tenant.bundle_id)
        self.notification_center.screen.unhear(tenant.bundle_id)
        self.system.forget(tenant.bundle_id)
        self.state.forget(tenant)
        others = [each for each in self.history if not tenant.has(each[0].topic)]
        self.history = deque(others, maxlen=HISTORY)

    async def sweep_activities(self) -> list[App]:
        """Let time do what it does to Live Activities; the apps whose activities changed.

        Raises:
            StateError: it could not be written down.
        """
        apps = self.activity_kit.on_screen.sweep()
        if apps:
            await self.daemon.tell_changes()
        return apps

    async def save(self) -> None:
        """Write the switches down beside the rest.

        Raises:
            StateError: it could not be written down.
        """
        self.note_switches()
        await self.state.save()
        await self.state.commit()

    def note_switches(self) -> None:
        """Put the switches beside the rest of the state, to be written down with it."""
        self.state.extras |= {
            "online": self.is_switched_on,
            "network": self.network.kind.value,
            "conditions": self.network.conditions.describe(),
            "power": self.power.mode.value,
            "assertion_policy": None if self.power.forced is None else str(self.power.forced),
        }

    @property
    def _wants_link(self) -> bool:
        return self.is_switched_on and bool(self.network.interfaces)
