"""Of each push: does it go to the device now, does it wait, or will nobody ever want it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from gateway.courier.topics import TopicLists, Verdict
from gateway.journal import State

if TYPE_CHECKING:
    from gateway.courier.mailbox import Batch, Mailbox
    from gateway.courier.terms import Arrival, Services
    from gateway.store.store import Stored
    from protocol.courier.messages import Filter, SetState
    from protocol.identifiers import UniqueId
    from protocol.notification import Notification

# (live, from storage)
_DISABLED = (State.DISCARDED_DISABLED, State.DISCARDED_DISABLED_FROM_STORAGE)
_UNREGISTERED = (State.DISCARDED_UNREGISTERED, State.DISCARDED_UNREGISTERED_FROM_STORAGE)


class Triage:
    """What a device has said that it wants, asked about one push at a time.

    Args:
        arrival: whose device it is, and whether it came as active.
        services: of the gateway.
        mailbox: where stored pushes come from, and where those go that are done with.
    """

    __slots__ = ("_active_until", "_device", "_is_active", "_lists", "_mailbox", "_services")

    def __init__(self, arrival: Arrival, services: Services, mailbox: Mailbox) -> None:
        self._device = arrival.caller.device
        self._services = services
        self._mailbox = mailbox
        self._lists: TopicLists | None = None
        self._is_active = arrival.connect.is_active
        self._active_until = float("inf")

    @property
    def is_open(self) -> bool:
        """Whether the device has said what it wants."""
        return self._lists is not None

    @property
    def is_active(self) -> bool:
        """Whether a person uses the device, by what it said last and for how long."""
        return self._is_active and trio.current_time() < self._active_until

    def want(self, said: Filter) -> None:
        """From now on these topics, for what waits already too."""
        self._lists = TopicLists(said)

    def set_state(self, said: SetState) -> bool:
        """Whether a person uses the device, and for how long.

        Returns:
            Whether something that waits may go now.
        """
        was_active = self.is_active
        self._is_active = said.is_active
        self._active_until = trio.current_time() + said.interval_seconds
        if self._lists is None or was_active:
            return False
        return said.is_active and self._lists.has_opportunistic

    def takes_offer(self, notification: Notification) -> bool:
        """Whether a push that is never stored goes now; if not, the journal says why."""
        verdict = self._verdict(notification)
        if verdict is Verdict.DISCARD:
            self._note(notification.unique_id, _DISABLED[0])
        elif verdict is not Verdict.DELIVER:
            detail = "the device does not take this topic now and the push may not be stored"
            self._note(notification.unique_id, State.DISCARDED_EXPIRED, detail)
        return verdict is Verdict.DELIVER

    def takes(self, stored: Stored, batch: Batch) -> bool:
        """Whether a stored push goes now; discards what nobody will ever want."""
        notification = stored.notification
        registration = self._services.directory.registration_of(notification.token)
        if registration is None or registration.unregistered_at is not None:
            self._discard(stored, _UNREGISTERED)
            return False
        verdict = self._verdict(notification)
        if verdict is Verdict.DISCARD:
            self._discard(stored, _DISABLED)
        elif verdict is Verdict.HOLD and stored.seq > batch.seen_until:
            self._note(notification.unique_id, State.STORED_POWER)
        return verdict is Verdict.DELIVER

    def _verdict(self, notification: Notification) -> Verdict:
        if self._lists is None:
            return Verdict.WAIT
        return self._lists.verdict(notification.topic, is_active=self.is_active)

    def _discard(self, stored: Stored, states: tuple[State, State]) -> None:
        is_from_storage = self._mailbox.is_from_storage(stored)
        if is_from_storage:
            self._services.journal.adopt(stored.notification, self._device)
        self._note(stored.notification.unique_id, states[is_from_storage])
        self._mailbox.receipts.add(stored.seq)

    def _note(self, unique_id: UniqueId, state: State, detail: str = "") -> None:
        self._services.journal.note(unique_id, state, detail)
