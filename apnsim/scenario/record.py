"""What happened to every push of a scenario, for the judge."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from apnsim.scenario.provider import Answer

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A push reached its phone; ``at`` is seconds after the start."""

    at: float
    device: str
    presentation: str
    detail: str
    is_from_storage: bool


@dataclass(slots=True, eq=False)
class Sent:
    """One push to one token; times are seconds after the start.

    ``group`` is what its step is called, ``name`` the same, with a number if there are several.
    """

    group: str
    name: str
    app: str
    device: str
    apns_id: str
    at: float
    answer: Answer | None = None
    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def arrival(self) -> Arrival | None:
        """The first, if there was one."""
        return self.arrivals[0] if self.arrivals else None

    @property
    def latency(self) -> float | None:
        """From push to phone."""
        return None if self.arrival is None else self.arrival.at - self.at


class Record:
    """Every push so far, in the order in which they were sent."""

    def __init__(self) -> None:
        self._by_id: dict[str, Sent] = {}

    def add(self, sent: Sent) -> None:
        """One more leaves."""
        self._by_id[sent.apns_id.lower()] = sent

    def of_id(self, apns_id: str) -> Sent | None:
        """The push of this apns-id, if it is of the scenario."""
        return self._by_id.get(apns_id.lower())

    def with_names(self, text: str) -> str:
        """The text, with names in place of apns-ids."""
        return _UUID.sub(self._name_of, text)

    def _name_of(self, found: re.Match[str]) -> str:
        sent = self.of_id(found[0])
        return found[0] if sent is None else f'"{sent.name}"'

    def named(self, names: Iterable[str]) -> list[Sent]:
        """Those of these steps: a name means all of its ``times``, ``Hello 5`` the fifth."""
        wanted = set(names)
        return [sent for sent in self._by_id.values() if {sent.name, sent.group} & wanted]

    def received(self, app: str, device: str) -> list[tuple[Sent, Arrival]]:
        """What this app has got, in the order of arrival."""
        got = [
            (sent, arrival)
            for sent in self._by_id.values()
            if sent.app == app
            for arrival in sent.arrivals
            if arrival.device == device
        ]
        return sorted(got, key=lambda each: each[1].at)
