"""The screens of virtual devices: what a person sees, and does about it."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import Field

from gateway.console.api.activities import Activity
from gateway.console.api.common import Body, Parts, answer, device_refusals
from gateway.console.rendering import Json

router = APIRouter(prefix="/api/v1/devices/{device_id}", tags=["screen"])


@answer
class Sound:
    """A sound of a notification; ``volume`` (0 to 1) counts for critical alerts."""

    name: str
    critical: bool
    volume: float


@answer
class ShownNotification:
    """A notification as it can be read: texts are in the app's words, empty when absent."""

    apns_id: str
    bundle_id: str
    title: str
    subtitle: str
    body: str
    shown_at: float
    collapse_id: str | None
    badge: int | None
    sound: Sound | None
    interruption_level: str
    relevance_score: float
    thread_id: str | None
    category: str | None
    target_content_id: str | None
    filter_criteria: str | None
    launch_image: str | None


@answer
class Group:
    """The notifications of one app and thread, newest first.

    ``summary`` stands under the topmost if there are more; ``featured`` is the ``apns_id`` of the
    one with the highest relevance score, which a notification summary would feature.
    """

    bundle_id: str
    thread_id: str | None
    summary: str | None
    featured: str
    notifications: list[ShownNotification]


@answer
class Banner:
    """What has slid in at the top: a notification, or the alert of a Live Activity."""

    apns_id: str
    bundle_id: str
    title: str
    subtitle: str
    body: str
    until: float


@answer
class PlayedSound:
    """A sound that was heard."""

    apns_id: str
    bundle_id: str
    name: str
    critical: bool
    volume: float
    at: float


@answer
class Unseen:
    """A push of which nobody saw anything, and why."""

    apns_id: str
    topic: str
    push_type: str
    received_at: float
    why: str


@answer
class Screen:
    """What a person sees ``now``; times are UNIX seconds by the device's clock.

    ``front`` is ``lock-screen``, ``home-screen``, or the bundle id of the app in front. On the
    ``lock_screen`` is what came since the phone was last unlocked, in the ``notification_center``
    what is older. Live Activities are on either, the highest relevance score first. ``sounds`` and
    ``not_shown`` are the newest 20, oldest first.
    """

    now: float
    lit: bool
    locked: bool
    front: str
    banner: Banner | None
    lock_screen: list[Group]
    notification_center: list[Group]
    badges: dict[str, int]
    live_activities: list[Activity]
    sounds: list[PlayedSound]
    not_shown: list[Unseen]


class OneNotification(Body):
    """Which notification: the newest with this ``apns_id``."""

    apns_id: str = Field(min_length=1, max_length=200)


class Clearing(Body):
    """Whose notifications."""

    bundle_id: str | None = Field(default=None, description="Of this app; of all if absent.")


class Badge(Body):
    """The number on an app's icon."""

    badge: Annotated[int, Field(ge=0, lt=2**31, description="0 takes it off.")]


class Strings(Body):
    """An app's ``Localizable.strings``."""

    strings: dict[str, str] = Field(examples=[{"GAME_INVITE": "%@ invites you to %@"}])


@router.get("/screen", response_model=Screen)
async def look(parts: Parts, device_id: str) -> Json:
    """What a person sees: lock screen or home, banner, list, badges, Live Activities, sounds."""
    with device_refusals(parts):
        return Json(await parts.devices.screens.look(device_id))


@router.post("/screen/tap", response_model=Screen)
async def tap(parts: Parts, device_id: str, body: OneNotification) -> Json:
    """Open a notification: a locked phone is unlocked, its app comes to the front."""
    with device_refusals(parts):
        return Json(await parts.devices.screens.tap(device_id, body.apns_id))


@router.post("/screen/dismiss", response_model=Screen)
async def dismiss(parts: Parts, device_id: str, body: OneNotification) -> Json:
    """Swipe a notification away; the badge stays."""
    with device_refusals(parts):
        return Json(await parts.devices.screens.dismiss(device_id, body.apns_id))


@router.post("/screen/clear", response_model=Screen)
async def clear(parts: Parts, device_id: str, body: Clearing | None = None) -> Json:
    """Clear all notifications, or those of an app; badges and Live Activities stay."""
    with device_refusals(parts):
        bundle_id = None if body is None else body.bundle_id
        return Json(await parts.devices.screens.clear(device_id, bundle_id))


@router.put("/apps/{bundle_id}/badge", response_model=Screen)
async def set_badge(parts: Parts, device_id: str, bundle_id: str, body: Badge) -> Json:
    """The app itself changes its badge; when it takes it off, its notifications go, too."""
    with device_refusals(parts):
        return Json(await parts.devices.screens.set_badge(device_id, bundle_id, body.badge))


@router.put("/apps/{bundle_id}/strings", status_code=204, response_class=Response)
async def set_strings(parts: Parts, device_id: str, bundle_id: str, body: Strings) -> Response:
    """Give an app the texts of the keys in its alerts; without, a key is its own text."""
    with device_refusals(parts):
        await parts.devices.screens.set_strings(device_id, bundle_id, body.strings)
    return Response(status_code=204)
