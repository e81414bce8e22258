"""The broadcast channels that one device listens to, and what it has been sent of them.

Nothing about them is stored here: the device says how far it has come in each channel, the channel
keeps its newest message. So a session that has no room for a message that waits need only remember
which channel it is behind in, and looks again with every chunk it hears: acknowledgements are what
makes room. A message that does not wait and finds no room is lost, as Apple's policy 0 allows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.routing.channels import Handover
from protocol.broadcast import bundle_of
from protocol.courier.channels import ChannelMark, ChannelsResponse, ChannelsStatus
from protocol.courier.messages import AckStatus, Push, StorageFlags

if TYPE_CHECKING:
    from gateway.courier.faults import DeliveryFaults
    from gateway.courier.link import Link
    from gateway.courier.terms import Arrival, CourierSettings, Services
    from protocol.broadcast import Broadcast
    from protocol.courier.channels import Channels, TopicChannels
    from protocol.courier.messages import PushAck
    from protocol.identifiers import ChannelId, UniqueId


class Subscriptions:
    """The channels of one session; a :class:`gateway.routing.channels.Subscriber`. Never blocks.

    Args:
        arrival: who it is.
        link: where it is heard.
        services: of the gateway.
        settings: bounds.
        faults: sends the broadcasts as the rules say.
    """

    __slots__ = (
        "_behind",
        "_caller",
        "_checkpoints",
        "_faults",
        "_in_flight",
        "_is_paused",
        "_link",
        "_services",
        "_window",
        "acknowledged",
        "sent",
    )

    def __init__(
        self,
        arrival: Arrival,
        link: Link,
        services: Services,
        settings: CourierSettings,
        faults: DeliveryFaults,
    ) -> None:
        self._caller = arrival.caller
        self._faults = faults
        self._link = link
        self._services = services
        self._window = settings.broadcasts
        self._checkpoints: dict[ChannelId, int] = {}  # of the newest it has or was sent
        self._behind: dict[ChannelId, StorageFlags] = {}
        self._in_flight: dict[UniqueId, tuple[Broadcast, StorageFlags]] = {}
        self._is_paused = False
        self.sent = self.acknowledged = 0

    def __len__(self) -> int:
        return len(self._checkpoints)

    @property
    def in_flight(self) -> int:
        """How many broadcasts were sent and not yet acknowledged."""
        return len(self._in_flight)

    def broadcast(self, broadcast: Broadcast) -> Handover:
        """Send a message that is published now, or say why not."""
        known = self._checkpoints.get(broadcast.channel_id)
        if known is None or broadcast.checkpoint <= known:
            return Handover.KNOWN
        if self._has_room:
            self._send(broadcast, StorageFlags.LIVE)
            return Handover.SENT
        if not broadcast.is_stored:
            return Handover.DROPPED
        self._behind.setdefault(broadcast.channel_id, StorageFlags.LIVE)
        return Handover.LATER

    def hear(self, said: Channels) -> None:
        """Listen to these channels, and give the device what waits on them."""
        if said.replace:
            named = {mark.channel_id for each in said.topics for mark in each.channels}
            for channel_id in self._checkpoints.keys() - named:
                self._unsubscribe(channel_id)
        unknown = [channel_id for each in said.topics for channel_id in self._follow(each)]
        status = ChannelsStatus.UNKNOWN_CHANNEL if unknown else ChannelsStatus.OK
        self._link.send(ChannelsResponse(said.index, status, tuple(unknown)))
        self.catch_up()

    def _follow(self, topic: TopicChannels) -> list[ChannelId]:
        """Do what is said of one topic; the channels that are not there."""
        for channel_id in topic.unsubscribed:
            self._unsubscribe(channel_id)
        environment, bundle_id = self._caller.environment, bundle_of(topic.topic)
        unknown: list[ChannelId] = []
        for channel_id, last_message_ns in topic.channels:
            if not self._services.channels.subscribe(environment, bundle_id, channel_id, self):
                unknown.append(channel_id)
                continue
            known = self._checkpoints.get(channel_id, 0)
            self._checkpoints[channel_id] = max(known, last_message_ns)
            self._behind[channel_id] = StorageFlags.FROM_STORAGE
        return unknown

    def _unsubscribe(self, channel_id: ChannelId) -> None:
        if self._checkpoints.pop(channel_id, None) is not None:
            self._behind.pop(channel_id, None)
            self._services.channels.unsubscribe(channel_id, self)

    def catch_up(self) -> None:
        """Send the newest messages of the channels it is behind in, as far as there is room."""
        while self._behind and self._has_room:
            channel_id = next(iter(self._behind))
            flags = self._behind.pop(channel_id)
            broadcast = self._services.channels.waiting(channel_id)
            if broadcast is not None and broadcast.checkpoint > self._checkpoints[channel_id]:
                self._send(broadcast, flags)

    def acknowledge(self, ack: PushAck) -> bool:
        """What became of a broadcast on the device; False when it is none."""
        found = self._in_flight.pop(ack.message_id, None)
        if found is None:
            return False
        broadcast, flags = found
        if ack.status is AckStatus.UNKNOWN_TOKEN:
            self._unsubscribe(broadcast.channel_id)
        else:
            self.acknowledged += 1
            is_from_storage = flags is not StorageFlags.LIVE
            self._services.journal.broadcast_delivered(broadcast, is_from_storage=is_from_storage)
        return True

    def pause(self) -> None:
        """Send nothing more; acknowledgements still count."""
        self._is_paused = True

    def close(self) -> None:
        """Listen to nothing any more."""
        for channel_id in tuple(self._checkpoints):
            self._unsubscribe(channel_id)

    @property
    def _has_room(self) -> bool:
        return (
            len(self._in_flight) < self._window
            and self._link.has_room
            and not self._is_paused
            and not self._link.reason
        )

    def _send(self, broadcast: Broadcast, flags: StorageFlags) -> None:
        self._checkpoints[broadcast.channel_id] = broadcast.checkpoint
        self._behind.pop(broadcast.channel_id, None)
        self._in_flight[broadcast.unique_id] = (broadcast, flags)
        self.sent += 1
        self._faults.send(
            Push(
                message_id=broadcast.unique_id,
                token=None,
                topic=broadcast.topic,
                payload=broadcast.payload,
                apns_id=broadcast.apns_id,
                push_type=broadcast.push_type,
                priority=broadcast.priority,
                collapse_id=None,
                expires_at=broadcast.expires_at,
                sent_at=broadcast.received_at,
                storage=flags,
                channel=ChannelMark(broadcast.channel_id, broadcast.checkpoint),
            )
        )
