"""For those who watch over processes: alive, ready, and figures for Prometheus."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from gateway.console.api.common import Parts
from gateway.console.problems import problem

router = APIRouter(tags=["health"])


@router.get("/livez", response_class=PlainTextResponse)
async def livez() -> Response:
    """Whether the process answers; needs no token."""
    return PlainTextResponse("ok\n")


@router.get("/readyz", response_class=PlainTextResponse)
async def readyz(parts: Parts) -> Response:
    """Whether pushes are welcome: every port is open and no drain has begun; needs no token."""
    if parts.closing.is_set():
        return problem(503, "the gateway is shutting down")
    if not parts.is_ready():
        return problem(503, "the gateway is starting, or its store does not answer")
    return PlainTextResponse("ok\n")


@router.get("/metrics", response_class=PlainTextResponse)
async def prometheus(parts: Parts, request: Request) -> Response:
    """Figures in Prometheus' text format, or as OpenMetrics if `accept` asks for it."""
    # Most gateways are never asked.
    from gateway.console import metrics

    figures, media_type = metrics.render(parts, request.headers.get("accept", ""))
    return Response(figures, headers={"content-type": media_type})
