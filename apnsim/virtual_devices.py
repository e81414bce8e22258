"""The virtual devices of this process, introduced to the gateway beside them.

``gateway`` and ``devicesim`` meet on the wire: these devices connect to the courier port like any
other. What passes here directly is what no wire could tell: what a person saw, and that a device
was thrown away or is wanted for an unknown token.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from devicesim.host.confirmation import NotConfirmedError
from devicesim.host.device_host import DeviceHost
from devicesim.link.dial import tls_dials
from devicesim.link.intervals import interval_policy
from devicesim.link.keepalive import KeepAliveSweeper
from devicesim.power import PowerSettings
from devicesim.presentation import Presentation
from devicesim.runtime.rules import RuntimeRules
from devicesim.state.files import StateError
from gateway.records import State
from protocol.identifiers import DeviceId
from protocol.provider.request import infer_push_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.host.views import DeviceView
    from devicesim.link.backoff import Backoff
    from devicesim.link.dial import Wire
    from gateway.serve import Gateway
    from gateway.store.store import Registration
    from protocol.courier.messages import Push
    from protocol.tenant import Tenant

log = logging.getLogger(__name__)

MAX_WISHES = 10_000


class VirtualDevices(DeviceHost):
    """A device host whose gateway runs in the same process.

    Args:
        gateway: devices can connect to it.
        wire: how they do; None: by sockets, to its courier port.
        make_backoff: the delays of a new device, if not the default ones.
    """

    def __init__(
        self,
        gateway: Gateway,
        wire: Wire | None = None,
        make_backoff: Callable[[], Backoff] | None = None,
    ) -> None:
        authority, settings = gateway.authority, gateway.settings
        host = settings.host
        super().__init__(
            tls_dials(
                {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host),
                gateway.courier_port,
                authority.certificate_pem,
                authority.issue_device,
                wire,
            ),
            gateway.clock.now,
            # Devices are kept where their tokens are kept: with a store in memory, nowhere.
            None if settings.store == "memory" else gateway.home.devices,
            self._received,
            KeepAliveSweeper(interval_policy(settings.keep_alive_seconds)),
            make_backoff,
        )
        self.limit_activities(settings.live_activity_budget)
        self.limit_apps(
            RuntimeRules(
                settings.background_pushes_per_hour,
                settings.background_pushes_per_day,
                late_call_seconds=settings.late_call_seconds,
                unreported_calls=settings.unreported_calls,
            )
        )
        self.set_power(
            PowerSettings(
                reconnect_seconds=settings.power_reconnect_seconds,
                wake_seconds=settings.power_wake_seconds,
                maintenance_seconds=settings.power_maintenance_seconds,
            )
        )
        self.draw_from(gateway.chance.of("device"))
        self._gateway = gateway
        self._watchers: list[Callable[[str, Push, str, str], None]] = []
        gateway.adopted = self._want
        self._wanted, self._wishes = trio.open_memory_channel["Registration"](MAX_WISHES)

    async def adopt_all(self) -> None:
        """Make a device for each token that a push made known (``--unknown-tokens adopt``)."""
        async for registration in self._wishes:
            device, topic = registration.device, registration.topic
            push_type = infer_push_type(topic)
            bundle_id = topic.removesuffix(push_type.topic_suffix)
            try:
                await self.create_device(
                    str(device), registration.environment, device_id=str(device)
                )
                await self.install_app(device, bundle_id, [push_type])
            except (NotConfirmedError, StateError, ValueError) as error:
                log.warning("no device for the unknown token of %s: %s", topic, error)

    def _want(self, registration: Registration) -> None:
        try:
            self._wanted.send_nowait(registration)
        except trio.WouldBlock:
            log.warning("more unknown tokens at once than devices can be made for them")

    async def create_device(
        self,
        name: str | None = None,
        environment: str | None = None,
        *,
        online: bool = True,
        device_id: str | None = None,
    ) -> DeviceView:
        """Make a device; its environment is the gateway's own unless told."""
        world = environment or self._gateway.settings.environment
        return await super().create_device(name, world, online=online, device_id=device_id)

    async def delete_device(self, device_id: str) -> None:
        """Throw a device away; providers hear 410 Unregistered for its tokens from now on."""
        await super().delete_device(device_id)
        await self._gateway.directory.unregister_device(DeviceId(device_id))

    async def reset(self) -> None:
        """Throw all devices away, and everything that the gateway knows."""
        await self.delete_all()
        await self._gateway.state.reset()

    async def forget(self, tenant: Tenant) -> None:
        """Back to before a tenant came, here and in the gateway.

        Raises:
            StateError, StoreUnavailableError: it could not be written down.
        """
        await self.forget_tenant(tenant)
        await self._gateway.state.forget(tenant, {each.id for each in self.list_devices()})

    def _received(
        self, device_id: str, message: Push, presentation: Presentation, detail: str
    ) -> None:
        is_seen = presentation is not Presentation.NOT_SHOWN
        state = State.PRESENTED if is_seen else State.NOT_PRESENTED
        words = f"{presentation} on {device_id}" + (f": {detail}" if detail else "")
        self._gateway.journal.present(message.message_id, state, words)
        device = self._devices.get(device_id)
        if device is not None:  # one that is being thrown away is of no interest
            for watcher in self._watchers:
                watcher(device.state.name, message, presentation, detail)

    def watch(self, watcher: Callable[[str, Push, str, str], None]) -> None:
        """Tell somebody the device's name, push, presentation and detail of all that arrives."""
        self._watchers.append(watcher)
