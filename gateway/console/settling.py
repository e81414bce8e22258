"""Whether anything that was sent is still on its way, and waiting until nothing is.

A push is settled once nothing more happens to it by itself: it was refused, replaced or thrown
away, it waits for a device that does not come by itself, or the device has got it and said what a
person saw. What a provider has not sent yet nobody here can know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio

from gateway.records import Record, State
from protocol.broadcast import Broadcast
from protocol.provider.broadcast import BROADCAST_PATH
from protocol.provider.request import DEVICE_PATH

if TYPE_CHECKING:
    from gateway.console.fates import Known
    from gateway.console.wanted import Wanted
    from gateway.journal import Journal
    from gateway.records import Happening

_NO_NETWORK = frozenset({"none", "airplane"})
_STORED = frozenset({State.RECEIVED, State.STORED_OFFLINE})
_DELIVERED = frozenset({State.DELIVERED, State.DELIVERED_FROM_STORAGE})
# What changes without being an event: an answer, a phone that is switched.
_LOOK_AGAIN_SECONDS = 0.1


def is_on_its_way(record: Record, known: Known) -> bool:
    """Whether something more happens to it by itself, and soon.

    What is held for the sake of power, or for a budget of the app, is settled: it may take hours.
    """
    push, state = record.notification, record.state
    if push is None:
        return not record.timeline and not record.status and _is_push(record)
    if isinstance(push, Broadcast):
        return _is_going_out(record)
    if state not in _STORED and state not in _DELIVERED:
        return False
    device = known.device(record.device)
    if state in _STORED:
        if record.status and record.detail:
            return False  # it repeats another one and was not taken
        comes = device is not None and device.online and device.network not in _NO_NETWORK
        return comes or not record.status or known.is_connected(record.device)
    if device is None:
        return False  # one in a process of its own does not say what it shows
    apps = (app for app in device.apps if app.bundle_id == push.topic)
    return not any(app.background_push_held for app in apps)


def _is_push(record: Record) -> bool:
    return record.request is not None and record.request.path.startswith(
        (DEVICE_PATH, BROADCAST_PATH)
    )


def _is_going_out(record: Record) -> bool:
    audience = record.audience
    if audience is None or record.state is State.RECEIVED:
        return True
    return audience.delivered + audience.dropped < audience.subscribers


class Settling:
    """The pushes that could be what somebody asks for and are on their way.

    Args:
        journal: where pushes are.
        wanted: what is asked for; where a push is now makes no difference.
        known: what is known beside them.
    """

    def __init__(self, journal: Journal, wanted: Wanted, known: Known) -> None:
        self._journal = journal
        self._wanted = wanted
        self._known = known

    def on_their_way(self) -> list[Record]:
        """Which they are now, oldest first."""
        return self._journal.find(self._counts)

    def is_found(self) -> bool:
        """Whether one has come that is what was asked for."""
        return bool(self._journal.find(self._wanted, limit=1))

    async def wait(self, seconds: float, *, or_found: bool) -> None:
        """Return when none is on its way, or one is what was asked for, or after ``seconds``."""
        with trio.move_on_after(seconds):
            while not (or_found and self.is_found()) and self.on_their_way():
                await self._hear_of_all(or_found=or_found)

    async def _hear_of_all(self, *, or_found: bool) -> None:
        """Wait until something has happened to every one that is on its way, or one is found."""
        with self._journal.view() as happenings:
            left = self.on_their_way()
            while left:
                with trio.move_on_after(_LOOK_AGAIN_SECONDS):
                    try:
                        told = await happenings.receive()
                    except trio.EndOfChannel:
                        return  # more has happened than could be followed
                    if or_found and self._is_wanted(told.happening):
                        return
                left = [record for record in left if self._counts(record)]

    def _is_wanted(self, happening: Happening) -> bool:
        return isinstance(happening, Record) and self._wanted(happening)

    def _counts(self, record: Record) -> bool:
        if not is_on_its_way(record, self._known):
            return False
        return all(each.filter == "state" for each in self._wanted.differences(record))
