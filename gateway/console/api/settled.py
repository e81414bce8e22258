"""Whether all that was sent has come to rest."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request

from gateway.console.api.common import MAX_WAIT_SECONDS, Parts, answer, unless_over
from gateway.console.api.wanting import Wanting
from gateway.console.fates import fate_of
from gateway.console.knowledge import Knowledge
from gateway.console.rendering import Json
from gateway.console.settling import Settling
from gateway.console.views import PushView, push_view

router = APIRouter(prefix="/api/v1/settled", tags=["notifications"])

# Of those on their way, or found; who wants all of them asks for the list.
SHOWN = 10


@answer
class OnItsWay:
    """A push, or a request, that is still on its way; ``became``: how far it has come."""

    number: int
    apns_id: str
    topic: str | None
    became: str


@answer
class Settled:
    """Whether none of the pushes that could match is on its way, and those that match by now.

    Of both at most ten, the newest.
    """

    settled: bool
    on_their_way: list[OnItsWay]
    found: list[PushView]


@router.get("", response_model=Settled)
async def get_settled(
    parts: Parts,
    request: Request,
    wanted: Wanting,
    wait: Annotated[
        float,
        Query(
            ge=0,
            le=MAX_WAIT_SECONDS,
            allow_inf_nan=False,
            description="Answer once all has settled, or after so many seconds.",
        ),
    ] = 0,
    or_found: Annotated[bool, Query(description="Answer also as soon as one matches.")] = False,
) -> Json:
    """Whether anything that could match the filters is on its way, whatever its state is.

    Settled is what was refused, replaced or thrown away; what waits for a device that is offline,
    for the sake of power or for the app's budget; and what a device has got and, being a virtual
    one, has shown or not. So once this says `settled`, a push that has been answered and is not in
    the list does not come by itself. What a provider has not sent yet nobody can know.
    """
    known = Knowledge(parts)
    settling = Settling(parts.journal, wanted, known)
    if wait:
        await unless_over(parts, request, partial(settling.wait, wait, or_found=or_found))
    on_their_way = settling.on_their_way()
    told = [
        OnItsWay(each.number, each.apns_id, each.topic, fate_of(each, known).became)
        for each in on_their_way[-SHOWN:]
    ]
    found = parts.journal.find(wanted, limit=SHOWN)
    return Json(Settled(not on_their_way, told, [push_view(each) for each in found]))
