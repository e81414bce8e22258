"""Broadcast channels and their newest messages, in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.store.store import Contents
    from protocol.broadcast import Broadcast, Channel
    from protocol.identifiers import BundleId, ChannelId


class ChannelMemory:
    """The channels' part of :class:`~gateway.store.memory.MemoryStore`."""

    def __init__(self) -> None:
        self._channels: dict[ChannelId, Channel] = {}
        self._broadcasts: dict[ChannelId, Broadcast] = {}

    def create(self, channel: Channel) -> None:
        """Keep a channel."""
        self._channels[channel.channel_id] = channel

    def delete(self, channel_id: ChannelId) -> None:
        """Forget a channel, not its message."""
        self._channels.pop(channel_id, None)

    def channels(self) -> list[Channel]:
        """In the order of the ids."""
        return [self._channels[each] for each in sorted(self._channels)]

    def publish(self, broadcast: Broadcast) -> None:
        """Make this the newest message of its channel; see the store."""
        channel_id = broadcast.channel_id
        places = (self._channels.get(channel_id), self._broadcasts.get(channel_id))
        if any(each is not None and each.checkpoint >= broadcast.checkpoint for each in places):
            return
        self._broadcasts.pop(channel_id, None)
        if broadcast.is_stored:
            self._broadcasts[channel_id] = broadcast
        if (channel := self._channels.get(channel_id)) is not None:
            self._channels[channel_id] = replace(channel, checkpoint=broadcast.checkpoint)

    def broadcasts(self) -> list[Broadcast]:
        """In the order of the channel ids."""
        return [self._broadcasts[each] for each in sorted(self._broadcasts)]

    def refill(self, contents: Contents) -> None:
        """Keep these channels and messages."""
        self._channels = {each.channel_id: each for each in contents.channels}
        self._broadcasts = {each.channel_id: each for each in contents.broadcasts}

    def forget_app(self, bundle_id: BundleId) -> None:
        """Forget the channels and messages of one app."""
        for table in (self._channels, self._broadcasts):
            for channel_id in [key for key, each in table.items() if each.bundle_id == bundle_id]:
                del table[channel_id]

    def forget(self, now: float) -> None:
        """Forget the messages that have expired."""
        expired = [key for key, each in self._broadcasts.items() if each.has_expired(now)]
        for channel_id in expired:
            del self._broadcasts[channel_id]
