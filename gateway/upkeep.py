"""Background maintenance: one supervised loop each, started with the listeners, ended by drain."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import trio

from gateway.journal import Journal, State
from gateway.store.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.routing.sessions import SessionTable
    from gateway.store.store import Store

log = logging.getLogger(__name__)


async def every(seconds: float, job: Callable[[], Awaitable[object]]) -> None:
    """Do the job again and again; a failing run is logged and the next one happens."""
    while True:
        try:
            await job()
        except StoreUnavailableError:
            pass  # the store says so itself, once per outage
        except Exception:
            log.exception("%s failed; next try in %s s", job, seconds)
        await trio.sleep(seconds)


async def expire(
    store: Store, journal: Journal, now: Callable[[], float], sessions: SessionTable
) -> int:
    """Forget everything that has expired, and say so on its timeline; how many there were.

    Raises:
        StoreUnavailableError: some may be left.
    """
    count = 0
    while expired := await store.expire(now=now()):
        for unique_id in sessions.unacknowledged.over(expired):
            journal.note(unique_id, State.DISCARDED_EXPIRED)
        count += len(expired)
    for push in sessions.unacknowledged.sweep(now()):
        if push.seq is None or push.notification.has_expired(now()):
            detail = "sent on a link that was lost, and not again in time"
            journal.note(push.unique_id, State.DISCARDED_EXPIRED, detail)
    return count


async def pass_on_wakes(store: Store, sessions: SessionTable) -> None:
    """Wake the sessions for which the store has something from elsewhere."""
    async for device in store.wakes():
        sessions.wake(device)
