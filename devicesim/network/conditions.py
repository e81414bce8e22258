"""How well a network carries bytes, and how long a NAT remembers a silent connection."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum
from math import isfinite
from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping


class NatAnswer(StrEnum):
    """What becomes of bytes that a phone sends over a mapping that its NAT has forgotten."""

    SILENCE = "silence"
    RESET = "reset"


class ConditionChanges(TypedDict, total=False):
    """What of the conditions is to be changed; see :class:`Conditions`."""

    latency_seconds: float
    jitter_seconds: float
    bytes_per_second: float | None
    nat_idle_seconds: float | None
    nat_answer: str


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a network does to the bytes of a phone, each way.

    Attributes:
        latency_seconds: how long they are on their way.
        jitter_seconds: up to so much longer, by dice; bytes never overtake each other.
        bytes_per_second: how many pass; None: any number.
        nat_idle_seconds: after so long without a byte a NAT forgets the connection; None: never.
            What the gateway sends from then on vanishes.
        nat_answer: what becomes of what the phone sends from then on.

    Raises:
        ValueError: a number that makes no sense.
    """

    latency_seconds: float = 0.0
    jitter_seconds: float = 0.0
    bytes_per_second: float | None = None
    nat_idle_seconds: float | None = None
    nat_answer: NatAnswer = NatAnswer.SILENCE

    def __post_init__(self) -> None:
        """Check every number."""
        for name in ("latency_seconds", "jitter_seconds"):
            _check(name, getattr(self, name), is_sensible=getattr(self, name) >= 0)
        for name in ("bytes_per_second", "nat_idle_seconds"):
            value = getattr(self, name)
            if value is not None:
                _check(name, value, is_sensible=value > 0)

    @property
    def delays(self) -> bool:
        """Whether bytes take time."""
        return bool(self.latency_seconds or self.jitter_seconds or self.bytes_per_second)

    def changed(self, changes: ConditionChanges) -> Conditions:
        """With other values for what is named.

        Raises:
            ValueError: a name or a value that there is not.
        """
        values: dict[str, Any] = dict(changes)
        unknown = values.keys() - {field.name for field in fields(self)}
        if unknown:
            raise ValueError(f"no such condition: {', '.join(sorted(unknown))}")
        if "nat_answer" in values:
            values["nat_answer"] = NatAnswer(values["nat_answer"])
        return replace(self, **values)

    def describe(self) -> dict[str, Any]:
        """In JSON's types; :meth:`read` reads it."""
        return asdict(self)

    @classmethod
    def read(cls, described: Mapping[str, Any]) -> Conditions:
        """What :meth:`describe` wrote, by this version or another one."""
        known = {field.name for field in fields(cls)}
        return CLEAR.changed({name: value for name, value in described.items() if name in known})  # type: ignore[arg-type]


def _check(name: str, value: float, *, is_sensible: bool) -> None:
    if not isfinite(value) or not is_sensible:
        raise ValueError(f"{name} cannot be {value}")


CLEAR = Conditions()
"""A network that does nothing to the bytes."""
