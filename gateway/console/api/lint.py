"""The linter: what is wrong with a push, before it is sent."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import Self

from fastapi import APIRouter
from pydantic import Field, model_validator

from gateway.console.api.common import Body, Parts, answer
from gateway.console.api.payload import GivenPayload, GivenText, body_of, require_one
from gateway.console.rendering import Json
from protocol.lint.finding import Finding
from protocol.lint.judgement import lint
from protocol.lint.push import Push, as_headers
from protocol.notification import PushType
from protocol.provider.http import HttpRequest
from protocol.provider.request import DEVICE_PATH

router = APIRouter(prefix="/api/v1/lint", tags=["lint"])


class PushToLint(Body):
    """A push that nobody has sent: its payload, and what is known of the rest."""

    payload: GivenPayload = None
    raw_payload: GivenText = None
    headers: dict[str, str] = Field(
        default_factory=dict, examples=[{"apns-push-type": "alert", "apns-priority": "5"}]
    )
    path: str = Field(default=DEVICE_PATH, description="Tells a broadcast; else needed by `whole`.")
    whole: bool = Field(
        default=False,
        description="Path and headers are all that is sent: what is not there is missing.",
    )

    @model_validator(mode="after")
    def _has_one_payload(self) -> Self:
        require_one(self.payload, self.raw_payload)
        return self

    @property
    def request(self) -> HttpRequest:
        """As it would be sent."""
        body = body_of(self.payload, self.raw_payload)
        return HttpRequest("POST", self.path, as_headers(self.headers), body)


@answer
class ReportView:
    """What is wrong with a push, errors first; no findings: nothing is.

    ``push_type`` is what it was judged as, ``guessed`` whether that is only what it looks like.
    ``size`` and ``max_size`` are bytes of the payload.
    """

    push_type: PushType
    guessed: bool
    size: int
    max_size: int
    findings: list[Finding]


@router.post("", response_model=ReportView)
async def lint_push(parts: Parts, body: PushToLint) -> Json:
    """What APNs would refuse, and what a phone would not show or not as meant; sends nothing."""
    report = lint(Push(body.request, parts.clock.now(), is_whole=body.whole))
    return Json(
        ReportView(
            push_type=report.push_type,
            guessed=report.is_guessed,
            size=report.size,
            max_size=report.max_size,
            findings=list(report.findings),
        )
    )
