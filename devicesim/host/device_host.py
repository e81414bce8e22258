"""DeviceHost: many devices in one process, for the control API and for fleets.

Two tasks per device while it is online (the daemon, which also reads its link, and the link's
writer), one while it is offline, one sweeper for all; no timers per device.

With a folder, devices come back at the next start with their names, switches, apps and tokens, and
remember what they acknowledged. Their files are not flushed to the disk push by push: a kill -9
loses nothing of that, a crash of the machine may lose the last seconds of it (a push might then be
recorded twice, or a token be asked for anew). What they received is a recording, kept in memory:
the newest ``HISTORY`` per device.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING

import trio

from devicesim.host.activities import HostActivities
from devicesim.host.apps import HostedApps
from devicesim.host.backups import HostedBackups
from devicesim.host.channels import HostedChannels
from devicesim.host.confirmation import CONFIRM_SECONDS, patience
from devicesim.host.folder import HostFolder
from devicesim.host.network import HostedNetworks
from devicesim.host.power import HostedPower
from devicesim.host.screens import HostScreens
from devicesim.host.snapshots import HostedSnapshots
from devicesim.host.tenants import HostedTenants, usual_name
from devicesim.link.keepalive import KeepAliveSweeper
from devicesim.network import LostStreams, NetworkKind
from devicesim.power import AssertionPolicy, Power, PowerSettings
from devicesim.state.device_state import DeviceState
from devicesim.surroundings import OnReceived, Surroundings
from devicesim.virtual_device import VirtualDevice
from protocol.identifiers import DeviceId
from protocol.notification import Environment

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devicesim.host.views import DeviceView, ReceivedView
    from devicesim.link.backoff import Backoff
    from devicesim.link.dial import Dial
    from devicesim.network import ConditionChanges, PhonePath
    from devicesim.runtime.rules import RuntimeRules


SWEEP_SECONDS = 10.0


class DeviceHost(
    HostedApps,
    HostedBackups,
    HostedChannels,
    HostedNetworks,
    HostedPower,
    HostedSnapshots,
    HostedTenants,
):
    """The devices of one process, their Live Activities (``activities``) and ``screens``.

    Args:
        make_dial: see :func:`tls_dials`.
        now: the wall clock, UNIX seconds.
        directory: where devices are kept; None to forget them with the process.
        on_received: told of each push that reached its app.
        keep_alive: the sweeper, if not the default one; run by the host.
        make_backoff: the delays of a new device, if not the default ones.

    Owns the nursery of :meth:`run`, in which nothing but daemons and the sweepers run.
    """

    def __init__(
        self,
        make_dial: Callable[[DeviceState, PhonePath], Dial],
        now: Callable[[], float],
        directory: Path | None = None,
        on_received: OnReceived = lambda *_: None,
        keep_alive: KeepAliveSweeper | None = None,
        make_backoff: Callable[[], Backoff] | None = None,
    ) -> None:
        super().__init__()
        self._lost = LostStreams()
        self._keep_alive = KeepAliveSweeper() if keep_alive is None else keep_alive
        self._around = Surroundings(
            make_dial, now, on_received, self._keep_alive, self._lost, make_backoff
        )
        self._folder = None if directory is None else HostFolder(directory)
        self.activities = HostActivities(self._devices, self._require, self._around.activities_due)
        self.screens = HostScreens(self, self._require)
        self._nursery: trio.Nursery | None = None
        self._serial = 0

    def limit_activities(self, budget: int) -> None:
        """Give the apps of devices that start from now on a budget; see ``ActivityKit``."""
        self._around.activity_budget = budget

    def limit_apps(self, rules: RuntimeRules) -> None:
        """Give the apps of devices that start from now on other rules than the default ones."""
        self._around.rules = rules

    def draw_from(self, random_bytes: Callable[[int], bytes]) -> None:
        """Take ids of devices and activities from this source."""
        self._around.random_bytes = random_bytes

    def set_power(self, settings: PowerSettings) -> None:
        """Give devices that start from now on these numbers; see ``PhonePower``."""
        self._around.power = settings

    async def run(self, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Be the host until cancelled; started when kept devices are back (and connecting).

        Raises:
            StateError: the folder cannot be used, or another host uses it.
        """
        with nullcontext() if self._folder is None else self._folder.locked():
            kept = [] if self._folder is None else await self._folder.load()
            self._serial = max((state.extras.get("serial", 0) for state in kept), default=0)
            try:
                async with trio.open_nursery() as self._nursery:
                    self._nursery.start_soon(self._keep_alive.run)
                    self._nursery.start_soon(self._sweep_lost)
                    self._nursery.start_soon(self.activities.sweep)
                    self._nursery.start_soon(self._around.agenda.run)
                    for state in kept:
                        self._start(state)
                    task_status.started()
            finally:
                self._nursery = None
                with trio.CancelScope(shield=True, deadline=trio.current_time() + 1):
                    await self._lost.aclose()

    def list_devices(self) -> tuple[DeviceView, ...]:
        """All of them, in the order of their creation."""
        return tuple(device.view for device in self._devices.values())

    def get_device(self, device_id: str) -> DeviceView:
        """One of them.

        Raises:
            UnknownDeviceError: there is none with this id.
        """
        return self._require(device_id).view

    async def create_device(
        self,
        name: str | None = None,
        environment: str = "development",
        *,
        online: bool = True,
        device_id: str | None = None,
    ) -> DeviceView:
        """Make a device; if ``online``, returns once the gateway knows it, at most 10 s later.

        Raises:
            ValueError: no such environment, or an id that names no device or another one.
            StateError: it could not be written down.
        """
        world = Environment(environment)
        identifier = DeviceId.parse(device_id or f"device-{self._around.random_bytes(6).hex()}")
        if identifier in self._devices:
            raise ValueError(f"there is a device {identifier!r} already")
        self._serial += 1
        serial = self._serial
        files = None if self._folder is None else await self._folder.make(identifier)
        state = DeviceState(identifier, name or usual_name(serial), world, files)
        state.extras = {"online": online, "serial": serial}
        await state.save()
        device = self._start(state)
        if online:
            with trio.move_on_after(CONFIRM_SECONDS):
                await device.daemon.wait_until_online()
        return device.view

    async def patch_device(
        self,
        device_id: str,
        *,
        online: bool | None = None,
        network: str | None = None,
        conditions: ConditionChanges | None = None,
        power: str | None = None,
        assertion_policy: str | None = None,
    ) -> DeviceView:
        """Switch a device; returns once its link is as it should be, at most 10 s later.

        ``network``: ``none`` and ``airplane`` are offline; with ``half-open`` the bytes of its
        links vanish both ways and neither side is told. ``assertion_policy`` (``full`` or
        ``restricted``) holds until the next wake or ``power``.

        Raises:
            UnknownDeviceError: there is none with this id.
            ValueError: no such network, condition, power state or policy.
            StateError: it could not be written down.
        """
        device = self._require(device_id)
        kind = None if network is None else NetworkKind(network)
        level = None if power is None else Power(power)
        policy = None if assertion_policy is None else AssertionPolicy.parse(assertion_policy)
        network_then = device.network.conditions
        if conditions is not None:
            network_then = network_then.changed(conditions)
        with trio.move_on_after(patience(network_then)):
            await device.switch(
                is_on=online, network=kind, conditions=conditions, power=level, policy=policy
            )
        return device.view

    async def delete_device(self, device_id: str) -> None:
        """Throw a device away. As with a real one, the gateway is not told about its tokens.

        Raises:
            UnknownDeviceError: there is none with this id.
        """
        await self._throw_away(self._require(device_id))

    async def delete_all(self) -> None:
        """Throw all devices away, at once and without a goodbye; their links end meanwhile."""
        gone = self.vanish_all("all devices are deleted")
        if self._folder is not None:
            await self._folder.remove(*gone)

    async def _throw_away(self, device: VirtualDevice) -> None:
        device_id = str(device.state.device_id)
        self._devices.pop(device_id, None)
        with trio.move_on_after(patience(device.network.conditions)):
            await device.leave("the device is deleted")
        device.vanish("the device is deleted")
        if self._folder is not None:
            await self._folder.remove(device_id)

    def notifications(self, device_id: str) -> tuple[ReceivedView, ...]:
        """What reached the apps of a device, oldest first; the newest ``HISTORY`` of them.

        Raises:
            UnknownDeviceError: there is none with this id.
        """
        return self._require(device_id).received

    def _start(self, state: DeviceState) -> VirtualDevice:
        if self._nursery is None:
            raise RuntimeError("DeviceHost.run() is not running")
        device = self._devices[state.device_id] = VirtualDevice(state, self._around)
        self._nursery.start_soon(device.run)
        return device

    async def _sweep_lost(self) -> None:
        while True:
            await trio.sleep(SWEEP_SECONDS)
            await self._lost.sweep()
