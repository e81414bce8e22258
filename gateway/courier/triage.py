"""Of each push: does it go to the device now, does it wait, or will nobody ever want it?"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import worldtime
from gateway.courier.held import Held
from gateway.courier.topics import TopicLists, Verdict
from gateway.records import State
from protocol.notification import Priority

if TYPE_CHECKING:
    from collections.abc import Container

    from gateway.courier.mailbox import Batch, Mailbox
    from gateway.courier.terms import Arrival, CourierSettings, Services
    from gateway.routing.unacknowledged import Sent
    from gateway.store.store import Stored
    from protocol.courier.messages import Filter, SetState
    from protocol.identifiers import UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

# (live, from storage)
_DISCARDED = {
    Verdict.DISABLED: (State.DISCARDED_DISABLED, State.DISCARDED_DISABLED_FROM_STORAGE),
    Verdict.UNREGISTERED: (
        State.DISCARDED_UNREGISTERED,
        State.DISCARDED_UNREGISTERED_FROM_STORAGE,
    ),
}
_WHY_NOT_NOW = {
    Verdict.BURST: "nobody uses the device",
    Verdict.HOLD: "nobody uses the device",
    Verdict.PAUSE: "the device has paused the topic",
    Verdict.WAIT: "the device does not take this topic now",
}
_UNTIL = {
    Verdict.BURST: "; it goes with the next burst",
    Verdict.HOLD: "; it goes when somebody does, or when something else wakes it",
}


class Chosen(NamedTuple):
    """A push that goes now."""

    stored: Stored
    is_from_storage: bool


class Triage:
    """What a device has said that it wants and what state it is in, asked about its pushes.

    Args:
        arrival: whose device it is, and whether it came as active.
        services: of the gateway.
        mailbox: where stored pushes come from, and where those go that are done with.
        settings: whether and how long to hold pushes for the sake of power.
    """

    __slots__ = (
        "_active_until",
        "_device",
        "_heeds_priority",
        "_held",
        "_is_active",
        "_lists",
        "_mailbox",
        "_services",
    )

    def __init__(
        self, arrival: Arrival, services: Services, mailbox: Mailbox, settings: CourierSettings
    ) -> None:
        self._device = arrival.caller.device
        self._services = services
        self._mailbox = mailbox
        self._lists: TopicLists | None = None
        self._heeds_priority = settings.holds_for_power
        self._held = Held(settings.burst_seconds)
        self._is_active = arrival.connect.is_active
        self._active_until = float("inf")

    # -- what the device is like ---------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether the device has said what it wants."""
        return self._lists is not None

    @property
    def is_active(self) -> bool:
        """Whether a person uses the device, by what it said last and for how long."""
        return self._is_active and worldtime.current_time() < self._active_until

    @property
    def held(self) -> int:
        """How many pushes wait for the sake of power."""
        return self._held.count(self._services.now())

    def want(self, said: Filter) -> None:
        """From now on these topics, for what waits already too."""
        self._lists = TopicLists(said)

    def set_state(self, said: SetState) -> bool:
        """Whether a person uses the device, and for how long.

        Returns:
            Whether something that waits may go now.
        """
        self._is_active = said.is_active
        self._active_until = worldtime.current_time() + said.interval_seconds
        return said.is_active and self._held.wake()

    # -- bursts --------------------------------------------------------------------------------

    @property
    def burst_at(self) -> float:
        """When a burst is due, by the world's time; infinitely late while nothing waits for one."""
        return self._held.burst_at

    def burst(self) -> None:
        """What waits for a burst may go now."""
        self._held.burst()

    def forget(self, tenant: Tenant) -> None:
        """A tenant's pushes are gone from the store."""
        self._held.forget(tenant)

    # -- one push, or a few --------------------------------------------------------------------

    def takes_offer(self, notification: Notification) -> bool:
        """Whether a push that is never stored goes now; if not, the journal says why."""
        verdict = self._judge(notification, is_active=self.is_active)
        if _goes(verdict):
            return True
        if verdict is Verdict.DISABLED:
            self._note(notification.unique_id, _DISCARDED[verdict][0])
        else:
            detail = f"{_WHY_NOT_NOW[verdict]} and the push may not be stored"
            self._note(notification.unique_id, State.DISCARDED_EXPIRED, detail)
        return False

    def wakes_with(self, offered: Notification) -> bool:
        """Whether pushes that are held may go along with one that is never stored."""
        return (
            bool(self._held)
            and self._judge(offered, is_active=self.is_active) is Verdict.WAKE
            and self._held.wake()
        )

    def choose(self, batch: Batch, in_flight: Container[UniqueId]) -> list[Chosen] | None:
        """Those of a batch that go now; the others are held or discarded, as they deserve.

        Args:
            batch: what the store has handed out.
            in_flight: what was sent before and is not to be judged again.

        Returns:
            In order; None when older ones that were held go along with these: then nothing has
            been decided, and the store is to be read from its beginning.
        """
        is_active = self.is_active
        judged = [
            (stored, self._judge_registered(stored.notification, is_active=is_active))
            for stored in batch.pushes
            if stored.notification.unique_id not in in_flight
        ]
        wakes = not is_active and any(verdict is Verdict.WAKE for _, verdict in judged)
        if wakes and self._held.wake(batch.pushes[-1].seq):
            return None
        return [chosen for each in judged if (chosen := self._choose(*each)) is not None]

    def takes_again(self, push: Sent) -> bool:
        """Whether one that a lost link has left behind goes now; discards it as it deserves."""
        verdict = self._judge_registered(push.notification, is_active=self.is_active)
        if verdict in _DISCARDED:
            self._services.sessions.unacknowledged.settled(push.unique_id)
            self._note(push.unique_id, _DISCARDED[verdict][True])
            if push.seq is not None:
                self._mailbox.receipts.add(push.seq)
        return _goes(verdict) or verdict in _UNTIL

    def _choose(self, stored: Stored, verdict: Verdict) -> Chosen | None:
        has_waited = self._mailbox.is_from_storage(stored)
        is_held = stored in self._held
        if _goes(verdict) or (
            verdict in _UNTIL and (has_waited or self._held.lets_go(stored, verdict))
        ):
            if is_held:
                self._held.release(stored)
            return Chosen(stored, has_waited or is_held)
        if verdict in _DISCARDED:
            self._held.release(stored)
            self._discard(stored, _DISCARDED[verdict][has_waited or is_held])
        elif verdict is not Verdict.WAIT and not is_held:
            self._hold(stored, verdict)
        return None

    def _judge(self, notification: Notification, *, is_active: bool) -> Verdict:
        if self._lists is None:
            return Verdict.WAIT
        priority = notification.priority if self._heeds_priority else Priority.IMMEDIATE
        return self._lists.verdict(notification.topic, priority, is_active=is_active)

    def _judge_registered(self, notification: Notification, *, is_active: bool) -> Verdict:
        registration = self._services.directory.registration_of(notification.token)
        if registration is None or registration.unregistered_at is not None:
            return Verdict.UNREGISTERED
        return self._judge(notification, is_active=is_active)

    def _hold(self, stored: Stored, verdict: Verdict) -> None:
        detail = _WHY_NOT_NOW[verdict] + _UNTIL.get(verdict, "")
        self._note(stored.notification.unique_id, State.STORED_POWER, detail)
        older = self._held.keep(stored, verdict)
        # What has expired is left for the sweep, which reports it as expired.
        if older is not None and self._services.now() < older.expires_at:
            self._note(older.unique_id, State.REPLACED, f"by {stored.notification.apns_id}")
            self._mailbox.receipts.add(older.seq)

    def _discard(self, stored: Stored, state: State) -> None:
        if self._mailbox.is_from_storage(stored):
            self._services.journal.adopt(stored.notification, self._device)
        self._note(stored.notification.unique_id, state)
        self._mailbox.receipts.add(stored.seq)

    def _note(self, unique_id: UniqueId, state: State, detail: str = "") -> None:
        self._services.journal.note(unique_id, state, detail)


def _goes(verdict: Verdict) -> bool:
    # Not by looking it up in a set: the hash of an enum's member is computed in Python.
    return verdict is Verdict.DELIVER or verdict is Verdict.WAKE
