"""Background maintenance: one supervised loop each, started with the listeners, ended by drain."""

from __future__ import annotations

import logging
from math import ceil, inf
from typing import TYPE_CHECKING

import trio

from gateway.records import State
from gateway.store.store import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from gateway.journal import Journal
    from gateway.routing.sessions import SessionTable
    from gateway.store.store import Store
    from worldtime.alarm import Alarm

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
LOOK_SECONDS = 60.0


async def when_due(alarm: Alarm, job: Callable[[], Awaitable[float]]) -> None:
    """Do the job at first and whenever the alarm rings, which it is set to by others, too.

    Args:
        alarm: rings.
        job: does what is due, and says when it is due next; one that fails is tried again soon.
    """
    while True:
        try:
            alarm.ring_at(await job())
        except StoreUnavailableError:
            await trio.sleep(RETRY_SECONDS)  # the store says so itself, once per outage
            continue
        except Exception:
            log.exception("%s failed; next try in %s s", job, RETRY_SECONDS)
            await trio.sleep(RETRY_SECONDS)
            continue
        # A machine that has slept, or whose clock was set, finds out by itself.
        with trio.move_on_after(LOOK_SECONDS):
            await alarm.wait()


async def expire(
    store: Store, journal: Journal, now: Callable[[], float], sessions: SessionTable
) -> float:
    """Forget everything that has expired, say so on its timeline; when it is to be done again.

    Raises:
        StoreUnavailableError: some may be left.
    """
    while expired := await store.expire(now=now()):
        for unique_id in sessions.unacknowledged.over(expired):
            journal.note(unique_id, State.DISCARDED_EXPIRED)
    for push in sessions.unacknowledged.sweep(now()):
        if push.seq is None or push.notification.has_expired(now()):
            detail = "sent on a link that was lost, and not again in time"
            journal.note(push.unique_id, State.DISCARDED_EXPIRED, detail)
    next_expiry = await store.next_expiry()
    due = min(inf if next_expiry is None else next_expiry, sessions.unacknowledged.next_due)
    # To the second, as providers count: those of one second go together.
    return inf if due == inf else ceil(due)


async def pass_on_wakes(store: Store, sessions: SessionTable) -> None:
    """Wake the sessions for which the store has something from elsewhere."""
    async for device in store.wakes():
        sessions.wake(device)
