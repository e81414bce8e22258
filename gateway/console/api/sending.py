"""Sending a push from here, and sending a recorded one again: over the real provider port."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Annotated, Self

from fastapi import APIRouter, HTTPException, Response
from pydantic import Field, model_validator

from gateway.console.api.common import Body, Parts
from gateway.console.api.notifications import Number, records_named
from gateway.console.api.payload import GivenPayload, GivenText, body_of, require_one
from gateway.console.parts import ConsoleParts
from gateway.console.problems import refusals
from gateway.console.rendering import Json
from gateway.console.sending import (
    NoAnswerError,
    OutgoingPush,
    SentPush,
    as_sent,
    changed,
    environment_of,
)
from protocol.lint.push import as_headers
from protocol.notification import Environment
from protocol.provider.request import DEVICE_PATH

router = APIRouter(prefix="/api/v1/notifications", tags=["notifications"])

_Where = Annotated[
    Environment | None, Field(description="Absent: that of the device, else development.")
]


class PushToSend(Body):
    """A push; the credentials are added here."""

    path: str = Field(
        pattern=r"^/[!-~]*$", examples=[DEVICE_PATH + "0f3a…", "/4/broadcasts/apps/x"]
    )
    headers: dict[str, str] = Field(
        default_factory=dict,
        examples=[{"apns-topic": "com.example.app", "apns-push-type": "alert"}],
    )
    payload: GivenPayload = None
    raw_payload: GivenText = None
    environment: _Where = None

    @model_validator(mode="after")
    def _has_one_payload(self) -> Self:
        require_one(self.payload, self.raw_payload)
        return self


class Changes(Body):
    """What shall be different this time; what is absent stays."""

    headers: dict[str, str | None] = Field(
        default_factory=dict, description="null leaves a header out."
    )
    payload: GivenPayload = None
    raw_payload: GivenText = None
    environment: _Where = None

    @model_validator(mode="after")
    def _has_no_two_payloads(self) -> Self:
        if self.is_edited:
            require_one(self.payload, self.raw_payload)
        return self

    @property
    def is_edited(self) -> bool:
        """Whether there is another payload."""
        return self.payload is not None or self.raw_payload is not None


@router.post("", response_model=SentPush)
async def send(parts: Parts, body: PushToSend) -> Json:
    """Push as a backend does; the answer may be a refusal. It is recorded as any request is."""
    return await _send(
        parts,
        OutgoingPush(
            body.environment or environment_of(parts, body.path),
            body.path,
            as_headers(body.headers),
            body_of(body.payload, body.raw_payload),
        ),
    )


@router.post("/{apns_id}/resend", response_model=SentPush)
async def resend(
    parts: Parts, apns_id: str, number: Number = None, body: Changes | None = None
) -> Json:
    """Push the same again under a new apns-id, or nearly the same.

    Headers and payload are those that were received; credentials are new. An `apns-expiration`
    that has passed meanwhile stays, unless it is changed.
    """
    [record, *_] = records_named(parts, apns_id, number)
    with refusals():
        again = as_sent(parts, record)
    if body is None:
        return await _send(parts, again)
    return await _send(
        parts,
        OutgoingPush(
            body.environment or again.environment,
            again.path,
            changed(again.headers, body.headers),
            body_of(body.payload, body.raw_payload) if body.is_edited else again.body,
        ),
    )


@router.get(
    "/{apns_id}/payload",
    response_class=Response,
    responses={200: {"content": {"application/octet-stream": {}}, "description": "Its bytes."}},
)
async def get_payload(parts: Parts, apns_id: str, number: Number = None) -> Response:
    """The payload as it was received, byte for byte."""
    [record, *_] = records_named(parts, apns_id, number)
    push, request = record.notification, record.request
    body = request.body if request else push.payload if push else b""
    # What a provider sent is no page of ours, whatever it looks like.
    headers = {"x-content-type-options": "nosniff", "content-disposition": "attachment"}
    return Response(body, media_type="application/octet-stream", headers=headers)


async def _send(parts: ConsoleParts, push: OutgoingPush) -> Json:
    try:
        with refusals():
            return Json(await parts.send_push(push))
    except NoAnswerError as error:
        raise HTTPException(502, str(error)) from error
