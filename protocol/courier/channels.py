"""Broadcast channels on the courier link: what a device listens to, and how far it has come."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from protocol.identifiers import ChannelId, Topic


class ChannelsStatus(IntEnum):
    """Whether a device's channels could be listened to."""

    OK = 0
    # Ours, as the list that comes with it: rustpush knows only "0 is fine".
    UNKNOWN_CHANNEL = 0x40


class ChannelMark(NamedTuple):
    """A place in a channel: its newest message so far, UNIX nanoseconds; 0 = none."""

    channel_id: ChannelId
    last_message_ns: int


class TopicChannels(NamedTuple):
    """Of one topic: channels to listen to from now on, and others no longer."""

    topic: Topic
    channels: tuple[ChannelMark, ...] = ()
    unsubscribed: tuple[ChannelId, ...] = ()


@dataclass(frozen=True, slots=True)
class Channels:
    """Device: the broadcast channels it listens to, and how far it has come in each.

    ``index`` numbers the message, for its answer. With ``replace`` these are all its channels:
    any other subscription of this link ends.
    """

    NUMBER: ClassVar[int] = 0x1D
    index: int
    topics: tuple[TopicChannels, ...] = ()
    replace: bool = False


@dataclass(frozen=True, slots=True)
class ChannelsResponse:
    """Gateway: the device listens to them, but for the ``unknown`` ones.

    rustpush is answered with 0x1d, others saw 0x20; here a number is one message, so it is the
    latter.
    """

    NUMBER: ClassVar[int] = 0x20
    index: int
    status: ChannelsStatus = ChannelsStatus.OK
    unknown: tuple[ChannelId, ...] = ()
