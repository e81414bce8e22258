"""The steps of a phone: its switches, and what becomes of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, cast

from apnsim.scenario.cast import device_id
from apnsim.toml.reading import REQUIRED, boolean, key, table, word
from devicesim.host.confirmation import NotConfirmedError
from devicesim.network import CLEAR, NetworkEvent, NetworkKind
from devicesim.power import AssertionPolicy, Power, WakeReason
from gateway import values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apnsim.scenario.cast import Cast
    from apnsim.scenario.stage import Stage
    from devicesim.network import ConditionChanges

_DEVICE = "the phone; may be left out where there is but one"


def policy(value: Any) -> str:  # noqa: ANN401
    """The name of an assertion policy."""
    try:
        return str(AssertionPolicy.parse(str(value)))
    except ValueError:
        raise ValueError("expected full or restricted") from None


def _conditions(value: Any) -> dict[str, Any]:  # noqa: ANN401
    given_conditions = table(value)
    CLEAR.changed(cast("ConditionChanges", given_conditions))
    return given_conditions


class OfDevice:
    """A step of one device, named by its key ``device``."""

    __slots__ = ()

    device: str | None

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be."""
        try:
            cast.device(self.device)
        except ValueError as error:
            yield str(error)


@dataclass(frozen=True, slots=True)
class Device(OfDevice):
    """A phone is switched: by its owner, by where it is, by time."""

    device: str | None = key(values.text, _DEVICE, default=None)
    online: bool | None = key(boolean, "whether it wants a link at all", default=None)
    network: NetworkKind | None = word(NetworkKind, "what it is connected by")
    conditions: dict[str, Any] | None = key(
        _conditions,
        "what its network does to bytes: latency_seconds, jitter_seconds, bytes_per_second,"
        " nat_idle_seconds, nat_answer",
        default=None,
    )
    power: Power | None = word(Power, "how awake it is")
    assertion_policy: str | None = key(
        policy, "forced until the next wake or change of power: full, restricted", default=None
    )

    async def perform(self, stage: Stage) -> None:
        """Switch what is given."""
        name = stage.cast.device(self.device)
        changes = given(self, "device")
        words = ", ".join(f"{key} {spoken(value)}" for key, value in changes.items())
        stage.log.say("scenario", f"{name}: {words}")
        await stage.world.devices.patch_device(device_id(name), **changes)


@dataclass(frozen=True, slots=True)
class Network(OfDevice):
    """Something happens to the connection of a phone, unseen by one end or both."""

    event: NetworkEvent = word(NetworkEvent, "what", REQUIRED)
    device: str | None = key(values.text, _DEVICE, default=None)

    async def perform(self, stage: Stage) -> None:
        """Let it happen."""
        name = stage.cast.device(self.device)
        stage.log.say("scenario", f"{name}: {self.event}")
        with suppress(NotConfirmedError):  # that no new link comes about may be the point
            await stage.world.devices.network_event(device_id(name), self.event)


@dataclass(frozen=True, slots=True)
class Wake(OfDevice):
    """Something wakes a phone; apsd may try for a link again."""

    device: str | None = key(values.text, _DEVICE, default=None)
    reason: WakeReason = word(WakeReason, "what", WakeReason.USER)

    async def perform(self, stage: Stage) -> None:
        """Wake it."""
        name = stage.cast.device(self.device)
        stage.log.say("scenario", f"{name} is woken: {self.reason}")
        await stage.world.devices.wake(device_id(name), self.reason)


@dataclass(frozen=True, slots=True)
class Restore(OfDevice):
    """A phone is restored from its backup, or another one is: the same apps, other tokens."""

    device: str | None = key(values.text, _DEVICE, default=None)
    to: str | None = key(
        values.text, "another phone, which is erased and becomes like it", default=None
    )

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be."""
        yield from OfDevice.faults(self, cast)
        if self.to is not None and self.to not in cast.devices:
            yield f"there is no device {self.to!r}: give it a [[device]], with or without apps"

    async def perform(self, stage: Stage) -> None:
        """Restore it."""
        name = stage.cast.device(self.device)
        where = f"{name} is restored" if self.to is None else f"{self.to} is restored"
        stage.log.say("scenario", f"{where} from the backup of {name}")
        to = None if self.to is None else device_id(self.to)
        await stage.world.devices.restore(device_id(name), to)


@dataclass(frozen=True, slots=True)
class Refresh(OfDevice):
    """The system of a phone is installed anew: the same apps, other tokens."""

    device: str | None = key(values.text, _DEVICE, default=None)

    async def perform(self, stage: Stage) -> None:
        """Install it."""
        name = stage.cast.device(self.device)
        stage.log.say("scenario", f"{name}: its system is installed anew")
        await stage.world.devices.refresh(device_id(name))


@dataclass(frozen=True, slots=True)
class Tap(OfDevice):
    """A person opens a notification: the phone is unlocked, its app comes to the front."""

    push: str = key(values.text, "the push that it shows, by its name")
    device: str | None = key(values.text, _DEVICE, default=None)

    def faults(self, cast: Cast) -> Iterator[str]:
        """What cannot be."""
        yield from OfDevice.faults(self, cast)
        yield from cast.unknown_pushes([self.push])

    async def perform(self, stage: Stage) -> None:
        """Tap it.

        Raises:
            LookupError: it is not on the screen.
        """
        name = stage.cast.device(self.device)
        stage.log.say("person", f'taps "{self.push}" on {name}')
        shown = await stage.shown(name, self.push)
        await stage.world.devices.screens.tap(device_id(name), shown.apns_id)


def given(step: Any, *but: str) -> dict[str, Any]:  # noqa: ANN401 - any dataclass of a step
    """The keys of a step that were given a value, for the host's keyword arguments."""
    named = ((each.name, getattr(step, each.name)) for each in fields(step))
    return {name: value for name, value in named if value is not None and name not in but}


def spoken(value: object) -> str:
    """A value as people say it."""
    if isinstance(value, dict):
        return ", ".join(f"{key} {spoken(each)}" for key, each in value.items())
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
