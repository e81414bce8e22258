"""What is sent to a device, and what became of it: the deliver loop over the store.

Store first, then wake: the loop is woken, reads the store behind its cursor, and sends what the
device wants while the window has room. Only an acknowledgement (or a reason to discard) takes a
push out of the store; a push in flight when the link dies is sent again on the next one.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

import trio

import worldtime
from gateway.courier.again import Again
from gateway.courier.bell import Bell
from gateway.courier.mailbox import Mailbox
from gateway.courier.outgoing import as_message, flagged
from gateway.courier.triage import Triage
from gateway.courier.window import Window
from gateway.routing.unacknowledged import Sent
from gateway.store.store import FencedError, StoreUnavailableError
from protocol.courier.messages import AckStatus, NoStorage, StorageFlags

if TYPE_CHECKING:
    from gateway.courier.faults import DeliveryFaults
    from gateway.courier.link import Link
    from gateway.courier.mailbox import Batch
    from gateway.courier.terms import Arrival, CourierSettings, Services
    from protocol.courier.messages import Filter, PushAck, SetState
    from protocol.notification import Notification

# At most 32 pushes of 5 KB between two looks at the high-water mark.
_FETCH_LIMIT = 32
_FIRST_RETRY_SECONDS = 1.0
_LAST_RETRY_SECONDS = 30.0


class Deliveries:
    """The pushes of one session; its ``triage`` knows which of them go now."""

    __slots__ = (
        "_again",
        "_bell",
        "_device",
        "_faults",
        "_is_paused",
        "_link",
        "_mailbox",
        "_must_attach",
        "_owes_no_storage",
        "_scope",
        "_services",
        "_wants_room",
        "_window",
        "acknowledged",
        "is_served",
        "sent",
        "triage",
        "unknown_acknowledgements",
    )

    def __init__(
        self,
        arrival: Arrival,
        link: Link,
        services: Services,
        settings: CourierSettings,
        faults: DeliveryFaults,
    ) -> None:
        self._device = arrival.caller.device
        self._faults = faults
        self._link = link
        self.is_served = self._must_attach = False
        self._services = services
        self._mailbox = Mailbox(services, self._device)
        self._again = Again(self._device, services, self._mailbox.receipts)
        self._window = Window(settings.window, settings.offers)
        self.triage = Triage(arrival, services, self._mailbox, settings)
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

    # -- what others say; nothing here waits --------------------------------------------------

    def serve(self) -> None:
        """From now on the device's pushes go here."""
        self.is_served = self._must_attach = True
        self._bell.ring()

    def stand_by(self) -> None:
        """Another link of the device serves it: what is in flight here is sent again there."""
        self.is_served = False
        self._again.lost(self._window.empty(), "another link of the device has taken over")

    def end(self, reason: str, *, is_lost: bool) -> None:
        """The link is over. Leave what is in flight to the next one, if nobody said goodbye."""
        (self._again.lost if is_lost else self._again.given_up)(self._window.empty(), reason)

    def wake(self) -> None:
        """Look at the store."""
        self._bell.ring()

    def want(self, said: Filter) -> None:
        """From now on these topics, for what waits already too."""
        self.triage.want(said)
        self._owes_no_storage = True
        self._look_again()

    def set_state(self, said: SetState) -> None:
        """Whether a person uses the device, and for how long."""
        if self.triage.set_state(said):
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
        if not self.triage.is_open or not self._may_send or self._link.reason:
            return False
        if not self.triage.takes_offer(notification):
            return True
        if not (self._window.has_room_for_offer and self._link.has_room):
            return False
        offered = Sent(notification, None, is_from_storage=False, sent_at=self._services.now())
        self._send(offered, StorageFlags.LIVE)
        if self.triage.wakes_with(notification):
            self._look_again()
        return True

    async def acknowledge(self, ack: PushAck) -> None:
        """What became of a push on the device.

        Raises:
            StoreUnavailableError: a token could not be unregistered; the push stays stored, and
                the device will say the same of it on its next link.
        """
        push = self._window.pop(ack.message_id)
        if push is None:
            self.unknown_acknowledgements += 1
            return
        self._services.sessions.unacknowledged.settled(push.unique_id)
        if self._wants_room and self._window.is_half_empty:
            self._bell.ring()
        if ack.status is AckStatus.UNKNOWN_TOKEN:
            await self._services.directory.unregister(push.notification.token)
        else:
            self.acknowledged += 1
        self._again.acknowledged(push, is_delivered=ack.status is not AckStatus.UNKNOWN_TOKEN)
        if push.seq is not None:
            self._mailbox.receipts.add(push.seq)

    async def settle(self) -> None:
        """Tell the store what has been acknowledged; when it is out, the loop does so later."""
        try:
            await self._mailbox.receipts.flush()
        except StoreUnavailableError:
            self._bell.ring()

    @property
    def _may_send(self) -> bool:
        return self.is_served and not self._is_paused

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
                    await self._look()
                except FencedError:
                    if self.is_served and not self._must_attach:
                        raise  # by another node
                except StoreUnavailableError:
                    with trio.move_on_after(retry_seconds):
                        await self._bell.wait()
                    retry_seconds = min(2 * retry_seconds, _LAST_RETRY_SECONDS)
                else:
                    retry_seconds = _FIRST_RETRY_SECONDS
                    await self._wait()

    async def _look(self) -> None:
        if not self.is_served:
            return
        if self._must_attach:
            self._must_attach = False
            self._mailbox.leave()
        await self._mailbox.open()
        await self._mailbox.receipts.flush()
        await self._deliver()

    async def _wait(self) -> None:
        """Until somebody rings, or a burst of what is held is due."""
        if self.triage.burst_at == inf:
            await self._bell.wait()
            return
        with worldtime.move_on_at(self.triage.burst_at):
            await self._bell.wait()
        if worldtime.current_time() >= self.triage.burst_at:
            self.triage.burst()
            self._mailbox.rewind()

    async def _deliver(self) -> None:
        self._wants_room = False
        is_first = True
        while self._may_send and self.triage.is_open:
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
                self._wants_room = self._again.has_more
                self._say_no_storage()
                return

    def _send_batch(self, batch: Batch) -> bool:
        """Whether that was it; not if older ones, which were held, are to go with these."""
        if not self._may_send:
            return True
        pushes = self._again.choose(batch, self.triage, self._window)
        if pushes is None:
            return False
        for push, flags in flagged(pushes, ends_backlog=batch.ends_backlog):
            if push.is_from_storage:
                self._services.journal.adopt(push.notification, self._device)
            self._send(push, flags)
        return True

    def _send(self, push: Sent, flags: StorageFlags) -> None:
        self._window.add(push)
        self._services.sessions.unacknowledged.sent(push.unique_id)
        self._faults.send(as_message(push, flags))
        self.sent += 1
        self._owes_no_storage &= push.seq is None and not push.is_from_storage

    def _say_no_storage(self) -> None:
        if self._owes_no_storage and self._may_send:
            self._owes_no_storage = False
            self._link.send(NoStorage())

    # -- the end -------------------------------------------------------------------------------

    async def close(self) -> None:
        """Tell the store what there is to tell; the rest is the next session's.

        Raises:
            StoreUnavailableError: the store is out; it learns nothing, and will hand out again
                what was acknowledged last. The device drops what it knows.
        """
        await self._mailbox.close()
