"""What others see of the links of a device, one per interface, in the words of the control API."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import worldtime

if TYPE_CHECKING:
    from devicesim.link.keeper import LinkKeeper
    from devicesim.link.links import Links
    from devicesim.network import Interface


class LinkPhase(StrEnum):
    """How far a device has come with a link; what it believes of it, not what is so."""

    ONLINE = "online"
    CONNECTING = "connecting"
    WAITING = "waiting"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class LinkView:
    """The link through one interface.

    ``leads``: what the device says goes here. ``local`` and ``remote`` are addresses, None without
    a connection. ``keep_alive_seconds`` is the interval, ``keep_alive_stage`` where its search is
    (empty if it does not adapt), ``next_keep_alive_seconds`` how long until the next one is due.
    """

    interface: str
    state: LinkPhase
    leads: bool
    local: str | None = None
    remote: str | None = None
    keep_alive_seconds: float | None = None
    keep_alive_stage: str | None = None
    next_keep_alive_seconds: float | None = None


def views_of(links: Links) -> tuple[LinkView, ...]:
    """The links of a device now, the better interface first."""
    return tuple(_view(links, interface, each) for interface, each in links.keepers.items())


def _view(links: Links, interface: Interface, keeper: LinkKeeper) -> LinkView:
    session = keeper.session
    if session is None:
        return LinkView(interface, _phase_without_link(keeper), leads=False)
    pulse, link = session.pulse, session.link
    return LinkView(
        interface=interface,
        state=LinkPhase.ONLINE if session.is_confirmed else LinkPhase.CONNECTING,
        leads=session is links.leader,
        local=link.local,
        remote=link.remote,
        keep_alive_seconds=pulse.interval_seconds,
        keep_alive_stage=pulse.stage,
        next_keep_alive_seconds=max(0.0, pulse.due_at - worldtime.current_time()),
    )


def _phase_without_link(keeper: LinkKeeper) -> LinkPhase:
    if not keeper.is_wanted:
        return LinkPhase.OFF
    return LinkPhase.WAITING if keeper.is_idle else LinkPhase.CONNECTING
