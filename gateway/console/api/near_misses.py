"""Why what somebody waits for has not come."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated

import trio
from fastapi import APIRouter, Query

from gateway.console.api.common import Parts
from gateway.console.api.wanting import Wanting
from gateway.console.knowledge import Knowledge
from gateway.console.near_misses import LOOKED_AT, NearMiss, near_misses
from gateway.console.rendering import Json
from gateway.console.silence import silence

router = APIRouter(prefix="/api/v1/near-misses", tags=["notifications"])

MAX_LIMIT = 100


@router.get("", response_model=list[NearMiss])
async def list_near_misses(
    parts: Parts,
    wanted: Wanting,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT, description="The nearest so many.")] = 10,
) -> Json:
    """The pushes and refused requests that almost matched, nearest first, and why they did not.

    The filters are those of `GET /notifications`. `why` says in plain words what it is, how it
    differs from what was wanted, and what became of it: refused, waiting, replaced, expired,
    delivered and not shown; `advice` what to do. If there is none, entries without a `number` say
    what else is going on: failed TLS handshakes, clients that are connected and send nothing.
    """
    known = Knowledge(parts)
    newest_first = parts.journal.find(lambda _: True, limit=LOOKED_AT)[::-1]
    found = near_misses(newest_first, wanted, known, limit=limit)
    if all(each.distance is None for each in found):
        there = parts.connections(None)["provider"]
        told = silence(there, parts.failed_handshakes(), parts.info(), time=trio.current_time())
        found = [*told, *found][:limit]
    return Json(found)
