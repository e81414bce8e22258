"""The console as one ASGI application."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import trio
from fastapi import Depends, FastAPI

from gateway.console.api import ROUTERS
from gateway.console.guard import Admission, Guard
from gateway.console.operations import refuse_unknown_parameters
from gateway.console.problems import RESPONSES, answer_errors
from gateway.console.server import Bind, serve_app
from gateway.console.static import ROUTES as PAGE_ROUTES
from gateway.version import VERSION

if TYPE_CHECKING:
    from hypercorn.typing import ASGIFramework

    from gateway.console.parts import ConsoleParts

__all__ = ["Bind", "create_app", "serve_console"]

_DESCRIPTION = """
Everything that a test or a person may ask of a running apnsim: devices and apps, what providers
sent, what became of each push, time, keys. Times are UNIX seconds by the gateway's clock. Errors
are problem documents (RFC 9457).
"""


def create_app(parts: ConsoleParts, admission: Admission) -> FastAPI:
    """Build the application.

    Args:
        parts: the collaborators.
        admission: who is let in.
    """
    app = FastAPI(
        title="apnsim control API",
        version=VERSION,
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        # Both pages load their scripts from a CDN; this works offline, and trusts nobody.
        docs_url=None,
        redoc_url=None,
        responses=RESPONSES,
        dependencies=[Depends(refuse_unknown_parameters)],
        # FastAPI's own spans and metrics of each request: not asked for, and not free.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    app.state.parts = parts
    app.add_middleware(Guard, admission=admission)
    answer_errors(app)
    for router in ROUTERS:
        app.include_router(router)
    app.router.routes.extend(PAGE_ROUTES)
    app.state.routes = [*app.routes, *(route for router in ROUTERS for route in router.routes)]
    return app


async def serve_console(
    parts: ConsoleParts,
    bind: Bind,
    *,
    task_status: trio.TaskStatus[int] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve the console until ``parts.closing`` is set, then see everyone out.

    Args:
        parts: the collaborators.
        bind: where to listen, and who is let in.
        task_status: started with the port once it is open.

    Raises:
        OSError: the port cannot be bound.
    """
    app = create_app(parts, Admission(bind.token, bind.names | {bind.host.lower()}))
    await serve_app(cast("ASGIFramework", app), bind, parts.closing, task_status=task_status)
