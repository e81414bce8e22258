"""Webhooks: other programs that are told what became of a push."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from typing import TYPE_CHECKING

from fastapi import APIRouter, HTTPException, Response
from pydantic import Field

from gateway.console.api.common import Body, OneTenant, Parts, answer, number_of
from gateway.console.problems import refusals
from gateway.console.rendering import Json
from gateway.records import State
from gateway.webhooks.description import read_description

if TYPE_CHECKING:
    from gateway.webhooks.hook import Hook

router = APIRouter(prefix="/api/v1/webhooks", tags=["webhooks"])


class NewWebhook(Body):
    """What to tell, and to whom.

    ``events`` are states of the timeline; if absent, those of a push that was delivered or
    presented. ``secret`` (``whsec_`` and base64) signs the requests as Standard Webhooks has it.
    """

    url: str = Field(examples=["http://127.0.0.1:8080/pushes"])
    events: list[State] | None = None
    bundle_id: str | None = Field(None, examples=["com.example.app"])
    secret: str | None = None


@answer
class WebhookView:
    """A webhook, and how it fares; of its secret nothing is told but that it signs.

    ``pending`` is not told yet; ``dropped`` never will be. ``last_status`` is null when the last
    attempt got no answer, ``last_error`` says why it failed. ``last_at`` is the machine's time.
    """

    id: str
    url: str
    events: list[State]
    bundle_id: str | None
    signed: bool
    pending: int
    delivered: int
    failures: int
    dropped: int
    last_status: int | None
    last_error: str
    last_at: float | None


@router.get("", response_model=list[WebhookView])
async def list_webhooks(parts: Parts, tenant: OneTenant) -> Json:
    """Every webhook, or those that are told of one app alone, oldest first."""
    hooks = parts.webhooks if tenant is None else parts.webhooks.of(tenant)
    return Json([_view(hook) for hook in hooks])


@router.get("/{webhook_id}", response_model=WebhookView)
async def get_webhook(parts: Parts, webhook_id: str) -> Json:
    """One webhook."""
    return Json(_view(_require(parts, webhook_id)))


@router.post("", response_model=WebhookView, status_code=201)
async def make_webhook(parts: Parts, body: NewWebhook) -> Json:
    """From now on tell this one, too.

    It gets a POST for each event: the push as `GET /notifications` tells it, and the `event`. Any
    answer but 2xx is a failure, and tried again a few times; redirects are not followed. Where it
    leads must be allowed by the gateway's settings; unless told otherwise, that is this machine.
    """
    with refusals():
        hook = parts.webhooks.add(read_description(body.model_dump()))
    return Json(_view(hook), 201, {"location": f"/api/v1/webhooks/{hook.number}"})


@router.delete("", status_code=204, response_class=Response)
async def delete_webhooks(parts: Parts, tenant: OneTenant) -> Response:
    """Tell nobody any more, or none of those that are told of one app alone."""
    parts.webhooks.clear(tenant)
    return Response(status_code=204)


@router.delete("/{webhook_id}", status_code=204, response_class=Response)
async def delete_webhook(parts: Parts, webhook_id: str) -> Response:
    """Tell this one no more, not even what is pending."""
    parts.webhooks.remove(_require(parts, webhook_id).number)
    return Response(status_code=204)


def _require(parts: Parts, webhook_id: str) -> "Hook":
    hook = parts.webhooks.get(number_of(webhook_id))
    if hook is None:
        raise HTTPException(404, f"there is no webhook {webhook_id[:80]!r}")
    return hook


def _view(hook: "Hook") -> WebhookView:
    described = hook.description
    return WebhookView(
        id=str(hook.number),
        url=described.url,
        # In the order of a push's life.
        events=[state for state in State if state in described.events],
        bundle_id=described.tenant.bundle_id if described.tenant else None,
        signed=described.secret is not None,
        pending=hook.pending,
        delivered=hook.delivered,
        failures=hook.failures,
        dropped=hook.dropped,
        last_status=hook.last_status,
        last_error=hook.last_error,
        last_at=hook.last_at,
    )
