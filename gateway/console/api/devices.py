"""Virtual devices."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Literal

from fastapi import APIRouter, Response
from pydantic import Field

from gateway.console.api.apps import InstalledApp, installed_app
from gateway.console.api.common import Body, OneTenant, Parts, answer, device_refusals
from gateway.console.api.networks import (
    NETWORKS,
    Conditions,
    ConditionsChange,
    NetworkHappening,
)
from gateway.console.device_host import DeviceView, ReceivedView
from gateway.console.link_view import LinkView
from gateway.console.rendering import Json, json_list, read_value
from gateway.console.views import JsonDictionary
from protocol.notification import Environment

router = APIRouter(prefix="/api/v1/devices", tags=["devices"])


class NewDevice(Body):
    """A device to be made."""

    name: str | None = Field(default=None, min_length=1, max_length=200, examples=["Anna's phone"])
    environment: Environment | None = Field(
        default=None, description="That of its tokens; the gateway's own if absent."
    )
    online: bool = Field(default=True, description="Whether it connects at once.")


class DeviceChange(Body):
    """What is to be changed; what is absent stays."""

    online: bool | None = None
    network: NETWORKS | None = None
    conditions: ConditionsChange | None = None
    power: Literal["awake", "locked", "low-power"] | None = None
    assertion_policy: Literal["full", "restricted"] | None = Field(
        default=None,
        description="Force whether apsd may reconnect, until the next wake or change of `power`.",
    )


class Wake(Body):
    """What wakes the device; a push of priority 10 on its link does, too."""

    reason: Literal["user", "cellular-call", "timer"] = Field(
        description="A user unlocks it; a call lights its display; a timer leaves it dark."
    )


class Restore(Body):
    """Where a backup is restored."""

    to: str | None = Field(
        default=None,
        min_length=1,
        max_length=255,
        description="Another device, made if it is not there, erased if it is; absent: the same.",
    )


@answer
class DeviceLink:
    """A link through one interface, as the device believes it to be.

    ``state`` is ``online``, ``connecting``, ``waiting`` or ``off``. What the device has to say it
    says on the link that ``leads``. Addresses are null without a connection; seconds are the
    interval of keep-alives and the time until the next one.
    """

    interface: str
    state: str
    leads: bool
    local: str | None
    remote: str | None
    keep_alive_seconds: float | None
    keep_alive_stage: str | None
    next_keep_alive_seconds: float | None


@answer
class Device:
    """A virtual device; ``online`` is whether it has a link to the gateway.

    ``assertion_policy``: while it is ``restricted``, a device without a link does not try for one.
    """

    id: str
    name: str
    environment: Environment
    online: bool
    network: str
    conditions: Conditions
    power: str
    assertion_policy: str
    apps: list[InstalledApp]
    links: list[DeviceLink]


@answer
class ReceivedPush:
    """A push that reached its app.

    ``received_at`` is UNIX seconds. ``payload`` is null when it was no JSON dictionary; then
    ``raw_payload`` is its text. ``detail`` says why it was presented so. A broadcast has a
    ``channel_id``. ``handler`` is Apple's name of the app's code that was called, empty if none
    was.
    """

    apns_id: str
    topic: str
    push_type: str
    priority: int
    collapse_id: str | None
    payload: JsonDictionary
    raw_payload: str | None
    received_at: float
    from_storage: bool
    presentation: str
    detail: str
    channel_id: str | None
    handler: str
    app_state_before: str
    app_state_after: str


@router.get("", response_model=list[Device])
async def list_devices(parts: Parts, tenant: OneTenant) -> Response:
    """Every device, or those that have an app, oldest first."""
    views = parts.devices.list_devices()
    if tenant is not None:
        bundle_id = tenant.bundle_id
        views = [view for view in views if any(app.bundle_id == bundle_id for app in view.apps)]
    return await json_list(_device(view) for view in views)


@router.post("", response_model=Device, status_code=201)
async def create_device(parts: Parts, body: NewDevice | None = None) -> Json:
    """Make a device; if it is to be online, the answer waits for its link."""
    body = body or NewDevice()
    with device_refusals(parts):
        view = await parts.devices.create_device(body.name, body.environment, online=body.online)
    return Json(_device(view), 201, {"location": f"/api/v1/devices/{view.id}"})


@router.get("/{device_id}", response_model=Device)
async def get_device(parts: Parts, device_id: str) -> Json:
    """One device."""
    with device_refusals(parts):
        return Json(_device(parts.devices.get_device(device_id)))


@router.patch("/{device_id}", response_model=Device)
async def change_device(parts: Parts, device_id: str, body: DeviceChange) -> Json:
    """Switch its link, network or power.

    Answers once its link is as it should be, and after 10 s also if it is not: `links` tells.
    """
    with device_refusals(parts):
        view = await parts.devices.patch_device(
            device_id,
            online=body.online,
            network=body.network,
            conditions=None if body.conditions is None else body.conditions.changes(),
            power=body.power,
            assertion_policy=body.assertion_policy,
        )
    return Json(_device(view))


@router.post("/{device_id}/network", response_model=Device)
async def network_event(parts: Parts, device_id: str, body: NetworkHappening) -> Json:
    """Let something happen to its connections; after a hand-over it answers with the new link."""
    with device_refusals(parts):
        return Json(_device(await parts.devices.network_event(device_id, body.event)))


@router.delete("/{device_id}", status_code=204, response_class=Response)
async def delete_device(parts: Parts, device_id: str) -> Response:
    """Throw it away; providers hear 410 for its tokens."""
    with device_refusals(parts):
        await parts.devices.delete_device(device_id)
    return Response(status_code=204)


@router.post("/{device_id}/wake", response_model=Device)
async def wake_device(parts: Parts, device_id: str, body: Wake) -> Json:
    """Wake it: if it has lost its link it may try again, and the answer waits for the link."""
    with device_refusals(parts):
        return Json(_device(await parts.devices.wake(device_id, body.reason)))


@router.post("/{device_id}/restore", response_model=Device)
async def restore_device(parts: Parts, device_id: str, body: Restore | None = None) -> Json:
    """Restore a backup of the device: every token of the restored one is new.

    On another device, the answer is that one; the first goes on until it is deleted.
    """
    with device_refusals(parts):
        return Json(_device(await parts.devices.restore(device_id, (body or Restore()).to)))


@router.post("/{device_id}/refresh", response_model=Device)
async def refresh_device(parts: Parts, device_id: str) -> Json:
    """Install the operating system anew, below the apps: every token of the device changes."""
    with device_refusals(parts):
        return Json(_device(await parts.devices.refresh(device_id)))


@router.get("/{device_id}/notifications", response_model=list[ReceivedPush])
async def list_received(parts: Parts, device_id: str, tenant: OneTenant) -> Response:
    """What the device received, or one app on it, oldest first."""
    with device_refusals(parts):
        received = parts.devices.notifications(device_id)
    mine = (view for view in received if tenant is None or tenant.has(view.topic))
    return await json_list(map(_received, mine))


def _device(view: DeviceView) -> Device:
    return Device(
        id=view.id,
        name=view.name,
        environment=Environment(view.environment),
        online=view.online,
        network=view.network,
        conditions=Conditions.of(view.conditions),
        power=view.power,
        assertion_policy=view.assertion_policy,
        apps=[installed_app(app) for app in view.apps],
        links=[_link(link) for link in view.links],
    )


def _link(view: LinkView) -> DeviceLink:
    return DeviceLink(
        interface=view.interface,
        state=view.state,
        leads=view.leads,
        local=view.local,
        remote=view.remote,
        keep_alive_seconds=view.keep_alive_seconds,
        keep_alive_stage=view.keep_alive_stage,
        next_keep_alive_seconds=view.next_keep_alive_seconds,
    )


def _received(view: ReceivedView) -> ReceivedPush:
    payload = read_value(view.payload)
    return ReceivedPush(
        apns_id=view.apns_id,
        topic=view.topic,
        push_type=view.push_type,
        priority=view.priority,
        collapse_id=view.collapse_id,
        payload=payload.parsed,
        raw_payload=payload.raw,
        received_at=view.received_at,
        from_storage=view.from_storage,
        presentation=view.presentation,
        detail=view.detail,
        channel_id=view.channel_id,
        handler=view.handler,
        app_state_before=view.app_state_before,
        app_state_after=view.app_state_after,
    )
