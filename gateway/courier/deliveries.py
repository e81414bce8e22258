"""What is sent to a device, and what became of it: the deliver loop over the store.

Store first, then wake: the loop is woken, reads the store behind its cursor, and sends what the
device wants while the window has room. Only an acknowledgement (or a reason to discard) takes a
push out of the store; a push in flight when the link dies is sent again on the next one.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio

from gateway.courier.bell import Bell
from gateway.courier.faults import DeliveryFaults
from gateway.courier.mailbox import Mailbox
from gateway.courier.triage import Triage
from gateway.courier.window import InFlight, Window
from gateway.journal import State
from gateway.store.store import StoreUnavailableError
from protocol.courier.messages import AckStatus, NoStorage, Push, StorageFlags

if TYPE_CHECKING:
    from gateway.courier.link import Link
    from gateway.courier.mailbox import Batch
    from gateway.courier.terms import Arrival, CourierSettings, Services
    from protocol.courier.messages import Filter, PushAck, SetState
    from protocol.identifiers import UniqueId
    from protocol.notification import Notification

# At most 32 pushes of 5 KB between two looks at the high-water mark.
_FETCH_LIMIT = 32
_FIRST_RETRY_SECONDS = 1.0
_LAST_RETRY_SECONDS = 30.0

# (live, from storage)
_DELIVERED = (State.DELIVERED, State.DELIVERED_FROM_STORAGE)
_UNREGISTERED = (State.DISCARDED_UNREGISTERED, State.DISCARDED_UNREGISTERED_FROM_STORAGE)


class Deliveries:
    """The pushes of one session."""

    __slots__ = (
        "_bell",
        "_device",
        "_faults",
        "_is_paused",
        "_link",
        "_mailbox",
        "_owes_no_storage",
        "_scope",
        "_services",
        "_triage",
        "_wants_room",
        "_window",
        "acknowledged",
        "sent",
        "unknown_acknowledgements",
    )

    def __init__(
        self, arrival: Arrival, link: Link, services: Services, settings: CourierSettings
    ) -> None:
        self._device = arrival.caller.device
        self._faults: DeliveryFaults | None = None
        self._link = link
        self._services = services
        self._mailbox = Mailbox(services, self._device)
        self._window = Window(settings.window, settings.offers)
        self._triage = Triage(arrival, services, self._mailbox, settings)
        self._bell = Bell()
        self._scope = trio.CancelScope()
        self._is_paused = False
        self._owes_no_storage = False
        self._wants_room = False
        self.sent = self.acknowledged = self.unknown_acknowledgements = 0

    @property
    def in_flight(self) -> int:
        """How many pushes were sent and not yet acknowledged."""
        return len(self._window)

    @property
    def is_active(self) -> bool:
        """Whether a person uses the device, by what it said last and for how long."""
        return self._triage.is_active

    @property
    def held(self) -> int:
        """How many pushes wait for the sake of the device's power."""
        return self._triage.held

    # -- what others say; nothing here waits --------------------------------------------------

    def wake(self) -> None:
        """Look at the store."""
        self._bell.ring()

    def want(self, said: Filter) -> None:
        """From now on these topics, for what waits already too."""
        self._triage.want(said)
        self._owes_no_storage = True
        self._look_again()

    def set_state(self, said: SetState) -> None:
        """Whether a person uses the device, and for how long."""
        if self._triage.set_state(said):
            self._look_again()

    def _look_again(self) -> None:
        self._mailbox.rewind()
        self._bell.ring()

    def pause(self) -> None:
        """Send nothing more; acknowledgements still count."""
        self._is_paused = True

    def stop(self) -> None:
        """End the loop."""
        self._scope.cancel()

    def offer(self, notification: Notification) -> bool:
        """Send a push that is never stored, now or never; False when there is no room.

        Apple: with an expiration of 0, APNs "attempts to deliver the notification only once and
        doesn't store it".
        """
        if not self._triage.is_open or self._is_paused or self._link.reason:
            return False
        if not self._triage.takes_offer(notification):
            return True
        if not (self._window.has_room_for_offer and self._link.has_room):
            return False
        self._send(notification, None, StorageFlags.LIVE)
        if self._triage.wakes_with(notification):
            self._look_again()
        return True

    async def hear(self, ack: PushAck) -> None:
        """What became of a push on the device.

        Raises:
            StoreUnavailableError: a token could not be unregistered; the push stays stored, and
                the device will say the same of it on its next link.
        """
        if self._faults is not None and self._faults.drops(ack.message_id):
            return
        push = self._window.pop(ack.message_id)
        if push is None:
            self.unknown_acknowledgements += 1
            return
        if self._wants_room and self._window.is_half_empty:
            self._bell.ring()
        if ack.status is AckStatus.UNKNOWN_TOKEN:
            await self._services.directory.unregister(push.token)
            self._note(push.unique_id, _UNREGISTERED[push.is_from_storage])
        else:
            self.acknowledged += 1
            self._note(push.unique_id, _DELIVERED[push.is_from_storage])
        if push.seq is not None:
            self._mailbox.receipts.add(push.seq)

    async def settle(self) -> None:
        """Tell the store what has been acknowledged; when it is out, the loop does so later."""
        try:
            await self._mailbox.receipts.flush()
        except StoreUnavailableError:
            self._bell.ring()

    # -- the loop ------------------------------------------------------------------------------

    async def run(self) -> None:
        """Deliver until stopped. An outage of the store is waited out.

        Raises:
            FencedError: a newer session has the device.
        """
        retry_seconds = _FIRST_RETRY_SECONDS
        with self._scope:
            # Once the link has ended, a newer session may be attached: keep out of its way.
            while not self._link.reason:
                try:
                    await self._mailbox.open()
                    await self._mailbox.receipts.flush()
                    await self._deliver()
                except StoreUnavailableError:
                    with trio.move_on_after(retry_seconds):
                        await self._bell.wait()
                    retry_seconds = min(2 * retry_seconds, _LAST_RETRY_SECONDS)
                else:
                    retry_seconds = _FIRST_RETRY_SECONDS
                    await self._wait()

    async def _wait(self) -> None:
        """Until somebody rings, or a burst of what is held is due."""
        if self._triage.burst_at == inf:
            await self._bell.wait()
            return
        with trio.move_on_at(self._triage.burst_at):
            await self._bell.wait()
        if trio.current_time() >= self._triage.burst_at:
            self._triage.burst()
            self._mailbox.rewind()

    async def _deliver(self) -> None:
        self._wants_room = False
        is_first = True
        while not self._is_paused and self._triage.is_open:
            # Filling up a window that is nearly full would ask the store for one at a time.
            if self._window.room <= 0 or not (is_first or self._window.is_half_empty):
                self._wants_room = True
                return
            is_first = False
            await self._link.wait_for_room()
            batch = await self._mailbox.fetch(min(self._window.room, _FETCH_LIMIT))
            is_settled = self._send_batch(batch)
            await self._mailbox.receipts.flush()
            if not is_settled:
                self._mailbox.rewind()
                is_first = True
            elif batch.is_exhausted:
                self._say_no_storage()
                return

    def _send_batch(self, batch: Batch) -> bool:
        """Whether that was it; not if older ones, which were held, are to go with these."""
        if self._is_paused:
            return True
        chosen = self._triage.choose(batch, self._window)
        if chosen is None:
            return False
        stored_seqs = [each.stored.seq for each in chosen if each.is_from_storage]
        for each, is_from_storage in chosen:
            flags = StorageFlags.LIVE
            if is_from_storage:
                flags = StorageFlags.FROM_STORAGE
                self._services.journal.adopt(each.notification, self._device)
                if batch.ends_backlog and each.seq == stored_seqs[-1]:
                    flags |= StorageFlags.LAST_FROM_STORAGE
            self._send(each.notification, each.seq, flags)
        return True

    def _send(self, notification: Notification, seq: int | None, flags: StorageFlags) -> None:
        unique_id, token = notification.unique_id, notification.token
        self._window.add(InFlight(unique_id, token, seq, StorageFlags.FROM_STORAGE in flags))
        push = Push(
            message_id=unique_id,
            token=token,
            topic=notification.topic,
            payload=notification.payload,
            apns_id=notification.apns_id,
            push_type=notification.push_type,
            priority=notification.priority,
            collapse_id=notification.collapse_id,
            expires_at=notification.expires_at,
            sent_at=notification.received_at,
            storage=flags,
        )
        if self._services.faults.book.deliveries:
            self._faults = self._faults or DeliveryFaults(self._device, self._link, self._services)
            self._faults.send(push)
        else:
            self._link.send(push)
        self.sent += 1
        if seq is not None:
            self._owes_no_storage = False

    def _say_no_storage(self) -> None:
        if self._owes_no_storage and not self._is_paused:
            self._owes_no_storage = False
            self._link.send(NoStorage())

    # -- the end -------------------------------------------------------------------------------

    async def close(self, reason: str) -> None:
        """Leave the rest to the next session; what is never stored has had its one attempt.

        Raises:
            StoreUnavailableError: the store is out; it learns nothing, and will hand out again
                what was acknowledged last. The device drops what it knows.
        """
        for push in self._window:
            if push.seq is None:
                detail = f"sent once, not acknowledged: {reason}"
                self._note(push.unique_id, State.DISCARDED_EXPIRED, detail)
        await self._mailbox.close()

    def _note(self, unique_id: UniqueId, state: State, detail: str = "") -> None:
        self._services.journal.note(unique_id, state, detail)
