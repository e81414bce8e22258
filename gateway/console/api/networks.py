"""The networks of virtual devices."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Literal, cast

from pydantic import Field

from gateway.console.api.common import Body, answer
from gateway.console.network_host import ConditionChanges, ConditionsView

NETWORKS = Literal["wifi", "cellular", "wifi+cellular", "airplane", "none", "half-open"]


class ConditionsChange(Body):
    """What of the conditions is to be changed; what is absent stays."""

    latency_seconds: float | None = Field(default=None, ge=0, le=3600, description="each way")
    jitter_seconds: float | None = Field(default=None, ge=0, le=3600, description="on top, by dice")
    bytes_per_second: float | None = Field(default=None, gt=0, description="null: any number")
    nat_idle_seconds: float | None = Field(
        default=None, gt=0, description="a NAT forgets an idle connection; null: never"
    )
    nat_answer: Literal["silence", "reset"] | None = Field(
        default=None, description="what becomes of what the phone sends over a forgotten one"
    )

    def changes(self) -> ConditionChanges:
        """What was said; null is something to say only where it has a meaning."""
        said = self.model_dump(exclude_unset=True)
        for name in ("latency_seconds", "jitter_seconds", "nat_answer"):
            if said.get(name, "") is None:
                del said[name]
        return cast("ConditionChanges", said)


class NetworkHappening(Body):
    """Something that happens to the link that leads."""

    event: Literal["reset", "hand-over", "cut-wan", "forget-nat"]


@answer
class Conditions:
    """What a device's network does to bytes, each way."""

    latency_seconds: float
    jitter_seconds: float
    bytes_per_second: float | None
    nat_idle_seconds: float | None
    nat_answer: str

    @classmethod
    def of(cls, view: ConditionsView) -> "Conditions":
        """As the host tells them."""
        return cls(
            latency_seconds=view.latency_seconds,
            jitter_seconds=view.jitter_seconds,
            bytes_per_second=view.bytes_per_second,
            nat_idle_seconds=view.nat_idle_seconds,
            nat_answer=view.nat_answer,
        )
