"""Live Activities of apps in other processes: what they ask for, and what time does meanwhile."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import trio

from devicesim.app import AppError
from devicesim.local_socket.frames import FrameError
from devicesim.state.files import StateError

if TYPE_CHECKING:
    from devicesim.daemon import Daemon
    from devicesim.dispatch import AppDelivery
    from devicesim.live_activities.kit import ActivityKit
    from devicesim.local_socket.peer import Peer

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0


async def change_activities(
    daemon: Daemon, activity_kit: ActivityKit, peer: Peer, frame: dict[str, Any]
) -> None:
    """Do what an attached app asks for, and answer; tokens follow when the gateway gives them.

    Raises:
        FrameError: it asks for something in another form.
    """
    try:
        activity_id = _change(activity_kit, peer.app.bundle_id, frame)
        await daemon.tell_changes()
    except (KeyError, TypeError, AttributeError) as error:
        raise FrameError(f"not a wish about Live Activities: {error!r}") from None
    except (AppError, StateError) as error:
        peer.say({"say": "activities-refused", "why": str(error)})
    else:
        peer.say({"say": "activities-changed", "activity_id": activity_id})


def _change(activity_kit: ActivityKit, bundle_id: str, frame: dict[str, Any]) -> str:
    """Which activity it was about; empty if it was about a type."""
    if frame["say"] == "register-type":
        activity_kit.register_type(bundle_id, frame["attributes_type"])
        return ""
    if frame["say"] == "end-activity":
        activity_kit.end(bundle_id, frame["activity_id"])
        return str(frame["activity_id"])
    attributes, content_state = frame["attributes"], frame["content_state"]
    if not isinstance(attributes, dict) or not isinstance(content_state, dict):
        raise TypeError("attributes and content_state are maps")
    started = activity_kit.start(bundle_id, frame["attributes_type"], attributes, content_state)
    return started.activity_id


async def sweep_activities(
    daemon: Daemon, activity_kit: ActivityKit, delivery: AppDelivery
) -> None:
    """For ever: let time end and dismiss activities, tell the gateway and the apps."""
    while True:
        await trio.sleep(SWEEP_SECONDS)
        try:
            if apps := activity_kit.on_screen.sweep():
                await daemon.tell_changes()
                for app in apps:
                    delivery.wake(app)
        except StateError as error:
            log.error("%s", error)  # noqa: TRY400 - it tells all
