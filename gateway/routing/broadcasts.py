"""What happens to a valid broadcast: kept if its channel keeps any, then handed to all who listen.

Apple's order: authentication, channel validation, fan-out. The provider is answered once the
message is durable and has its place in the queue for the fan-out, so a 200 means "accepted" here,
too; when the queue is full, it waits. The fan-out is one task for all channels that pauses after
every few subscribers: a broadcast to ten thousand does not make a push to one wait for its end.
"""

from __future__ import annotations

import logging
from collections import Counter
from typing import TYPE_CHECKING

import trio

from gateway.routing.channels import Handover
from protocol.broadcast import StoragePolicy

if TYPE_CHECKING:
    from gateway.journal import Journal
    from gateway.routing.channels import ChannelDirectory
    from protocol.broadcast import Broadcast

log = logging.getLogger(__name__)

WAITING_BROADCASTS = 64
# With the writes and acknowledgements that they set off, about a millisecond of work. Half as many
# make pushes wait half as long, and the whole take half as long again.
SUBSCRIBERS_AT_ONCE = 8


class Broadcaster:
    """Publishes one broadcast after the other.

    Args:
        channels: who listens, and what waits.
        journal: told what became of each.
        waiting: how many may wait for the fan-out.
    """

    def __init__(
        self, channels: ChannelDirectory, journal: Journal, *, waiting: int = WAITING_BROADCASTS
    ) -> None:
        self._channels = channels
        self._journal = journal
        self._queue, self._waiting = trio.open_memory_channel["Broadcast"](waiting)

    async def publish(self, broadcast: Broadcast, policy: StoragePolicy) -> None:
        """Take responsibility for a broadcast; when this returns, 200 may be answered.

        Raises:
            StoreUnavailableError: it could not be made durable; nobody gets it.
        """
        if policy is StoragePolicy.MOST_RECENT_MESSAGE_STORED:
            await self._channels.keep(broadcast)
        await self._queue.send(broadcast)

    async def run(self) -> None:
        """Hand over what is published, until cancelled."""
        async for broadcast in self._waiting:
            try:
                await self._fan_out(broadcast)
            except Exception:  # our bug: this broadcast suffers, the next ones do not
                log.exception("broadcast %s: the fan-out failed", broadcast.unique_id)

    async def _fan_out(self, broadcast: Broadcast) -> None:
        subscribers = self._channels.subscribers(broadcast.channel_id)
        self._journal.published(broadcast.unique_id, len(subscribers))
        counts: Counter[Handover] = Counter()
        for number, subscriber in enumerate(subscribers, 1):
            counts[subscriber.broadcast(broadcast)] += 1
            if number % SUBSCRIBERS_AT_ONCE == 0:
                await trio.lowlevel.checkpoint()
        later, dropped = counts[Handover.LATER], counts[Handover.DROPPED]
        self._journal.handed_over(broadcast.unique_id, later=later, dropped=dropped)
