"""The log of a device's pushes: what its records mean, and the shortest that says the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack

from devicesim.live_activities.activity import LiveActivity
from devicesim.pushes import message_key, push_from_map, push_to_map
from protocol.identifiers import ChannelId, UniqueId

if TYPE_CHECKING:
    from devicesim.state.device_state import DeviceState

# Records of pushes.log.
WAITS = 1  # [1, bundle id, push]: acknowledged, and waits for its app
ACKNOWLEDGED = 2  # [2, message id]: acknowledged; an in-process app has it
TAKEN = 3  # [3, bundle id, message id]: the app has it
CLEARED = 4  # [4, bundle id]: the app is gone
ACTIVITY = 5  # [5, JSON]: a Live Activity as it is from now on
ACTIVITY_GONE = 6  # [6, activity id]
REACHED = 7  # [7, bundle id, channel id, nanoseconds]: how far the app has come in the channel


def true_records(state: DeviceState) -> bytes:
    """The log anew: what is still true."""
    records = [[ACKNOWLEDGED, key] for key in state.acknowledged]
    waiting = [[WAITS, bundle_id, push_to_map(push)] for bundle_id, push in state.inbox]
    activities = [[ACTIVITY, each.to_json()] for each in state.activities.values()]
    channels = [
        [REACHED, app.bundle_id, channel_id, last]
        for app in state.apps
        for channel_id, last in app.channels.items()
    ]
    screen = state.screen.records()
    return b"".join(map(msgpack.packb, [*activities, *waiting, *records, *channels, *screen]))


def relive(state: DeviceState, record: list[Any]) -> None:
    """Let a record happen again.

    Raises:
        ValueError, TypeError, IndexError, AttributeError: it is none.
    """
    kind = record[0]
    if kind == WAITS:
        push = push_from_map(record[2])
        state.inbox.put(record[1], push)
        state.acknowledged.add(message_key(push.message_id))
    elif kind == ACKNOWLEDGED:
        state.acknowledged.add(record[1])
    elif kind == TAKEN:
        state.inbox.take(record[1], UniqueId.from_random(record[2]))
    elif kind == CLEARED:
        state.wipe(record[1])
    elif kind == ACTIVITY:
        activity = LiveActivity.from_json(record[1])
        state.activities[activity.activity_id] = activity
    elif kind == ACTIVITY_GONE:
        state.activities.pop(record[1], None)
    elif kind == REACHED:
        _reach(state, record[1], record[2], record[3])
    else:
        state.screen.relive(record)


def _reach(state: DeviceState, bundle_id: str, channel_id: str, last: int) -> None:
    app = state.apps.get(bundle_id)
    if app is not None and channel_id in app.channels:
        app.channels[ChannelId(channel_id)] = int(last)
