"""Live Activities of the apps on virtual devices."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Any

from fastapi import APIRouter, Response
from pydantic import Field

from gateway.console.activity_host import ActivityView
from gateway.console.api.common import Body, Parts, answer, device_refusals
from gateway.console.rendering import Json

router = APIRouter(prefix="/api/v1/devices/{device_id}/apps/{bundle_id}", tags=["live activities"])

_TYPE = Field(examples=["DeliveryAttributes"], min_length=1, max_length=200)


class NewActivityType(Body):
    """A type of Live Activity that pushes shall be able to start."""

    attributes_type: str = _TYPE


@answer
class ActivityType:
    """A type and its push-to-start token; null until the device has been online."""

    attributes_type: str
    token: str | None


class NewActivity(Body):
    """A Live Activity that the app starts itself."""

    attributes_type: str = _TYPE
    attributes: dict[str, Any] = Field(default={}, description="What it is about, for good.")
    content_state: dict[str, Any] = Field(default={}, description="What pushes replace.")


@answer
class Activity:
    """A Live Activity on the screen; ``state`` is ``active``, ``stale`` or ``ended``.

    ``token`` updates it; null once it has ended, or while the device was never online. Times are
    UNIX seconds: ``timestamp`` by the provider's clock, the others by the device's.
    """

    activity_id: str
    bundle_id: str
    attributes_type: str
    state: str
    token: str | None
    attributes: dict[str, Any]
    content_state: dict[str, Any]
    started_at: float
    timestamp: float
    stale_date: float | None
    ended_at: float | None
    dismissal_date: float | None
    channel: str | None
    relevance_score: float


@router.post("/activity-types", response_model=ActivityType, status_code=201)
async def register_type(
    parts: Parts, device_id: str, bundle_id: str, body: NewActivityType
) -> Json:
    """Ask for a type's push-to-start token; asked again, the answer is the same."""
    with device_refusals(parts):
        view = await parts.devices.activities.register_type(
            device_id, bundle_id, body.attributes_type
        )
    token = view.push_to_start_tokens.get(body.attributes_type)
    return Json(ActivityType(body.attributes_type, token), 201)


@router.post("/activities", response_model=Activity, status_code=201)
async def start_activity(parts: Parts, device_id: str, bundle_id: str, body: NewActivity) -> Json:
    """The app starts an activity; while the device is online, the answer waits for its token."""
    with device_refusals(parts):
        view = await parts.devices.activities.start(
            device_id, bundle_id, body.attributes_type, body.attributes, body.content_state
        )
    return Json(_activity(view), 201)


@router.get("/activities", response_model=list[Activity])
async def list_activities(parts: Parts, device_id: str, bundle_id: str) -> Json:
    """What is on the screen, oldest first: running activities, and ended ones until dismissed."""
    with device_refusals(parts):
        views = await parts.devices.activities.of(device_id, bundle_id)
    return Json([_activity(view) for view in views])


@router.delete("/activities/{activity_id}", status_code=204, response_class=Response)
async def end_activity(parts: Parts, device_id: str, bundle_id: str, activity_id: str) -> Response:
    """The app ends it, or a person removes it: providers hear 410 ExpiredToken for its token."""
    with device_refusals(parts):
        await parts.devices.activities.end(device_id, bundle_id, activity_id)
    return Response(status_code=204)


def _activity(view: ActivityView) -> Activity:
    return Activity(
        activity_id=view.activity_id,
        bundle_id=view.bundle_id,
        attributes_type=view.attributes_type,
        state=view.state,
        token=view.token,
        attributes=dict(view.attributes),
        content_state=dict(view.content_state),
        started_at=view.started_at,
        timestamp=view.timestamp,
        stale_date=view.stale_date,
        ended_at=view.ended_at,
        dismissal_date=view.dismissal_date,
        channel=view.channel,
        relevance_score=view.relevance_score,
    )
