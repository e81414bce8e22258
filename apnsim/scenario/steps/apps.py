"""The steps of an app on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from apnsim.scenario.cast import device_id
from apnsim.scenario.steps.phones import given, spoken
from apnsim.scenario.times import duration
from apnsim.toml.reading import boolean, key, names, word
from devicesim.app import AppState, Permission
from gateway import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.scenario.cast import Cast
    from apnsim.scenario.stage import Stage

APP = "the bundle id of the app"
DEVICE_OF_APP = "the phone, where it is not clear from the app"


class OfApp:
    """A step of one app on one device."""

    __slots__ = ()

    app: str
    device: str | None

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be."""
        try:
            cast.device_of_app(self.device, self.app)
        except ValueError as error:
            yield str(error)

    def on(self, stage: Stage) -> str:
        """The name of the phone."""
        return stage.cast.device_of_app(self.device, self.app)


@dataclass(frozen=True, slots=True)
class App(OfApp):
    """What an app is doing, and what its owner lets it do."""

    app: str = key(values.bundle_id, APP)
    device: str | None = key(values.text, DEVICE_OF_APP, default=None)
    state: AppState | None = word(AppState, "what it is doing")
    notifications_enabled: bool | None = key(
        boolean, "the switch in Settings, Notifications", default=None
    )
    registered: bool | None = key(
        boolean, "whether it wants its token: registerForRemoteNotifications, or un…", default=None
    )
    permission: Permission | None = word(Permission, "whether it may notify")
    reports_calls: bool | None = key(
        boolean, "whether it reports a call for each VoIP push, as it must", default=None
    )
    extension_seconds: float | None = key(
        duration, "how long its notification service extension takes", default=None
    )

    async def perform(self, stage: Stage) -> None:
        """Change what is given."""
        changes = given(self, "app", "device")
        words = ", ".join(f"{name} {spoken(value)}" for name, value in changes.items())
        device = self.on(stage)
        stage.log.say("scenario", f"{device}: {self.app}: {words}")
        await stage.world.devices.patch_app(device_id(device), self.app, **changes)


@dataclass(frozen=True, slots=True)
class Install(OfApp):
    """An app is installed, or again; it is opened once and tells its backend its tokens."""

    app: str = key(values.bundle_id, APP)
    types: tuple[str, ...] = key(
        names, 'the push types that it takes (default: ["alert"])', default=("alert",)
    )
    device: str | None = key(values.text, DEVICE_OF_APP, default=None)

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be; an app can be installed wherever it was not."""
        try:
            cast.device(self.device, self.app)
        except ValueError as error:
            yield str(error)

    async def perform(self, stage: Stage) -> None:
        """Install it."""
        device = stage.cast.device(self.device, self.app)
        stage.log.say("scenario", f"{device}: {self.app} is installed")
        view = await stage.world.devices.install_app(device_id(device), self.app, self.types)
        stage.learn_tokens(device, view)


@dataclass(frozen=True, slots=True)
class Uninstall(OfApp):
    """An app is removed; its backend is not told."""

    app: str = key(values.bundle_id, APP)
    device: str | None = key(values.text, DEVICE_OF_APP, default=None)

    async def perform(self, stage: Stage) -> None:
        """Remove it."""
        device = self.on(stage)
        stage.log.say("scenario", f"{device}: {self.app} is removed")
        await stage.world.devices.uninstall_app(device_id(device), self.app)


@dataclass(frozen=True, slots=True)
class Launch(OfApp):
    """A person opens an app: it is in the foreground, and tells its backend its tokens."""

    app: str = key(values.bundle_id, APP)
    device: str | None = key(values.text, DEVICE_OF_APP, default=None)

    async def perform(self, stage: Stage) -> None:
        """Open it."""
        device = self.on(stage)
        stage.log.say("scenario", f"{device}: {self.app} is opened, tells its backend its tokens")
        await stage.world.devices.patch_app(
            device_id(device), self.app, state=AppState.FOREGROUND.value
        )
        stage.learn_tokens(device, stage.app_view(device, self.app))
