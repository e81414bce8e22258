"""The links of one device: one per interface, and one of them leads.

Apple's devices keep "separate connection and keep-alive state per interface (Wi-Fi, cellular), one
preferred" (courier-wire.md §6). What the device has to say it says on the link that leads; the
other one stands by: the gateway knows the topics there too, so either end may change over without
a gap. Wi-Fi leads as soon as the gateway has confirmed it. A Wi-Fi link that was lost is not tried
again for a while, unless it had proved stable before (§1.3, the two keys named below).
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import trio

from devicesim.link.keeper import Changes, LinkKeeper
from devicesim.network.kinds import Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from devicesim.link.backoff import Backoff
    from devicesim.link.courier_link import CourierLink
    from devicesim.link.dial import Dial
    from devicesim.link.session import Session
    from devicesim.power import PhonePower

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Switching:
    """How soon a device goes back to Wi-Fi.

    Attributes:
        stay_seconds: how long it stays with cellular after its Wi-Fi link was lost
            (``minutesDisableSwitchingToWiFiFromCellular``, 15).
        stable_keep_alives: so many keep-alives in a row held on that link, and it does not stay
            (``minConsecutiveKeepAlivesMaintainingWiFiConnection``, 10).
    """

    stay_seconds: float = 900.0
    stable_keep_alives: int = 10


class Links:
    """The links of one device.

    Args:
        name: of the device, for the log.
        dials: how the gateway is reached through each interface, the better one first.
        make_backoff: the delays between the attempts of one link.
        up: the interfaces that are up at the start; None: all.
        is_wanted: whether to connect at the start.
        switching: see there.
    """

    def __init__(
        self,
        name: str,
        dials: Mapping[Interface, Dial],
        make_backoff: Callable[[], Backoff],
        up: Collection[Interface] | None = None,
        *,
        is_wanted: bool = True,
        switching: Switching | None = None,
    ) -> None:
        self._name = name
        self._up = frozenset(dials if up is None else up)
        self._switching = switching or Switching()
        self._make_session: Callable[[CourierLink], Session] | None = None
        self._nursery: trio.Nursery | None = None
        self._started: set[Interface] = set()
        self.changes = Changes(self._choose)
        self.is_wanted = is_wanted
        self._power: PhonePower | None = None
        self._may_dial = True
        self._leader: Session | None = None
        self._keepers = {
            interface: LinkKeeper(
                name,
                dial,
                make_backoff(),
                self._begin,
                self.changes,
                is_wanted=is_wanted and interface in self._up,
            )
            for interface, dial in dials.items()
        }

    # -- what there is -------------------------------------------------------------------------

    @property
    def keepers(self) -> Mapping[Interface, LinkKeeper]:
        """Who keeps up the link of each interface, the better one first."""
        return self._keepers

    @property
    def sessions(self) -> tuple[Session, ...]:
        """Those of every link that stands, the better interface first."""
        return tuple(
            keeper.session
            for keeper in self._keepers.values()
            if keeper.session is not None and not keeper.session.link.reason
        )

    @property
    def leader(self) -> Session | None:
        """The session of the link that leads, if one stands."""
        leader = self._leader
        return None if leader is None or leader.link.reason else leader

    @property
    def is_confirmed(self) -> bool:
        """Whether the gateway has confirmed the link that leads: it knows the device's topics."""
        return self._leader is not None and self._leader.is_confirmed

    @property
    def is_expected(self) -> bool:
        """Whether there is a link, or will be if the gateway can be reached."""
        return self.is_wanted and (bool(self.sessions) or self._may_dial)

    @property
    def is_idle(self) -> bool:
        """Whether there is neither a link nor an attempt."""
        return all(keeper.is_idle for keeper in self._keepers.values())

    # -- what is to be; the verbs are those of a LinkKeeper ------------------------------------

    def want(self) -> None:
        """Connect now, through every interface that is up, and stay connected."""
        self.is_wanted = True
        for interface in self._up:
            self._keepers[interface].want()
            self._start(interface)

    def leave(self, reason: str) -> None:
        """Say goodbye and stay away."""
        self.is_wanted = False
        for keeper in self._keepers.values():
            keeper.leave(reason)

    def drop(self, reason: str, *, is_lost: bool = False) -> None:
        """End the links, and the attempts to get them."""
        for keeper in self._keepers.values():
            keeper.drop(reason, is_lost=is_lost)

    def hurry(self) -> None:
        """The next attempts are due now."""
        for keeper in self._keepers.values():
            keeper.hurry()

    def use(self, up: Collection[Interface], reason: str) -> None:
        """From now on these interfaces are up: leave the links of the others, connect with these.

        Args:
            up: which.
            reason: for the log, e.g. "the network changed".
        """
        self._up = frozenset(up)
        for interface, keeper in self._keepers.items():
            if interface not in self._up and keeper.is_wanted:
                keeper.leave(reason)
        if self.is_wanted:
            self.want()

    # -- what the phone's power allows ----------------------------------------------------------

    def obey(self, power: PhonePower) -> None:
        """Try to get a link only while the phone's power allows it; tell it how the links are."""
        self._power = power
        self._may_dial = power.may_reconnect
        for keeper in self._keepers.values():
            keeper.may_dial = lambda: self._may_dial

    def follow_power(self) -> None:
        """The phone's power has changed: abandon what is tried, or try again at once."""
        may_dial = self._power is None or self._power.may_reconnect
        if may_dial is self._may_dial:
            return
        self._may_dial = may_dial
        if not may_dial:
            for keeper in self._keepers.values():
                keeper.abandon()
        elif self.is_wanted:
            self.want()
        self.changes.notify()

    # -- its life ------------------------------------------------------------------------------

    async def run(self, make_session: Callable[[CourierLink], Session]) -> None:
        """Keep the links up until cancelled; leaves with goodbyes.

        One task for a device that never has more than its first interface.

        Args:
            make_session: of a link that the gateway has welcomed.
        """
        self._make_session = make_session
        first = next(iter(self._keepers))
        self._started.add(first)
        async with trio.open_nursery() as self._nursery:
            for interface, keeper in self._keepers.items():
                if keeper.is_wanted:
                    self._start(interface)
            await self._keepers[first].run()

    def _start(self, interface: Interface) -> None:
        if self._nursery is not None and interface not in self._started:
            self._started.add(interface)
            self._nursery.start_soon(self._keepers[interface].run)

    def _begin(self, link: CourierLink) -> Session:
        assert self._make_session is not None
        session = self._make_session(link)
        if self.leader is None:
            self._leader = session
            session.leads = True
        return session

    def _choose(self) -> None:
        """Let the best link lead."""
        standing = self.sessions
        if self._power is not None:
            self._power.link_changed(is_up=bool(standing))
        former, best = self._leader, next(iter(standing), None)
        if best is not None and not best.is_confirmed:
            confirmed = next((each for each in standing if each.is_confirmed), None)
            best = former if former in standing else confirmed or best
        if best is former:
            return
        self._leader = best
        if best is not None:
            best.lead()
        if former is not None:
            self._give_up_on(former, best)

    def _give_up_on(self, former: Session, best: Session | None) -> None:
        """A link leads no more: it stands by, or it is over."""
        if best is None:
            for keeper in self._keepers.values():
                if keeper.is_resting:
                    keeper.hurry()
            return
        log.info("%s: %s leads in place of %s", self._name, best.link, former.link)
        if not former.link.reason:
            former.stand_by()
        elif self._was_shaky_wifi(former):
            self._keepers[Interface.WIFI].rest(self._switching.stay_seconds)

    def _was_shaky_wifi(self, former: Session) -> bool:
        link, held = former.link, former.pulse.held_in_a_row
        is_wifi = link.interface == Interface.WIFI
        return is_wifi and link.is_lost and held < self._switching.stable_keep_alives
