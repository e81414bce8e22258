"""Live Activities that follow a broadcast channel in place of having a token of their own.

Apple, "Starting and updating Live Activities with ActivityKit push notifications": a start names
the channel (``input-push-channel``); an update or end on it reaches all activities that follow it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devicesim.live_activities.events import Start, UnusableEventError, read_event
from devicesim.presentation import Presentation, Presented
from devicesim.pushes import payload_of
from protocol.courier.channels import ChannelMark
from protocol.identifiers import ChannelId
from protocol.payload import aps_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from devicesim.app import App
    from devicesim.live_activities.activity import LiveActivity
    from devicesim.live_activities.events import End, Update
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push


def follow(state: DeviceState, app: App, activity: LiveActivity) -> None:
    """Have the app listen to the channel of an activity that begins, if it has one.

    Raises:
        AppError: the app listens to too many channels.
    """
    if activity.channel is not None and activity.channel not in app.channels:
        channel = ChannelId(activity.channel)
        app.listen(channel)
        state.reached(app, ChannelMark(channel, 0))
        state.apps.changes += 1


def leave(state: DeviceState, app: App, activity: LiveActivity) -> None:
    """The activity is over: the last one that followed its channel ends the subscription."""
    channel, everything = activity.channel, state.activities.values()
    if channel is None:
        return
    others = [each for each in everything if each.activity_id != activity.activity_id]
    if not following(others, app.bundle_id, channel):
        app.channels.pop(ChannelId(channel), None)
        state.apps.changes += 1


def following(
    activities: Iterable[LiveActivity], bundle_id: str, channel: str
) -> list[LiveActivity]:
    """Those of the app that follow the channel and are not over."""
    return [
        each
        for each in activities
        if each.bundle_id == bundle_id and each.channel == channel and each.ended_at is None
    ]


def hear_broadcast(
    followers: list[LiveActivity],
    push: Push,
    change: Callable[[LiveActivity, Update | End], Presented],
) -> Presented:
    """Have every follower obey, as if the push were its own; one that cannot stops no other."""
    payload = payload_of(push)
    if payload is None:
        return Presented(Presentation.NOT_SHOWN, "the payload is not a JSON dictionary")
    if not followers:
        detail = "handed to the app: none of its Live Activities follows the channel"
        return Presented(Presentation.DELIVERED, detail)
    try:
        said = read_event(aps_of(payload))
    except UnusableEventError as error:
        return Presented(Presentation.NOT_SHOWN, str(error))
    if isinstance(said, Start):
        return Presented(Presentation.NOT_SHOWN, "a broadcast starts no activity")
    shown: list[str] = []
    refused: list[str] = []
    for each in followers:
        try:
            shown.append(change(each, said).detail)
        except UnusableEventError as error:
            refused.append(str(error))
    presentation = Presentation.SHOWN if shown else Presentation.NOT_SHOWN
    return Presented(presentation, "; ".join(shown or refused[:1]))
