"""Fleet: brings a crowd's phones up, lets them come and go, and keeps their tokens."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from devicesim.agenda import Agenda
from devicesim.fleet.draw import phones_of
from devicesim.fleet.figures import Figures
from devicesim.host.confirmation import NotConfirmedError
from devicesim.host.device_host import DeviceHost
from devicesim.network import NetworkEvent, NetworkKind
from devicesim.state.files import StateError
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from devicesim.fleet.draw import DrawnApp, DrawnPhone
    from devicesim.fleet.spec import FleetSpec
    from devicesim.link.dial import Dial
    from devicesim.network import PhonePath
    from devicesim.state.device_state import DeviceState

log = logging.getLogger(__name__)

# Phones that are being made or switched at the same time: more would only wait for each other.
AT_ONCE = 50
PATIENCE_SECONDS = 5.0
# How often a phone asks for its tokens before it is given up; a gateway may be busy or restarting.
TRIES = 6


@dataclass(frozen=True, slots=True)
class FleetToken:
    """A device token of the fleet; ``is_registered`` is false when its app was thrown away."""

    token: str
    topic: str
    push_type: str
    device_id: str
    environment: str
    is_registered: bool


class Fleet:
    """A crowd of phones.

    Args:
        spec: what it is like.
        make_dial: how a phone reaches its gateway.
        now: UNIX seconds by the gateway's clock.
    """

    def __init__(
        self,
        spec: FleetSpec,
        make_dial: Callable[[DeviceState, PhonePath], Dial],
        now: Callable[[], float],
    ) -> None:
        self.figures = Figures(now)
        self.tokens: list[FleetToken] = []
        self.failed = 0
        """Phones that got no tokens."""
        self._spec = spec
        self._host = DeviceHost(make_dial, now, on_received=self.figures.note)
        self._agenda = Agenda()
        self._turns = trio.CapacityLimiter(AT_ONCE)
        self._made: set[str] = set()

    @property
    def devices(self) -> int:
        """How many phones there are, switched on or not."""
        return len(self._made)

    @property
    def online(self) -> int:
        """How many of them have a link that the gateway has accepted."""
        return sum(device.online for device in self._host.list_devices())

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the fleet until cancelled; started once each phone has its tokens or was given up."""
        async with trio.open_nursery() as nursery:
            await nursery.start(self._host.run)
            async with trio.open_nursery() as growing:
                for phone in phones_of(self._spec):
                    growing.start_soon(self._bring_up, phone)
            nursery.start_soon(self._agenda.run)
            self._plan_storm()
            task_status.started()

    # -- coming up -----------------------------------------------------------------------------

    async def _bring_up(self, phone: DrawnPhone) -> None:
        await trio.sleep(phone.starts_after)
        async with self._turns:
            for attempt in range(1, TRIES + 1):
                try:
                    await self._make(phone)
                    return
                except (NotConfirmedError, StateError) as error:
                    log.warning("%s, try %d of %d: %s", phone.device_id, attempt, TRIES, error)
        self.failed += 1

    async def _make(self, phone: DrawnPhone) -> None:
        device_id, host = phone.device_id, self._host
        if device_id not in self._made:
            await host.create_device(phone.name, self._spec.environment, device_id=device_id)
            self._made.add(device_id)
        for drawn in phone.apps:
            await self._install(device_id, drawn)
        network = NetworkKind.NONE if phone.is_away else phone.network
        await host.patch_device(device_id, network=network, power=phone.power)
        if self._spec.away:
            self._plan_change(phone, is_away=phone.is_away)

    async def _install(self, device_id: str, drawn: DrawnApp) -> None:
        app = drawn.app
        view = await self._host.install_app(device_id, app.bundle_id, app.push_types)
        if drawn.is_uninstalled:
            await self._host.uninstall_app(device_id, app.bundle_id)
        elif drawn.is_denied:
            await self._host.patch_app(device_id, app.bundle_id, permission="denied")
        for push_type, token in view.tokens.items():
            topic = app.bundle_id + PushType(push_type).topic_suffix
            self.tokens.append(
                FleetToken(
                    token,
                    topic,
                    push_type,
                    device_id,
                    self._spec.environment,
                    is_registered=not drawn.is_uninstalled,
                )
            )

    # -- coming and going ----------------------------------------------------------------------

    def _plan_change(self, phone: DrawnPhone, *, is_away: bool) -> None:
        """Exponential stays, whose means keep the share that is away at ``spec.away``."""
        away, mean = self._spec.away, self._spec.away_for
        stay = mean if is_away else mean * (1 - away) / away
        self._agenda.after(phone.dice.expovariate(1 / stay), self._changing(phone, not is_away))

    def _changing(self, phone: DrawnPhone, is_away: bool) -> Callable[[], Awaitable[None]]:
        async def change() -> None:
            network = NetworkKind.NONE if is_away else phone.network
            with trio.move_on_after(PATIENCE_SECONDS):  # it goes on by itself
                await self._host.patch_device(phone.device_id, network=network)
            self._plan_change(phone, is_away=is_away)

        return change

    def _plan_storm(self) -> None:
        if self._spec.storm_every is not None:
            self._agenda.after(self._spec.storm_every, self._storm)

    async def _storm(self) -> None:
        """Cut every link; each phone comes back after its own delay."""
        online = [device.id for device in self._host.list_devices() if device.online]
        log.info("storm: the links of %d phones are cut", len(online))
        for device_id in online:
            await self._host.network_event(device_id, NetworkEvent.RESET)
        self._plan_storm()
