"""The networks of virtual devices, as the console needs to see them."""

from __future__ import annotations

from typing import Protocol, TypedDict


class ConditionChanges(TypedDict, total=False):
    """What of a network's conditions is to be changed; what is absent stays."""

    latency_seconds: float
    jitter_seconds: float
    bytes_per_second: float | None
    nat_idle_seconds: float | None
    nat_answer: str


class ConditionsView(Protocol):
    """What a network does to bytes, each way; see ``devicesim.network.conditions``."""

    @property
    def latency_seconds(self) -> float:
        """How long they are on their way."""
        ...

    @property
    def jitter_seconds(self) -> float:
        """Up to so much longer, by dice."""
        ...

    @property
    def bytes_per_second(self) -> float | None:
        """How many pass; None: any number."""
        ...

    @property
    def nat_idle_seconds(self) -> float | None:
        """After so long without a byte a NAT forgets the connection; None: never."""
        ...

    @property
    def nat_answer(self) -> str:
        """``silence`` or ``reset``: what becomes of what the phone sends from then on."""
        ...
