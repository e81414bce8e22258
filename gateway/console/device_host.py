"""The host of virtual devices, as the console needs to see it.

``devicesim.host`` fits these protocols structurally: neither side imports the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack

    from gateway.console.activity_host import ActivityHost
    from gateway.console.screen_host import ScreenHost


class AppChanges(TypedDict, total=False):
    """What of an app is to be changed; what is absent stays. The words are those of AppView."""

    state: str
    notifications_enabled: bool
    permission: str
    reports_calls: bool
    extension_seconds: float | None


class AppView(Protocol):
    """An installed app, as it was at the moment of the call."""

    @property
    def bundle_id(self) -> str:
        """Its name, such as ``com.example.app``."""
        ...

    @property
    def tokens(self) -> Mapping[str, str]:
        """The token of each push type that has one, in hexadecimal."""
        ...

    @property
    def state(self) -> str:
        """``foreground``, ``background``, ``suspended``, ``terminated`` or ``force-quit``."""
        ...

    @property
    def notifications_enabled(self) -> bool:
        """Whether the person allows it to notify."""
        ...

    @property
    def permission(self) -> str:
        """``not-asked``, ``granted``, ``denied`` or ``provisional``."""
        ...

    @property
    def reports_calls(self) -> bool:
        """Whether its VoIP handler reports a call."""
        ...

    @property
    def extension_seconds(self) -> float | None:
        """How long its notification service extension takes; None: it has none."""
        ...

    @property
    def channels(self) -> Sequence[str]:
        """The broadcast channels it listens to."""
        ...

    @property
    def push_to_start_tokens(self) -> Mapping[str, str]:
        """The token of each type of Live Activity that pushes may start, in hexadecimal."""
        ...


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
        """Whether it wants a link to the gateway."""
        ...

    @property
    def network(self) -> str:
        """``wifi``, ``cellular``, ``none`` or ``half-open``."""
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


class DeviceHost(Protocol):
    """Many virtual devices.

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
        power: str | None = None,
        assertion_policy: str | None = None,
    ) -> DeviceView:
        """Change what is not None."""
        ...

    async def wake(self, device_id: str, reason: str) -> DeviceView:
        """Wake a device, for one of ``user``, ``cellular-call`` and ``timer``."""
        ...

    async def delete_device(self, device_id: str) -> None:
        """End the device for good."""
        ...

    async def restore(self, device_id: str) -> DeviceView:
        """Restored from a backup: every token of the device changes."""
        ...

    async def install_app(
        self, device_id: str, bundle_id: str, push_types: Sequence[str]
    ) -> AppView:
        """Install an app and wait for its tokens while the device has a link."""
        ...

    async def patch_app(
        self, device_id: str, bundle_id: str, **changes: Unpack[AppChanges]
    ) -> AppView:
        """Change what is given."""
        ...

    async def uninstall_app(self, device_id: str, bundle_id: str) -> None:
        """Remove an app; its tokens become invalid."""
        ...

    async def subscribe(self, device_id: str, bundle_id: str, channel_id: str) -> AppView:
        """Have an app listen to a broadcast channel."""
        ...

    async def unsubscribe(self, device_id: str, bundle_id: str, channel_id: str) -> None:
        """Have it listen no more."""
        ...
