"""The whole state: out as one document, and in again."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from gateway.console.api.common import Parts, device_refusals
from gateway.console.rendering import Json

router = APIRouter(prefix="/api/v1/snapshot", tags=["gateway"])

_DOCUMENT: dict[str, Any] = {
    "content": {"application/json": {"schema": {"type": "object"}}},
    "description": "See docs/snapshots.md.",
}


@router.get("", response_class=Response, responses={200: _DOCUMENT})
async def take_snapshot(
    parts: Parts,
    secrets: Annotated[
        bool, Query(description="With private keys, and the credentials of requests.")
    ] = False,
) -> Response:
    """The whole state, with what to load it elsewhere; `secrets` in it says whether it holds any.

    Keys, tokens, pushes that wait, channels, rules with their counts, the journal, the clock; and
    of each virtual device its apps, screen, inbox, Live Activities and what it received.
    """
    with device_refusals(parts):
        return Response(await parts.snapshots.take(secrets=secrets), media_type=Json.media_type)


@router.put(
    "",
    status_code=204,
    response_class=Response,
    openapi_extra={"requestBody": {**_DOCUMENT, "required": True}},
)
async def load_snapshot(parts: Parts, request: Request) -> Response:
    """Replace the whole state by that of a snapshot: all of it, or nothing.

    Answers once the devices that want a link have it, at most 10 s later. Tokens stay as they are;
    devices get new certificates, of this gateway's CA.
    """
    with device_refusals(parts):
        await parts.snapshots.load(await request.body())
    return Response(status_code=204)
