"""What happened: every provider request, and the life of every push it became.

The words are those of Apple's Push Notifications Console, so that a timeline here reads as one
there. The journal is memory, bounded: the oldest record makes room. It never blocks whoever
reports: a viewer that is too slow is dropped and told so, never waited for.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict
from copy import copy
from typing import TYPE_CHECKING

from gateway.followers import Followers
from gateway.journal_log import log_event
from gateway.records import Audience, Event, Forgotten, JournalStatistics, LinkEvent, Record, State
from gateway.tally import Tally
from gateway.viewers import Viewers
from gateway.waiters import Waiters
from protocol.broadcast import Broadcast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager

    import trio

    from gateway.records import Happening
    from gateway.viewers import Told
    from protocol.identifiers import DeviceId, UniqueId
    from protocol.notification import Notification
    from protocol.provider.http import HttpRequest


OK = 200
_UNDECIDED = frozenset({State.RECEIVED, State.FAULT})
_DELIVERED = frozenset({State.DELIVERED, State.DELIVERED_FROM_STORAGE})


class Journal:
    """The record of requests and pushes, newest last.

    Args:
        now: the gateway's clock, UNIX seconds.
        capacity: how many records are kept.
        viewer_capacity: how many events a viewer may be behind before it is dropped.

    Attributes:
        tally: what was counted since the start.
        viewers: who watches.
        followers: who must hear of everything.
    """

    def __init__(
        self, now: Callable[[], float], *, capacity: int = 10_000, viewer_capacity: int = 256
    ) -> None:
        self._now = now
        self._capacity = capacity
        self.tally = Tally()
        self.viewers = Viewers(viewer_capacity)
        self._records: OrderedDict[int, Record] = OrderedDict()
        self._by_unique_id: dict[UniqueId, Record] = {}
        self._numbers = itertools.count(1)
        self._waiters = Waiters(self._records)
        self.followers = Followers()

    # -- writing: called on the hot path, never waits ------------------------------------------

    def begin(self, request: HttpRequest | None, connection: str) -> Record:
        """Open the record of a request, before anything is known about it."""
        record = Record(next(self._numbers), self._now(), connection, request)
        if request is not None:
            self.tally.requests += 1
        self._records[record.number] = record
        if len(self._records) > self._capacity:
            self._forget(self._records.popitem(last=False)[1])
        return record

    def received(
        self, record: Record, notification: Notification | Broadcast, device: DeviceId | None
    ) -> None:
        """The request was valid: from now on the push is known by its unique id."""
        record.notification = notification
        if isinstance(notification, Broadcast):
            record.audience = Audience()
        record.apns_id = notification.apns_id
        record.device = device
        self._by_unique_id[notification.unique_id] = record
        self._reach(record, State.RECEIVED, "")

    def rejected(self, record: Record, status: int, reason: str, detail: str) -> None:
        """The request was refused, for Apple's ``reason``; ``detail`` is for people."""
        record.status, record.reason, record.detail = status, reason, detail
        self._answered(record, is_accepted=False)
        self._reach(record, State.REJECTED, f"{status} {reason}" + (f": {detail}" * bool(detail)))

    def accepted(self, record: Record, status: int = OK) -> None:
        """The request was answered 200, or as channel management does, 201 or 204."""
        record.status = status
        self._answered(record, is_accepted=True)
        if record.notification is None:  # no push, whose first state would tell of it
            self._tell(record)

    def published(self, unique_id: UniqueId, subscribers: int) -> None:
        """A broadcast goes out to so many devices that are connected."""
        record = self._by_unique_id.get(unique_id)
        if record is None or record.audience is None:
            self.tally.reached[State.BROADCAST_PUBLISHED] += 1
        else:
            record.audience.subscribers = subscribers
            self._reach(record, State.BROADCAST_PUBLISHED, str(record.audience))

    def handed_over(self, unique_id: UniqueId, *, later: int, dropped: int) -> None:
        """A broadcast has gone out; so many had no room for it."""
        record = self._by_unique_id.get(unique_id)
        if record is not None and record.audience is not None and later + dropped:
            record.audience.later, record.audience.dropped = later, dropped
            self._rewrite(record, State.BROADCAST_PUBLISHED, str(record.audience))

    def broadcast_delivered(self, broadcast: Broadcast, *, is_from_storage: bool) -> None:
        """One device has acknowledged a broadcast.

        The timeline has one entry for all of them. Viewers and waiters hear of the first, and of
        the last who was there when it was published: not ten thousand times.
        """
        self.adopt(broadcast, None)
        record = self._by_unique_id[broadcast.unique_id]
        audience = record.audience
        assert audience is not None
        audience.delivered += 1
        audience.delivered_from_storage += is_from_storage
        state, detail = State.BROADCAST_DELIVERED, audience.deliveries
        if not self._rewrite(record, state, detail):
            self._reach(record, state, detail)
            return
        self.tally.reached[state] += 1
        if audience.delivered >= audience.subscribers:
            self._tell(record)

    def _rewrite(self, record: Record, state: State, detail: str, begins: str = "") -> bool:
        """Say it anew in its place of the timeline; False when it is not there."""
        for index, event in enumerate(record.timeline):
            if event.state is state and event.detail.startswith(begins):
                record.timeline[index] = Event(state, self._now(), detail)
                return True
        return False

    def note(self, unique_id: UniqueId, state: State, detail: str = "") -> None:
        """A push reached a state; unknown ones only count (their record made room)."""
        record = self._by_unique_id.get(unique_id)
        if record is None:
            self.tally.reached[state] += 1
        else:
            self._reach(record, state, detail)

    def struck(self, unique_id: UniqueId, why: str) -> None:
        """A fault met a push on its way to its device, or a broadcast on that to one of many."""
        record = self._by_unique_id.get(unique_id)
        if record is None or record.audience is None:
            self.note(unique_id, State.FAULT, why)
            return
        told = record.audience.struck(why)
        if self._rewrite(record, State.FAULT, told, why):
            self.tally.reached[State.FAULT] += 1
        else:
            self._reach(record, State.FAULT, told)

    def remark(self, record: Record, state: State, detail: str) -> None:
        """Something happened to a request, valid or not."""
        self._reach(record, state, detail)

    def present(self, unique_id: UniqueId, state: State, detail: str) -> None:
        """What the person saw of a push, told by a device in this process.

        It may be told before the device's acknowledgement has come over the wire; the timeline
        keeps Apple's order all the same: delivered, then presented.
        """
        record = self._by_unique_id.get(unique_id)
        if record is not None and record.audience is not None:
            return  # each device tells what it showed of a broadcast (its own notifications)
        if record is not None and record.state not in _DELIVERED:
            record.presentation = (state, detail)
        else:
            self.note(unique_id, state, detail)

    def adopt(self, notification: Notification | Broadcast, device: DeviceId | None) -> None:
        """Make sure a push has a record, also when an earlier process accepted it."""
        if notification.unique_id not in self._by_unique_id:
            record = self.begin(None, "")
            record.received_at, record.status = notification.received_at, 200
            record.notification, record.apns_id = notification, notification.apns_id
            record.device = device
            if isinstance(notification, Broadcast):
                record.audience = Audience()
            self._by_unique_id[notification.unique_id] = record
            record.timeline.append(
                Event(State.RECEIVED, notification.received_at, "before this gateway started")
            )

    def link(self, device: DeviceId, *, is_connected: bool, detail: str = "") -> None:
        """A device's link came up or went down."""
        self.viewers.tell(LinkEvent(device, is_connected, self._now(), detail))

    def clear(self) -> None:
        """Forget every record (reset); viewers and waiters stay."""
        self._records.clear()
        self._by_unique_id.clear()
        self.viewers.tell(Forgotten(None))

    def forget(self, unwanted: Callable[[Record], bool]) -> None:
        """Forget some of the records."""
        forgotten = [each for each in self._records.values() if unwanted(each)]
        for record in forgotten:
            del self._records[record.number]
            self._forget(record)
        self.viewers.tell(Forgotten(tuple(each.number for each in forgotten)))

    def restore(self, records: Iterable[Record], next_number: int) -> None:
        """These records and no others. Viewers have to look anew; who waits goes on."""
        self.clear()
        self._numbers = itertools.count(next_number)
        self.viewers.dismiss()
        for record in records:
            self._records[record.number] = record
            if record.notification is not None:
                self._by_unique_id[record.notification.unique_id] = record
            self._waiters.tell(record)

    @property
    def next_number(self) -> int:
        """That of the record that will be begun next."""
        return next(copy(self._numbers))

    # -- reading -------------------------------------------------------------------------------

    def records(self) -> Iterator[Record]:
        """Every record that is still kept, oldest first."""
        return iter(tuple(self._records.values()))

    def find(self, wanted: Callable[[Record], bool], *, limit: int | None = None) -> list[Record]:
        """The newest ``limit`` records that are wanted, oldest of them first."""
        matches = (record for record in reversed(self._records.values()) if wanted(record))
        return list(itertools.islice(matches, limit))[::-1]

    async def wait_for(
        self, wanted: Callable[[Record], bool], *, count: int, seconds: float
    ) -> None:
        """Return when ``count`` records are wanted, or after ``seconds``; see ``Waiters``."""
        await self._waiters.wait_for(wanted, count=count, seconds=seconds)

    def view(
        self, wanted: Callable[[Happening], bool] = lambda _: True
    ) -> AbstractContextManager[trio.MemoryReceiveChannel[Told]]:
        """Follow what happens and is wanted; the channel ends when the viewer is too slow."""
        return self.viewers.view(wanted)

    def statistics(self) -> JournalStatistics:
        """How much the journal holds."""
        requests, viewers = self.tally.requests, len(self.viewers)
        counts = dict(self.tally.reached), dict(self.tally.answers)
        return JournalStatistics(len(self._records), requests, viewers, *counts)

    # -- within --------------------------------------------------------------------------------

    def _answered(self, record: Record, *, is_accepted: bool) -> None:
        self.tally.answered(record, is_accepted=is_accepted)
        for follower in self.followers.present:
            follower.answered(record)

    def _reach(self, record: Record, state: State, detail: str) -> None:
        event = Event(state, self._now(), detail)
        record.timeline.append(event)
        self.tally.reach(record, state, event.at)
        if not record.status and state not in _UNDECIDED:
            record.status = OK  # it was taken: whoever is told of this sees the answer, too
        log_event(record, state, detail)
        for follower in self.followers.present:
            follower.reached(record, event)
        if record.presentation is not None and state in _DELIVERED:
            presented, record.presentation = record.presentation, None
            self._reach(record, *presented)
        self._tell(record)

    def _tell(self, record: Record) -> None:
        self.viewers.tell(record)
        if self._waiters:
            self._waiters.tell(record)

    def _forget(self, record: Record) -> None:
        if record.notification is not None:
            self._by_unique_id.pop(record.notification.unique_id, None)
