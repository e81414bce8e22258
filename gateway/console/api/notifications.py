"""Pushes: what was asked for, what became of each, and waiting for it."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from gateway.console.api.common import OfTenant, Parts, Searching, Since
from gateway.console.problems import refusals
from gateway.console.rendering import Json, json_list
from gateway.console.views import PushStory, PushView, is_in, push_view, story_of
from gateway.journal import Record, State
from protocol.identifiers import DeviceToken

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])


Subject = Callable[[Record], bool]


@dataclass(frozen=True, slots=True)
class Filter:
    """Which pushes are wanted; every part that is not None (or empty) must match.

    Without ``states``, what was refused before it became a push is wanted only if ``refused_too``.
    """

    about: Subject
    device: str | None
    token: str | None
    apns_id: str | None
    states: frozenset[State]
    since: float | None
    refused_too: bool = False

    def __call__(self, record: Record) -> bool:
        """Whether the record is wanted."""
        return (
            self._is_push(record)
            and self.about(record)
            and self.device in (None, record.device)
            and self.token in (None, record.token)
            and self.apns_id in (None, record.apns_id.lower())
            and (self.since is None or record.received_at >= self.since)
        )

    def _is_push(self, record: Record) -> bool:
        if self.states:
            return is_in(record, self.states)
        return self.refused_too or record.notification is not None


async def _subject_of(
    tenancy: OfTenant,
    topic: Annotated[str | None, Query(description="Such as com.example.app.voip.")] = None,
) -> Subject:
    if tenancy is None:
        return lambda record: topic in (None, record.topic)
    return lambda record: topic in (None, record.topic) and tenancy.has_record(record)


async def filter_of(
    about: Annotated[Subject, Depends(_subject_of)],
    device: Annotated[str | None, Query(description="The device's id.")] = None,
    token: Annotated[str | None, Query(description="A device token in hexadecimal.")] = None,
    apns_id: Annotated[str | None, Query(description="In either letter case.")] = None,
    state: Annotated[
        list[State] | None, Query(description="Where the push is now; several: any of them.")
    ] = None,
    since: Since = None,
) -> Filter:
    """Which pushes, by the query."""
    if token is not None:
        with refusals():
            token = DeviceToken.parse(token).hex()
    apns_id, states = apns_id and apns_id.lower(), frozenset(state or ())
    return Filter(about, device, token, apns_id, states, since)


@router.get("", response_model=list[PushView])
async def list_notifications(
    search: Searching, wanted: Annotated[Filter, Depends(filter_of)]
) -> Response:
    """Pushes with their timelines, oldest first.

    With `wait`, answers when `count` pushes match or the time is up, whichever is first. A push
    that was `Presented` still counts as `Delivered to Device`. Requests that were refused are
    listed only when `state=Rejected` asks for them.
    """
    found = await search.find(wanted)
    return await json_list(push_view(record) for record in found)


@router.get("/{apns_id}", response_model=PushStory)
async def get_notification(
    parts: Parts,
    apns_id: str,
    number: Annotated[
        int | None, Query(description="Which of several with this apns-id; the newest if absent.")
    ] = None,
) -> Json:
    """One push or refused request: the request as received, the answer given, the timeline."""
    found = parts.journal.find(_is_named(apns_id.lower()))[::-1]
    chosen = [record for record in found if number in (None, record.number)]
    if not chosen:
        which = "" if number is None else f" and the number {number}"
        detail = f"the journal has no push with the apns-id {apns_id[:80]!r}{which}"
        raise HTTPException(404, detail)
    return Json(story_of(chosen[0], [other for other in found if other is not chosen[0]]))


def _is_named(apns_id: str) -> Callable[[Record], bool]:
    # The gateway's own name of the push, apns-unique-id, is as good.
    return lambda record: (
        record.apns_id.lower() == apns_id
        or (record.notification is not None and record.notification.unique_id == apns_id)
    )
