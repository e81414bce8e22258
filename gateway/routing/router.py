"""What happens to a valid push: stored and announced, or offered once.

Apple's decision flow ("Viewing the status of push notifications using Metrics and APNs"): is the
token registered? no → discard. Is the device offline? no → deliver. Yes → expired? discard, else
store. Here everything that may be stored is stored first, then the device's session is woken: one
path serves devices that are online, offline or about to reconnect, and survives a crash.
"""

from __future__ import annotations

from collections import OrderedDict
from math import ceil
from typing import TYPE_CHECKING, TypeAlias

from gateway.records import State
from worldtime.alarm import Alarm

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.journal import Journal
    from gateway.routing.sessions import SessionTable
    from gateway.store.store import Registration, Store
    from protocol.identifiers import ApnsId, DeviceId, UniqueId
    from protocol.notification import Notification
    from protocol.tenant import Tenant

    _Offered: TypeAlias = tuple[DeviceId, ApnsId]

# How many pushes that were handed over without being stored are known again.
REMEMBERED_OFFERS = 10_000


class Router:
    """Decides for one push at a time; holds nothing back itself.

    Args:
        store: where pushes wait.
        sessions: who is connected.
        journal: told what was decided.
        now: the gateway's clock, UNIX seconds.
        same_id_seconds: for how long a repeated ``apns-id`` is the same push; 0 means that it
            is a second push, as Apple promises nothing else.
        lead: how far that clock is ahead of this machine's, by which providers count.
    """

    def __init__(
        self,
        store: Store,
        sessions: SessionTable,
        journal: Journal,
        now: Callable[[], float],
        *,
        same_id_seconds: float = 0,
        lead: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._journal = journal
        self._now = now
        self._lead = lead
        self._same_id_seconds = same_id_seconds
        self._offers = _Offers(same_id_seconds)
        self.expiries = Alarm(now)
        """Rings when a push that waits may have expired."""
        sessions.unacknowledged.on_left = self.expiries.ring_at

    async def route(self, notification: Notification, registration: Registration) -> UniqueId:
        """Take responsibility for a push; when this returns, 200 may be answered.

        Returns:
            The unique id to answer with: the push's own, or that of the push it repeats.

        Raises:
            StoreUnavailableError: it could not be made durable.
        """
        if registration.unregistered_at is not None:
            # Apple confirms an uninstall late: until then providers hear 200, and nothing arrives.
            self._journal.note(notification.unique_id, State.DISCARDED_UNREGISTERED)
            return notification.unique_id
        if notification.has_expired(now := self._now()):
            return self._offer(notification, registration.device, now)
        return await self._keep(notification, registration.device)

    def clear(self, tenant: Tenant | None = None) -> None:
        """Forget what was handed over, to a tenant or at all (reset)."""
        self._offers.clear(tenant)

    def _offer(self, notification: Notification, device: DeviceId, now: float) -> UniqueId:
        first = self._offers.find(device, notification, now)
        if first is not None:
            return first
        session = self._sessions.session_of(device)
        if session is None:
            detail = "the device is offline and the push may not be stored"
        elif session.offer(notification):
            self._offers.add(device, notification, now)
            return notification.unique_id
        else:
            detail = "the device's link had no room and the push may not be stored"
        if notification.expires_at > now - (lead := self._lead()):
            detail += (
                f": it has expired, as the gateway's clock is {lead:.0f} s ahead of this machine's"
            )
        self._journal.note(notification.unique_id, State.DISCARDED_EXPIRED, detail)
        return notification.unique_id

    async def _keep(self, notification: Notification, device: DeviceId) -> UniqueId:
        since = notification.received_at - self._same_id_seconds if self._same_id_seconds else None
        accepted = await self._store.accept(device, notification, same_id_since=since)
        if accepted.duplicate_of is not None:
            return accepted.duplicate_of
        self.expiries.ring_at(ceil(notification.expires_at))  # to the second, as providers count
        for replaced in self._sessions.unacknowledged.over(accepted.replaced):
            self._journal.note(replaced, State.REPLACED, f"by {notification.apns_id}")
        session = self._sessions.session_of(device)
        if session is None:
            self._journal.note(notification.unique_id, State.STORED_OFFLINE)
        else:
            session.wake()
        return notification.unique_id


class _Offers:
    """Which apns-ids were handed over without being stored; of the stored ones the store knows.

    Args:
        seconds: for how long they are remembered; 0 = not at all.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._made: OrderedDict[_Offered, tuple[float, Notification]] = OrderedDict()

    def find(self, device: DeviceId, notification: Notification, now: float) -> UniqueId | None:
        made = self._made.get((device, notification.apns_id))
        return made[1].unique_id if made is not None and now - made[0] <= self._seconds else None

    def add(self, device: DeviceId, notification: Notification, now: float) -> None:
        if self._seconds:
            key = (device, notification.apns_id)
            self._made.pop(key, None)
            self._made[key] = (now, notification)
            if len(self._made) > REMEMBERED_OFFERS:
                self._made.popitem(last=False)

    def clear(self, tenant: Tenant | None) -> None:
        made = self._made.items()
        of_others = [] if tenant is None else [i for i in made if not tenant.has(i[1][1].topic)]
        self._made = OrderedDict(of_others)
