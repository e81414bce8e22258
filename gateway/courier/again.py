"""What one session makes of pushes that were sent and never acknowledged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gateway.records import State
from gateway.routing.unacknowledged import Sent

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from gateway.courier.mailbox import Batch
    from gateway.courier.receipts import Receipts
    from gateway.courier.terms import Services
    from gateway.courier.triage import Triage
    from gateway.courier.window import Window
    from protocol.identifiers import DeviceId, UniqueId

# (live, from storage)
_DELIVERED = (State.DELIVERED, State.DELIVERED_FROM_STORAGE)
_UNREGISTERED = (State.DISCARDED_UNREGISTERED, State.DISCARDED_UNREGISTERED_FROM_STORAGE)


class Again:
    """The pushes that lost links of a device have left behind, as its next session sees them.

    Args:
        device: whose they are.
        services: of the gateway.
        receipts: where those go that will not be sent again.
    """

    __slots__ = ("_device", "_receipts", "_services")

    def __init__(self, device: DeviceId, services: Services, receipts: Receipts) -> None:
        self._device = device
        self._services = services
        self._receipts = receipts

    def choose(self, batch: Batch, triage: Triage, window: Window) -> list[Sent] | None:
        """What goes now: first what was sent before, then what else the store has handed out.

        Returns:
            In order, no more than there is room for; None: see :meth:`Triage.choose`.
        """
        now = self._services.now()
        left = self._services.sessions.unacknowledged.of(self._device)
        taken = [push for push in left if triage.takes_again(push)]
        again = [
            push._replace(is_from_storage=True, again_at=now)
            for push in taken[: max(0, window.room - len(batch.pushes))]
        ]
        self._services.sessions.unacknowledged.sent_again += len(again)
        known: Container[UniqueId] = window
        if left:
            known = {push.unique_id for push in (*window, *left)}
        chosen = triage.choose(batch, known)
        if chosen is None:
            return None
        return again + [
            Sent(stored.notification, stored.seq, is_from_storage, now)
            for stored, is_from_storage in chosen
        ]

    @property
    def has_more(self) -> bool:
        """Whether something is left that did not go."""
        return bool(self._services.sessions.unacknowledged.of(self._device))

    def acknowledged(self, push: Sent, *, is_delivered: bool) -> None:
        """The device has acknowledged it, as a push for one of its apps or for none."""
        state = (_DELIVERED if is_delivered else _UNREGISTERED)[push.is_from_storage]
        self._services.journal.note(push.unique_id, state, _story(push))

    def lost(self, pushes: Iterable[Sent], reason: str) -> None:
        """The link is lost, or another one serves the device: they are sent again there."""
        left = list(pushes)
        self._services.sessions.unacknowledged.leave(self._device, left)
        if self._services.sessions.session_of(self._device) is None:
            for push in left:
                detail = f"sent at {_clock(push.sent_at)}, not acknowledged: {reason}"
                self._services.journal.note(push.unique_id, State.STORED_OFFLINE, detail)

    def given_up(self, pushes: Iterable[Sent], reason: str) -> None:
        """The device said goodbye: what is never stored has had its one attempt."""
        now = self._services.now()
        for push in pushes:
            self._services.sessions.unacknowledged.settled(push.unique_id)
            if push.seq is not None and not push.notification.has_expired(now):
                continue  # the store keeps it
            detail = f"sent once, not acknowledged: {reason}"
            self._services.journal.note(push.unique_id, State.DISCARDED_EXPIRED, detail)
            if push.seq is not None:
                self._receipts.add(push.seq)


def _story(push: Sent) -> str:
    """For the timeline of a push that has arrived, how it came there; usually there is no story."""
    if push.again_at is None:
        return ""
    text = (
        f"sent at {_clock(push.sent_at)}, not acknowledged;"
        f" sent again on the next link at {_clock(push.again_at)}"
    )
    return text + ", past its expiration" * push.notification.has_expired(push.again_at)


def _clock(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
