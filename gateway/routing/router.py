"""What happens to a valid push: stored and announced, or offered once.

Apple's decision flow ("Viewing the status of push notifications using Metrics and APNs"): is the
token registered? no → discard. Is the device offline? no → deliver. Yes → expired? discard, else
store. Here everything that may be stored is stored first, then the device's session is woken: one
path serves devices that are online, offline or about to reconnect, and survives a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.journal import Journal, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.routing.sessions import SessionTable
    from gateway.store.store import Registration, Store
    from protocol.identifiers import UniqueId
    from protocol.notification import Notification


class Router:
    """Decides for one push at a time; holds nothing back itself.

    Args:
        store: where pushes wait.
        sessions: who is connected.
        journal: told what was decided.
        now: the gateway's clock, UNIX seconds.
        same_id_seconds: for how long a repeated ``apns-id`` is the same push; 0 means that it
            is a second push, as Apple promises nothing else.
    """

    def __init__(
        self,
        store: Store,
        sessions: SessionTable,
        journal: Journal,
        now: Callable[[], float],
        *,
        same_id_seconds: float = 0,
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._journal = journal
        self._now = now
        self._same_id_seconds = same_id_seconds

    async def route(self, notification: Notification, registration: Registration) -> UniqueId:
        """Take responsibility for a push; when this returns, 200 may be answered.

        Returns:
            The unique id to answer with: the push's own, or that of the push it repeats.

        Raises:
            StoreUnavailableError: it could not be made durable.
        """
        unique_id = notification.unique_id
        if registration.unregistered_at is not None:
            # Apple confirms an uninstall late: until then providers hear 200, and nothing arrives.
            self._journal.note(unique_id, State.DISCARDED_UNREGISTERED)
        elif notification.has_expired(self._now()):
            self._offer(notification, registration)
        else:
            return await self._keep(notification, registration)
        return unique_id

    def _offer(self, notification: Notification, registration: Registration) -> None:
        session = self._sessions.session_of(registration.device)
        if session is None:
            detail = "the device is offline and the push may not be stored"
        elif session.offer(notification):
            return
        else:
            detail = "the device's link had no room and the push may not be stored"
        self._journal.note(notification.unique_id, State.DISCARDED_EXPIRED, detail)

    async def _keep(self, notification: Notification, registration: Registration) -> UniqueId:
        device = registration.device
        since = notification.received_at - self._same_id_seconds if self._same_id_seconds else None
        accepted = await self._store.accept(device, notification, same_id_since=since)
        if accepted.duplicate_of is not None:
            return accepted.duplicate_of
        for replaced in accepted.replaced:
            self._journal.note(replaced, State.REPLACED, f"by {notification.apns_id}")
        session = self._sessions.session_of(device)
        if session is None:
            self._journal.note(notification.unique_id, State.STORED_OFFLINE)
        else:
            session.wake()
        return notification.unique_id
