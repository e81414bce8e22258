"""The host of virtual devices, as the console needs to see it.

``devicesim.host.device_host`` fits these protocols structurally: neither side imports the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from gateway.console.app_host import AppHost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gateway.console.activity_host import ActivityHost
    from gateway.console.app_host import AppView
    from gateway.console.link_view import LinkView
    from gateway.console.network_host import ConditionChanges, ConditionsView
    from gateway.console.screen_host import ScreenHost


class DeviceView(Protocol):
    """A virtual device, as it was at the moment of the call."""

    @property
    def id(self) -> str:
        """The common name of its certificate."""
        ...

    @property
    def name(self) -> str:
        """What people call it."""
        ...

    @property
    def environment(self) -> str:
        """``development`` or ``production``."""
        ...

    @property
    def online(self) -> bool:
        """Whether it has a link that the gateway has confirmed, as far as it knows."""
        ...

    @property
    def network(self) -> str:
        """``wifi``, ``cellular``, ``wifi+cellular``, ``airplane``, ``none`` or ``half-open``."""
        ...

    @property
    def conditions(self) -> ConditionsView:
        """What its network does to bytes."""
        ...

    @property
    def power(self) -> str:
        """``awake``, ``locked`` or ``low-power``."""
        ...

    @property
    def assertion_policy(self) -> str:
        """``full`` or ``restricted``: whether it may try for a link."""
        ...

    @property
    def apps(self) -> Sequence[AppView]:
        """What is installed, in the order of installation."""
        ...

    @property
    def links(self) -> Sequence[LinkView]:
        """One per interface, the better one first."""
        ...


class ReceivedView(Protocol):
    """A push that a device received."""

    @property
    def apns_id(self) -> str:
        """The provider's name for it."""
        ...

    @property
    def topic(self) -> str:
        """What it is about."""
        ...

    @property
    def push_type(self) -> str:
        """``apns-push-type``."""
        ...

    @property
    def priority(self) -> int:
        """``apns-priority``."""
        ...

    @property
    def collapse_id(self) -> str | None:
        """``apns-collapse-id``."""
        ...

    @property
    def payload(self) -> object:
        """As JSON, or as text if it is none."""
        ...

    @property
    def received_at(self) -> float:
        """UNIX seconds."""
        ...

    @property
    def from_storage(self) -> bool:
        """Whether it had waited for the device."""
        ...

    @property
    def presentation(self) -> str:
        """``shown``, ``collapsed``, ``woken``, ``delivered`` or ``not-shown``."""
        ...

    @property
    def detail(self) -> str:
        """Why it was presented so."""
        ...

    @property
    def channel_id(self) -> str | None:
        """The channel of a broadcast."""
        ...

    @property
    def handler(self) -> str:
        """Apple's name of the app's code that was called; empty if none was."""
        ...

    @property
    def app_state_before(self) -> str:
        """What the app was doing when the push came."""
        ...

    @property
    def app_state_after(self) -> str:
        """What it has done since."""
        ...


class DeviceHost(AppHost, Protocol):
    """Many virtual devices, and their apps.

    Unknown ids raise one of ``ConsoleParts.unknown_errors``. What cannot be done raises
    ``ValueError``, what could not be done this time one of ``ConsoleParts.failed_errors``; the
    message says why.
    """

    @property
    def activities(self) -> ActivityHost:
        """The Live Activities of all devices."""
        ...

    @property
    def screens(self) -> ScreenHost:
        """What people see of all devices."""
        ...

    def list_devices(self) -> Sequence[DeviceView]:
        """Every device, oldest first."""
        ...

    def get_device(self, device_id: str) -> DeviceView:
        """One device."""
        ...

    def notifications(self, device_id: str) -> Sequence[ReceivedView]:
        """What a device received, oldest first."""
        ...

    async def create_device(
        self, name: str | None, environment: str | None, *, online: bool
    ) -> DeviceView:
        """Make a device, activate it and, if it is to be online, wait for its link."""
        ...

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
        """Change what is not None."""
        ...

    async def network_event(self, device_id: str, event: str) -> DeviceView:
        """Let something happen to the connections of the link that leads."""
        ...

    async def wake(self, device_id: str, reason: str) -> DeviceView:
        """Wake a device, for one of ``user``, ``cellular-call`` and ``timer``."""
        ...

    async def delete_device(self, device_id: str) -> None:
        """End the device for good."""
        ...

    async def restore(self, device_id: str, to: str | None = None) -> DeviceView:
        """Restore a backup on the same device or on another one; that one with its new tokens."""
        ...

    async def refresh(self, device_id: str) -> DeviceView:
        """Install the system anew below its apps: every token changes."""
        ...
