"""The filters that every list of pushes shares, as query parameters."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated, Any

from fastapi import Depends, Query

from gateway.console.api.common import OfTenant, Since
from gateway.console.problems import refusals
from gateway.console.wanted import PayloadWish, Wanted
from gateway.records import State
from protocol.identifiers import DeviceToken

MAX_TEXT_LENGTH = 4096
_Text = Annotated[str, Query(min_length=1, max_length=MAX_TEXT_LENGTH)]


async def _names(
    tenancy: OfTenant,
    topic: Annotated[str | None, Query(description="Such as com.example.app.voip.")] = None,
    device: Annotated[str | None, Query(description="The device's id.")] = None,
    token: Annotated[str | None, Query(description="A device token in hexadecimal.")] = None,
    apns_id: Annotated[str | None, Query(description="In either letter case.")] = None,
) -> dict[str, Any]:
    if token is not None:
        with refusals():
            token = DeviceToken.parse(token).hex()
    lowered = apns_id and apns_id.lower()
    names = {"topic": topic, "device": device, "token": token, "apns_id": lowered}
    return {"tenancy": tenancy, **names}


async def _course(
    state: Annotated[
        list[State] | None, Query(description="Where the push is now; several: any of them.")
    ] = None,
    since: Since = None,
) -> dict[str, Any]:
    return {"states": frozenset(state or ()), "since": since}


async def _content(
    text: Annotated[
        _Text | None,
        Query(description="Stands somewhere in the payload, in whichever letter case."),
    ] = None,
    payload: Annotated[
        list[_Text] | None,
        Query(
            description="A value in the payload by its path: `aps.alert.title=Goal*`, `match.id=7`;"
            " `*` is anything. Several: all of them."
        ),
    ] = None,
) -> dict[str, Any]:
    with refusals():
        return {"text": text, "payload": tuple(PayloadWish.parse(each) for each in payload or ())}


async def _wanted(
    names: Annotated[dict[str, Any], Depends(_names)],
    course: Annotated[dict[str, Any], Depends(_course)],
    content: Annotated[dict[str, Any], Depends(_content)],
) -> Wanted:
    return Wanted(**names, **course, **content)


Wanting = Annotated[Wanted, Depends(_wanted)]
