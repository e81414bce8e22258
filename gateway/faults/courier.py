"""What may be done to the links of devices, and to pushes on their way over one."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from typing import ClassVar, Literal

from pydantic import Field
from pydantic.dataclasses import dataclass

from gateway.faults.basics import STRICT, Act, Seconds, Stage
from gateway.faults.match import Pattern, is_any


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class _DeliveryAct(Act):
    """Something that happens to a push for a device that is connected; others may happen too."""

    is_transparent: ClassVar[bool] = True

    @property
    def stage(self) -> Stage:
        """On the way to a device."""
        return Stage.DELIVERY


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class DropAck(_DeliveryAct):
    """Do not hear the device's acknowledgement: the push stays stored for the next link."""

    type: Literal["drop-ack"]

    def __str__(self) -> str:
        return "drop the acknowledgement"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Duplicate(_DeliveryAct):
    """Send the push so many times."""

    type: Literal["duplicate"]
    copies: int = Field(default=2, ge=2, le=100)

    def __str__(self) -> str:
        return f"send it {self.copies} times"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class DelayDelivery(_DeliveryAct):
    """Send the push later; those behind it overtake it."""

    type: Literal["delay-delivery"]
    seconds: Seconds

    def __str__(self) -> str:
        return f"deliver it {self.seconds:g} s later"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Disconnect(_DeliveryAct):
    """End the device's link, with the push on its way, or (``sent`` false) before it is sent."""

    type: Literal["disconnect"]
    sent: bool = True

    def __str__(self) -> str:
        return "disconnect the device " + ("behind it" if self.sent else "before it")


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Storm(Act):
    """End the links of all devices in one moment, so that all of them connect anew.

    ``at``: ``now``, as the rule is made; or when a ``request`` matches, which then goes on.
    ``devices``: of these only, by id.
    """

    is_transparent: ClassVar[bool] = True

    type: Literal["storm"]
    at: Literal["now", "request"] = "now"
    devices: Pattern = "*"

    @property
    def stage(self) -> Stage:
        """As the user wishes."""
        return Stage.NOW if self.at == "now" else Stage.REQUEST

    def strikes(self, device: str) -> bool:
        """Whether it is for this device."""
        return is_any(device, self.devices)

    def __str__(self) -> str:
        return f"storm, every device of {self.devices!r} reconnects"
