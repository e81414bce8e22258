"""Apps on virtual devices."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Response
from pydantic import Field

from gateway.console.api.common import Body, Parts, answer, device_refusals
from gateway.console.app_host import AppChanges, AppView
from gateway.console.rendering import Json
from protocol.notification import PushType

router = APIRouter(prefix="/api/v1/devices/{device_id}/apps", tags=["apps"])


class NewApp(Body):
    """An app to be installed; installing it again adds push types."""

    bundle_id: str = Field(examples=["com.example.app"], min_length=1, max_length=255)
    push_types: list[PushType] = Field(default=[PushType.ALERT], min_length=1)


class AppChange(Body):
    """What is to be changed; what is absent stays."""

    state: Literal["foreground", "background", "suspended", "terminated", "force-quit"] | None = (
        None
    )
    notifications_enabled: bool | None = Field(
        default=None, description="The switch in the settings that a person has."
    )
    permission: Literal["not-asked", "granted", "denied", "provisional"] | None = Field(
        default=None, description="What the person answered when the app asked to notify."
    )
    registered: bool | None = Field(
        default=None,
        description="false: the app calls unregisterForRemoteNotifications(), as at sign-out; true:"
        " it registers again and gets another token.",
    )
    reports_calls: bool | None = Field(
        default=None, description="Whether its VoIP handler reports a call, as it must."
    )
    extension_seconds: float | None = Field(
        default=None,
        ge=0,
        description="How long its notification service extension takes; null: it has none.",
    )


@answer
class InstalledApp:
    """An app. ``tokens`` has the hexadecimal token of each push type that has one already.

    ``push_to_start_tokens`` has that of each type of Live Activity (``…/activity-types``),
    ``channels`` are the broadcast channels that it listens to. ``voip_stopped``: it has left too
    many calls unreported and gets no VoIP pushes until it is installed anew.
    ``background_push_held``: one waits until the budget allows it, or a person opens the app.
    """

    bundle_id: str
    tokens: dict[str, str]
    state: str
    notifications_enabled: bool
    permission: str
    registered: bool
    reports_calls: bool
    extension_seconds: float | None
    voip_stopped: bool
    background_push_held: bool
    push_to_start_tokens: dict[str, str]
    channels: list[str]


@answer
class AppEvent:
    """Something that the app's code has lived through; ``at`` is UNIX seconds.

    ``what`` is Apple's name of the call, such as
    ``application(_:didRegisterForRemoteNotificationsWithDeviceToken:)``, or the app's new state.
    """

    at: float
    what: str
    detail: str


class Subscription(Body):
    """A channel to listen to."""

    channel_id: str = Field(examples=["dHN0LXNyY2gtY2hubA=="], min_length=1, max_length=255)


@router.post("", response_model=InstalledApp, status_code=201)
async def install_app(parts: Parts, device_id: str, body: NewApp) -> Json:
    """Install an app; while the device is online, the answer waits for its tokens."""
    with device_refusals(parts):
        view = await parts.devices.install_app(device_id, body.bundle_id, body.push_types)
    return Json(installed_app(view), 201)


@router.patch("/{bundle_id}", response_model=InstalledApp)
async def change_app(parts: Parts, device_id: str, bundle_id: str, body: AppChange) -> Json:
    """Bring the app to another state, or change what it may show and how it treats pushes."""
    with device_refusals(parts):
        view = await parts.devices.patch_app(device_id, bundle_id, **_changes(body))
    return Json(installed_app(view))


@router.get("/{bundle_id}/events", response_model=list[AppEvent])
async def list_app_events(parts: Parts, device_id: str, bundle_id: str) -> Json:
    """What the app's code has lived through: launches, tokens, pushes, its end; oldest first."""
    with device_refusals(parts):
        events = parts.devices.app_events(device_id, bundle_id)
    return Json([AppEvent(each.at, each.what, each.detail) for each in events])


@router.delete("/{bundle_id}", status_code=204, response_class=Response)
async def uninstall_app(parts: Parts, device_id: str, bundle_id: str) -> Response:
    """Uninstall the app: providers hear 410 Unregistered for its tokens."""
    with device_refusals(parts):
        await parts.devices.uninstall_app(device_id, bundle_id)
    return Response(status_code=204)


@router.post("/{bundle_id}/channels", response_model=InstalledApp, status_code=201)
async def subscribe(parts: Parts, device_id: str, bundle_id: str, body: Subscription) -> Json:
    """Have the app listen to a broadcast channel of its own; it gets what waits there."""
    with device_refusals(parts):
        view = await parts.devices.subscribe(device_id, bundle_id, body.channel_id)
    return Json(installed_app(view), 201)


@router.delete("/{bundle_id}/channels", status_code=204, response_class=Response)
async def unsubscribe(
    parts: Parts,
    device_id: str,
    bundle_id: str,
    channel_id: Annotated[str, Query(description="In base64, so it is no part of the path.")],
) -> Response:
    """Have the app listen to a channel no more."""
    with device_refusals(parts):
        await parts.devices.unsubscribe(device_id, bundle_id, channel_id)
    return Response(status_code=204)


def _changes(body: AppChange) -> AppChanges:
    """What is given and not null; but null says that the app has no extension (any more)."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    return cast(
        "AppChanges",
        {
            name: value
            for name, value in given.items()
            if value is not None or name == "extension_seconds"
        },
    )


def installed_app(view: AppView) -> InstalledApp:
    """An app in the words of the API."""
    return InstalledApp(
        bundle_id=view.bundle_id,
        tokens=dict(view.tokens),
        state=view.state,
        notifications_enabled=view.notifications_enabled,
        permission=view.permission,
        registered=view.registered,
        reports_calls=view.reports_calls,
        extension_seconds=view.extension_seconds,
        voip_stopped=view.voip_stopped,
        background_push_held=view.background_push_held,
        channels=list(view.channels),
        push_to_start_tokens=dict(view.push_to_start_tokens),
    )
