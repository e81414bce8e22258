"""What the devices of one host share, and whom they tell."""

from __future__ import annotations

from random import Random
from secrets import token_bytes
from typing import TYPE_CHECKING, Protocol

from devicesim.agenda import Agenda
from devicesim.link.backoff import Backoff
from devicesim.power import PowerSettings
from devicesim.runtime.rules import RuntimeRules
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.link.dial import Dial
    from devicesim.link.keepalive import KeepAliveSweeper
    from devicesim.network import LostStreams, PhonePath
    from devicesim.presentation import Presentation
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push


class OnReceived(Protocol):
    """Told of each push that reached its app; must neither block nor raise."""

    def __call__(
        self, device_id: str, message: Push, presentation: Presentation, detail: str
    ) -> None:
        """One push."""
        ...


class Surroundings:
    """What the devices of one host share.

    Args:
        make_dial: how a device with this state reaches its gateway on this path.
        now: the wall clock, UNIX seconds.
        on_received: told of every push.
        keep_alive: the one sweeper.
        make_backoff: a new device's delays.
        lost: keeps the sockets of half-open links.
    """

    def __init__(
        self,
        make_dial: Callable[[DeviceState, PhonePath], Dial],
        now: Callable[[], float],
        on_received: OnReceived,
        keep_alive: KeepAliveSweeper,
        lost: LostStreams,
        make_backoff: Callable[[], Backoff] | None = None,
    ) -> None:
        self.make_dial = make_dial
        self.now = now
        self.on_received = on_received
        self.keep_alive = keep_alive
        self.lost = lost
        self.activity_budget = 0  # see ActivityKit
        self.activities_due = Alarm(now)
        self.power = PowerSettings()
        self.agenda = Agenda()  # run by the host
        self.rules = RuntimeRules()
        self.random_bytes: Callable[[int], bytes] = token_bytes  # where ids come from
        dice = Random()
        self.make_backoff = make_backoff or (lambda: Backoff(dice))
