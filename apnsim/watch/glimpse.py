"""One look at a phone: all that the frame needs, and nothing that changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from apnsim.netstat import Socket


@dataclass(frozen=True, slots=True)
class LinkState:
    """What a phone knows of its link through one interface; ``words`` is for people.

    Attributes:
        interface: ``WiFi`` or ``Cellular``.
        words: such as ``online, leads`` or ``no link``.
        keep_alive: such as ``900 s, next in 412 s``; empty without a link.
        socket: as netstat would list it; None while there is none.
    """

    interface: str
    words: str
    keep_alive: str = ""
    socket: Socket | None = None


@dataclass(frozen=True, slots=True)
class Glimpse:
    """A phone at one moment.

    Attributes:
        name: what people call it.
        device_id: its id.
        at: UNIX seconds, by its clock.
        facts: names and values in the order to be shown: network, power and so on.
        links: by interface, the better one first.
        apps: bundle id and what it is doing.
        screen: as ``GET …/screen`` tells it.
    """

    name: str
    device_id: str
    at: float
    facts: Sequence[tuple[str, str]]
    links: Sequence[LinkState]
    apps: Sequence[tuple[str, str]]
    screen: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """Where glimpses come from."""

    async def look(self) -> Glimpse:
        """How it is now; as quick as a frame needs it."""
        ...
