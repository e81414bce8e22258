"""Provider requests, refused ones too."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated

from fastapi import APIRouter, Query, Response

from gateway.console.api.common import OfTenant, Searching, Since
from gateway.console.rendering import json_list
from gateway.console.views import RequestView, request_view
from gateway.records import Record

router = APIRouter(prefix="/api/v1/requests", tags=["requests"])


@router.get("", response_model=list[RequestView])
async def list_requests(
    search: Searching,
    tenancy: OfTenant,
    status: Annotated[int | None, Query(description="Of the answer, such as 400.")] = None,
    reason: Annotated[str | None, Query(description="Such as BadDeviceToken.")] = None,
    push: Annotated[
        bool | None,
        Query(description="true: what became a push; false: what was refused or is none."),
    ] = None,
    since: Since = None,
) -> Response:
    """Every provider request with its answer, oldest first."""

    def wanted(record: Record) -> bool:
        return (
            record.request is not None
            and status in (None, record.status)
            and reason in (None, record.reason)
            and push in (None, record.notification is not None)
            and (since is None or record.received_at >= since)
            and (tenancy is None or tenancy.has_record(record))
        )

    found = await search.find(wanted)
    return await json_list(request_view(record) for record in found)
