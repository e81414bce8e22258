"""A phone's power: who uses it, whether apsd may work, and for how long something keeps it awake.

The field report behind it ("VoIP dead zone", an engineer of Apple's answers): a locked phone lost
its path, apsd began to reconnect, and 2 min 40 s later the policy became 3, "display off, locked,
nothing asserting": the attempt was abandoned, and every app's pushes waited until an incoming
cellular call woke the phone. "The only variable is how long it tries before giving up."

A model without tasks: it is told what happens, and puts down in an agenda when something is due.
Times are the world's.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import ceil, inf
from typing import TYPE_CHECKING

import worldtime
from protocol.courier.messages import SetState
from protocol.notification import Priority, PushType

if TYPE_CHECKING:
    from collections.abc import Callable

    from devicesim.agenda import Agenda

log = logging.getLogger(__name__)

# Their work is done in the background, unseen.
NON_WAKING = frozenset({PushType.COMPLICATION, PushType.FILE_PROVIDER})


class Power(StrEnum):
    """What the person does with the phone.

    Low-power is a locked phone in Low Power Mode: what does not alert waits too.
    """

    AWAKE = "awake"
    LOCKED = "locked"
    LOW_POWER = "low-power"


class AssertionPolicy(IntEnum):
    """Powerd's words for what may run; the numbers are those of its log."""

    FULL = 0
    RESTRICTED = 3

    @classmethod
    def parse(cls, text: str) -> AssertionPolicy:
        """Read ``full`` or ``restricted``.

        Raises:
            ValueError: neither.
        """
        try:
            return cls[text.upper()]
        except KeyError:
            raise ValueError(f"{text!r} is no assertion policy: full or restricted") from None

    def __str__(self) -> str:
        return self.name.lower()


class WakeReason(StrEnum):
    """What wakes a phone, apart from a push on a live link."""

    USER = "user"
    CELLULAR_CALL = "cellular-call"
    TIMER = "timer"


@dataclass(frozen=True, slots=True)
class PowerSettings:
    """The numbers of a phone's power, in seconds.

    Attributes:
        reconnect_seconds: for how long a locked phone without a link keeps trying; the field
            report's 2 min 40 s.
        wake_seconds: for how long a push that wakes a locked phone keeps it awake.
        call_seconds: for how long an incoming cellular call does.
        maintenance_seconds: after so long a restricted phone wakes by itself, with a dark screen,
            and tries again; 0 = never.
    """

    reconnect_seconds: float = 160.0
    wake_seconds: float = 8.0
    call_seconds: float = 30.0
    maintenance_seconds: float = 1800.0


class PhonePower:
    """The power of one phone.

    Args:
        name: of the phone, for the log.
        mode: what the person does with it at first.
        settings: its numbers.
        forced: a policy that stays until the next wake or change of mode.
        agenda: where its deadlines are put down; None: it never gives up.
    """

    __slots__ = (
        "_agenda",
        "_due_at",
        "_has_link",
        "_is_on",
        "_lit_until",
        "_looks_at",
        "_name",
        "_on_change",
        "_settings",
        "forced",
        "mode",
        "policy",
    )

    def __init__(
        self,
        name: str,
        mode: Power = Power.AWAKE,
        settings: PowerSettings | None = None,
        forced: AssertionPolicy | None = None,
        agenda: Agenda | None = None,
    ) -> None:
        self._name = name
        self._settings = settings or PowerSettings()
        self._on_change: Callable[[], None] = lambda: None
        self._is_on = True
        self._has_link = False
        self._lit_until = -inf
        self._agenda = agenda
        self._due_at = inf
        self._looks_at = inf  # of what is in the agenda, the next
        self.mode = mode
        self.forced = forced
        self.policy = AssertionPolicy.FULL if forced is None else forced

    # -- what others see -----------------------------------------------------------------------

    @property
    def is_active(self) -> bool:
        """Whether the display is on: a person uses the phone, or something has just woken it."""
        return self.mode is Power.AWAKE or self.is_lit

    @property
    def is_lit(self) -> bool:
        """Whether something has just woken it."""
        return self.lit_seconds > 0

    @property
    def lit_seconds(self) -> float:
        """For how long the display is still on by itself; 0: it is dark, or a person's affair."""
        return max(0.0, self._lit_until - worldtime.current_time())

    @property
    def may_reconnect(self) -> bool:
        """Whether apsd may try to get a link."""
        return self.policy is AssertionPolicy.FULL

    @property
    def state(self) -> SetState:
        """What is to be said on the link."""
        lit = ceil(self.lit_seconds)
        if self.mode is Power.AWAKE or not lit:
            return SetState(is_active=self.mode is Power.AWAKE)
        return SetState(is_active=True, interval_seconds=lit)

    def on_change(self, tell: Callable[[], None]) -> None:
        """Have somebody told whenever any of the above may have changed."""
        self._on_change = tell

    # -- what happens --------------------------------------------------------------------------

    def start(self) -> None:
        """The phone is running; to be called under Trio, once."""
        self._count_anew()

    def switch(self, *, is_on: bool) -> None:
        """The phone is switched on, which begins like a wake, or off."""
        if is_on and not self._is_on and self.forced is None:
            self.policy = AssertionPolicy.FULL
        self._is_on = is_on
        self._count_anew()
        self._on_change()

    def use(self, mode: Power) -> None:
        """The person locks or unlocks it."""
        if mode is not self.mode:
            log.info("powerd[%s]: %s -> %s", self._name, self.mode, mode)
        self.mode = mode
        self._lit_until = -inf
        self.forced = None
        if mode is Power.AWAKE:
            self._change_policy(AssertionPolicy.FULL, "display on")
        self._count_anew()
        self._on_change()

    def wake(self, reason: WakeReason) -> None:
        """Something wakes it: apsd may work again, and tries as long as after any loss.

        A user takes it into the hand and unlocks it; a call lights the display for a while; a
        timer leaves it dark.
        """
        log.info("powerd[%s]: wake: %s", self._name, reason)
        if reason is WakeReason.USER:
            self.mode = Power.AWAKE
        elif reason is WakeReason.CELLULAR_CALL:
            self._light(self._settings.call_seconds)
        self._allow_all(f"wake: {reason}")
        self._on_change()

    def force(self, policy: AssertionPolicy) -> None:
        """Have this policy, whatever happens, until the next wake or change of mode."""
        self.forced = policy
        self._change_policy(policy, "forced")
        self._count_anew()
        self._on_change()

    def heard_push(self, push_type: PushType, priority: Priority, *, alerts: bool) -> bool:
        """A push has arrived, or its alert is shown; whether that woke the phone.

        Priority 10 wakes it for a moment, 5 only if it alerts, 1 never (Apple: "prevent awakening
        the device"). On a live link it ends any restriction, as other wakes do.
        """
        wakes = priority is Priority.IMMEDIATE or (alerts and priority is Priority.POWER_AWARE)
        if not wakes or push_type in NON_WAKING or self.mode is Power.AWAKE:
            return False
        is_held = self.forced is not None or self.policy is AssertionPolicy.RESTRICTED
        is_freed = is_held and self._has_link
        if is_freed:
            self._allow_all("wake: a push")
        is_dark = self._lit_until - worldtime.current_time() < self._settings.wake_seconds / 2
        if is_dark:  # else it is said already
            self._light(self._settings.wake_seconds)
        if is_freed or is_dark:
            self._on_change()
        return True

    def link_changed(self, *, is_up: bool) -> None:
        """The link has come, or is lost: then apsd begins to reconnect."""
        if is_up is not self._has_link:
            self._has_link = is_up
            self._count_anew()

    def path_changed(self) -> None:
        """Another network: a reconnect begins anew, unless it was abandoned already."""
        if self.policy is AssertionPolicy.FULL:
            self._count_anew()

    async def _do_what_is_due(self) -> None:
        """Abandon the reconnect, or wake for maintenance; unless the deadline has moved."""
        self._looks_at = inf
        if worldtime.current_time() < self._due_at:
            self._put_down()
            return
        if self.policy is AssertionPolicy.RESTRICTED:
            self.wake(WakeReason.TIMER)
            return
        why = "display off, locked, nothing asserting"
        self._change_policy(AssertionPolicy.RESTRICTED, why)
        log.info("apsd[%s]: restricted idle; reconnect abandoned", self._name)
        self._count_anew()
        self._on_change()

    # -- what the above have in common ---------------------------------------------------------

    def _light(self, seconds: float) -> None:
        self._lit_until = max(self._lit_until, worldtime.current_time() + seconds)

    def _allow_all(self, why: str) -> None:
        """As any wake does."""
        self.forced = None
        self._change_policy(AssertionPolicy.FULL, why)
        self._count_anew()

    def _change_policy(self, policy: AssertionPolicy, why: str) -> None:
        if policy is not self.policy:
            log.info("powerd[%s]: assertion policy %d: %s", self._name, policy, why)
        self.policy = policy

    def _count_anew(self) -> None:
        seconds = inf
        if self._is_on and not self._has_link and self.forced is None:
            if self.policy is AssertionPolicy.RESTRICTED:
                seconds = self._settings.maintenance_seconds or inf
            elif self.mode is not Power.AWAKE:
                seconds = max(self._settings.reconnect_seconds, self.lit_seconds)
        self._due_at = worldtime.current_time() + seconds
        self._put_down()

    def _put_down(self) -> None:
        # Once: a deadline that moves on, as with a link that flaps, is put down when it was due.
        if self._agenda is not None and self._due_at < self._looks_at:
            seconds = self._due_at - worldtime.current_time()
            self._looks_at = self._agenda.after(seconds, self._do_what_is_due)
