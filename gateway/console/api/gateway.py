"""The gateway itself: what it is, who is connected, back to empty, and what happens live."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel

from gateway.console.api.common import OfTenant, OneTenant, Parts, device_refusals
from gateway.console.api.wanting import Wanting
from gateway.console.live import EventStream
from gateway.console.rendering import Json
from gateway.console.wanted import following

router = APIRouter(prefix="/api/v1", tags=["gateway"])


class KeyInfo(BaseModel):
    """A provider key; ``key_file`` is the ``.p8`` on the gateway's disk, if it made the key."""

    key_id: str
    team_id: str
    key_file: str | None


class Info(BaseModel):
    """Where everything is.

    ``time`` is UNIX seconds by the gateway's clock, ``command`` where ``apnsim`` itself lies.
    """

    version: str
    time: float
    provider_url: str
    provider_ports: list[int]
    provider_urls: dict[str, str]
    manage_ports: Any
    courier: str
    proxy_url: str | None
    console_url: str
    command: str
    ca_file: str
    ca_pem: str
    team_id: str
    keys: list[KeyInfo]


class Connections(BaseModel):
    """Who is connected now."""

    provider: list[dict[str, Any]]
    courier: list[dict[str, Any]]


@router.get("/info", response_model=Info)
async def info(parts: Parts) -> Json:
    """Addresses, the CA to trust, and the keys to sign with."""
    return Json(parts.info())


@router.get("/connections", response_model=Connections)
async def connections(parts: Parts, tenancy: OfTenant) -> Json:
    """Provider connections (who pushes, how many streams) and courier sessions (devices).

    Those of an app are the connections that have asked for it, as far as the journal goes back,
    and the sessions of the devices that have it.
    """
    return Json(parts.connections(tenancy))


@router.get(
    "/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events, endless."}},
)
async def events(
    parts: Parts,
    wanted: Wanting,
    header: Annotated[str | None, Header(alias="last-event-id")] = None,
    last_event_id: Annotated[
        str | None, Query(description="As the header `Last-Event-ID`, which browsers send.")
    ] = None,
) -> EventStream:
    """Follow what happens, as server-sent events.

    `push` (a push reached a state; as in `GET /notifications`), `rejected` (a provider request
    was refused; as in `GET /requests`), `request` (one that is no push was answered), `link` (a
    device connected or left), `forgotten` (a reset: the `numbers` of the records that are gone,
    null for all). The filters are those of `GET /notifications`; links have a device and an app.

    Whoever comes back with the id of the last event is told what was missed, each push once. Where
    that is not known any more, and for a viewer that is too slow, there is `reload`: read the lists
    again, and go on from here.
    """
    last_id = header if last_event_id is None else last_event_id
    return EventStream(parts.journal, parts.closing, following(wanted), last_id)


@router.post("/reset", status_code=204, response_class=Response)
async def reset(parts: Parts, tenant: OneTenant) -> Response:
    """Back to empty: no devices, no notifications, nothing in the journal.

    With `bundle_id` nothing that is that app's is left, as if it had never been here: its pushes,
    tokens (BadDeviceToken from now on), records, channels, the rules that can strike no other app,
    and it is on no virtual device. A device without another app, and without a name that
    somebody gave it, goes with it. Nothing of another app is touched.
    """
    with device_refusals(parts):
        await parts.reset(tenant)
    return Response(status_code=204)
