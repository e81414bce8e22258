"""What all actions have in common."""

# No "from __future__ import annotations": pydantic reads the annotations at run time.
from enum import StrEnum
from typing import Annotated, ClassVar, Final, get_args

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

STRICT: Final = ConfigDict(extra="forbid", allow_inf_nan=False)

Seconds = Annotated[float, Field(ge=0, le=1e6)]


class Stage(StrEnum):
    """Where a rule is asked for, and what it may match by."""

    REQUEST = "request"
    CONNECTION = "connection"
    HANDSHAKE = "TLS handshake"
    DEVICE_HANDSHAKE = "device's TLS handshake"
    DELIVERY = "delivery to a device"
    NOW = "moment"


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class Act:
    """One thing to do.

    ``times``: how often in a row; in a list of actions once if absent, alone without end.
    """

    is_transparent: ClassVar[bool] = False
    """Whether later rules are asked as well."""
    bends: ClassVar[bool] = False
    """Whether it takes more than an answer: frames, a connection."""

    times: int | None = Field(default=None, ge=1)

    @property
    def stage(self) -> Stage:
        """Where its rule is asked for."""
        return Stage.REQUEST

    @property
    def takes(self) -> bool:
        """Whether the gateway does with the push as it would without the fault."""
        return self.is_transparent

    @property
    def is_answered(self) -> bool:
        """Whether the provider hears an answer, somehow."""
        return True


def name_of(kind: type[Act]) -> str:
    """The type of an action, as users write it."""
    return str(get_args(kind.__annotations__["type"])[0])


@dataclass(frozen=True, slots=True, kw_only=True, config=STRICT)
class RequestAct(Act):
    """One thing to do to a request.

    ``accept``: whether the push is taken all the same, stored and delivered: then a provider that
    tries again sends a duplicate.
    """

    accept: bool = False

    @property
    def takes(self) -> bool:
        """As the user wishes."""
        return self.accept
