"""A client as its maker publishes it, and the program that has it push."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from interop import machine
from interop.builds import tool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from interop.builds import Build


class ApnsIds(StrEnum):
    """What an apns-id is for a client."""

    TEXT = "text"
    UUID = "a UUID, without its letter case"
    NONE = "unknown"


@dataclass(frozen=True)
class Client:
    """A client and its program.

    Attributes:
        command: starts the program.
        version: of the client; called only when nothing is missing.
        needs: commands without which it cannot run.
        build: fetches and compiles what it is made of.
        goes_to_apple: it knows no host but Apple's and no proxy (``interop/machine.sh``).
        trusts_by: the variable that names, at its start, the CA it trusts.
        cannot: cases that the client has no means for, and why.
        apns_ids: how it takes an apns-id where that is not the point of the case.
        one_at_a_time: cases in which it is given one push after the other, and why.
        note: what else is special about how it runs.
        resends: cases in which its caller has to push again what it reports as failed.
        at_goaway: what it does when the gateway leaves, as seen in both cases of GOAWAY.
        timestamp_unit: in what it tells the time of a 410; milliseconds.
        breaks_on: what a gateway must get right for this client, and the case that would show it
            (source: the measurements in docs/interop.md).
        sends: headers that must be seen (or, None, not be seen) from it; when a newer version
            behaves otherwise, ``breaks_on`` has to be looked at again.
    """

    name: str
    command: tuple[str, ...]
    version: Callable[[], str]
    needs: tuple[str, ...] = ()
    build: Build | None = None
    goes_to_apple: bool = False
    trusts_by: str = ""
    cannot: Mapping[str, str] = field(default_factory=dict)
    apns_ids: ApnsIds = ApnsIds.TEXT
    one_at_a_time: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    resends: frozenset[str] = frozenset()
    at_goaway: str = ""
    timestamp_unit: int = 1
    breaks_on: Mapping[str, str] = field(default_factory=dict)
    sends: Mapping[str, str | None] = field(default_factory=dict)

    def prepare(self) -> str:
        """Fetch and build it, which may need the network; what is missing, or empty."""
        absent = [command for command in self.needs if tool(command) is None]
        if absent:
            return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing"
        return "" if self.build is None else self.build.make()

    def missing(self) -> str:
        """What it would need to run here; empty if it can."""
        if self.goes_to_apple and not machine.is_own():
            return "it goes to Apple's hosts at port 443, and no namespaces can be had here"
        return self.prepare()

    def started_by(self) -> list[str]:
        """The command, wherever it lies."""
        program, *arguments = self.command
        return [tool(program) or program, *arguments]

    def environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        """Of its program: this process's own, and where the gateway is."""
        trust = {self.trusts_by: variables["APNSIM_CA_FILE"]} if self.trusts_by else {}
        ours = {name: text for name, text in os.environ.items() if not name.startswith("APNSIM_")}
        return {**ours, **variables, **trust}
