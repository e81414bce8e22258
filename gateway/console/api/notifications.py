"""Pushes: what was asked for, what became of each, and waiting for it."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Response

from gateway.console.api.common import Parts, Searching
from gateway.console.api.wanting import Wanting
from gateway.console.parts import ConsoleParts
from gateway.console.rendering import Json, json_list
from gateway.console.views import PushStory, PushView, push_view, story_of
from gateway.records import Record

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

Number = Annotated[
    int | None, Query(description="Which of several with this apns-id; the newest if absent.")
]


@router.get("", response_model=list[PushView])
async def list_notifications(search: Searching, wanted: Wanting) -> Response:
    """Pushes with their timelines, oldest first.

    With `wait`, answers when `count` pushes match or the time is up, whichever is first. A push
    that was `Presented` still counts as `Delivered to Device`. Requests that were refused are
    listed only when `state=Rejected` asks for them.
    """
    found = await search.find(wanted)
    return await json_list(push_view(record) for record in found)


@router.get("/{apns_id}", response_model=PushStory)
async def get_notification(parts: Parts, apns_id: str, number: Number = None) -> Json:
    """One push or refused request: the request as received, the answer given, the timeline."""
    record, *others = records_named(parts, apns_id, number)
    return Json(story_of(record, others))


def records_named(parts: ConsoleParts, apns_id: str, number: int | None) -> list[Record]:
    """The record that is meant, then the others with the same apns-id, newest first.

    Raises:
        HTTPException: 404.
    """
    found = parts.journal.find(_is_named(apns_id.lower()))[::-1]
    chosen = next((record for record in found if number in (None, record.number)), None)
    if chosen is None:
        which = "" if number is None else f" and the number {number}"
        detail = f"the journal has no push with the apns-id {apns_id[:80]!r}{which}"
        raise HTTPException(404, detail)
    return [chosen, *(other for other in found if other is not chosen)]


def _is_named(apns_id: str) -> Callable[[Record], bool]:
    # The gateway's own name of the push, apns-unique-id, is as good.
    return lambda record: (
        record.apns_id.lower() == apns_id
        or (record.notification is not None and record.notification.unique_id == apns_id)
    )
