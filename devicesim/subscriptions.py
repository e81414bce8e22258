"""Which broadcast channels the gateway has been told of on one link.

As with tokens (``registration.py``), what to say follows from the apps: what was lost with a link
is said again on the next one, with how far the device has come in each channel.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from protocol.broadcast import topic_of
from protocol.courier.channels import ChannelMark, Channels, TopicChannels

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.apps import AppRegistry
    from protocol.courier.channels import ChannelsResponse
    from protocol.identifiers import ChannelId, Topic

log = logging.getLogger(__name__)


class Subscriptions:
    """The channels of one link.

    Args:
        apps: what is installed, and which channels each listens to.

    ``unknown`` are those that the gateway does not have (any more).
    """

    __slots__ = ("_apps", "_asked", "_index", "_told", "unknown")

    def __init__(self, apps: AppRegistry) -> None:
        self._apps = apps
        self._index = 0
        self._asked: dict[int, tuple[ChannelId, ...]] = {}
        self._told: dict[Topic, set[ChannelId]] = {}
        self.unknown: set[ChannelId] = set()

    def changes(self) -> list[Channels]:
        """What has become necessary to say; at first, everything."""
        wanted = {topic_of(app.bundle_id): app.channels for app in self._apps if app.channels}
        said: list[Channels] = []
        for topic in dict.fromkeys([*self._told, *wanted]):
            told, channels = self._told.setdefault(topic, set()), wanted.get(topic, {})
            gone = tuple(told - channels.keys())
            new = tuple(
                ChannelMark(channel_id, last)
                for channel_id, last in channels.items()
                if channel_id not in told
            )
            if new or gone:
                said.append(self._say(TopicChannels(topic, new, gone)))
        return said

    def begin_anew(self) -> None:
        """The gateway has forgotten what it was told: this link stood by."""
        self._told.clear()

    def _say(self, topic: TopicChannels) -> Channels:
        self._index += 1
        new = [mark.channel_id for mark in topic.channels]
        self._asked[self._index] = tuple(new)
        self._told[topic.topic].update(new)
        self._told[topic.topic].difference_update(topic.unsubscribed)
        # The first one is all there is on this link; more apps add to it.
        return Channels(self._index, (topic,), replace=self._index == 1)

    def hear(self, answer: ChannelsResponse) -> None:
        """The gateway has taken note."""
        self._asked.pop(answer.index, None)
        self.unknown.update(answer.unknown)
        for channel_id in answer.unknown:
            log.warning("the gateway has no channel %s", channel_id)

    def is_settled(self, app: App) -> bool:
        """Whether the gateway has answered for every channel that this app listens to."""
        told = self._told.get(topic_of(app.bundle_id), set())
        asked = {channel_id for asked in self._asked.values() for channel_id in asked}
        return all(each in told and each not in asked for each in app.channels)
