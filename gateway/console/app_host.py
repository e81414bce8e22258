"""The apps on virtual devices, as the console needs to see them; a part of ``device_host``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Unpack


class AppChanges(TypedDict, total=False):
    """What of an app is to be changed; what is absent stays. The words are those of AppView."""

    state: str
    notifications_enabled: bool
    permission: str
    registered: bool
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
    def registered(self) -> bool:
        """Whether it wants the token of its own topic."""
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
    def voip_stopped(self) -> bool:
        """Whether it gets no VoIP pushes any more, for want of reported calls."""
        ...

    @property
    def background_push_held(self) -> bool:
        """Whether a background push waits until it may come."""
        ...

    @property
    def channels(self) -> Sequence[str]:
        """The broadcast channels it listens to."""
        ...

    @property
    def push_to_start_tokens(self) -> Mapping[str, str]:
        """The token of each type of Live Activity that pushes may start, in hexadecimal."""
        ...


class AppEventView(Protocol):
    """One call into an app, or one change of its state."""

    @property
    def at(self) -> float:
        """UNIX seconds."""
        ...

    @property
    def what(self) -> str:
        """Apple's name of the call, or what happened."""
        ...

    @property
    def detail(self) -> str:
        """With what, or why."""
        ...


class AppHost(Protocol):
    """What can be done to apps; errors are those of ``DeviceHost``."""

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

    def app_events(self, device_id: str, bundle_id: str) -> Sequence[AppEventView]:
        """What the code of an app has lived through, oldest first."""
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
