"""What the routes of the application know of themselves: their methods and parameters."""

# No "from __future__ import annotations": FastAPI reads the annotation of the dependency.
from collections.abc import Iterable

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route


def methods_at(routes: Iterable[BaseRoute], path: str) -> list[str]:
    """The methods of every route at a path (Starlette names those of the first one only).

    Of ``/keys/make``, not those of ``/keys/{key_id}``, which would find no such key.
    """
    here = [
        route
        for route in routes
        if isinstance(route, Route | APIRoute) and route.path_regex.match(path)
    ]
    fewest = min((len(route.param_convertors) for route in here), default=0)
    closest = [route for route in here if len(route.param_convertors) == fewest]
    return sorted({method for route in closest for method in route.methods or ()})


async def refuse_unknown_parameters(request: Request) -> None:
    """A filter that is misspelt would silently match everything.

    Raises:
        HTTPException: 422, naming it and what is known.
    """
    if not request.query_params:
        return
    route = request.scope["route"]
    assert isinstance(route, APIRoute)
    known = _query_parameters_of(route.dependant)
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        detail = f"query.{unknown[0][:80]}: unknown parameter; known: {', '.join(known) or 'none'}"
        raise HTTPException(422, detail)


def _query_parameters_of(dependant: Dependant) -> list[str]:
    own = [parameter.alias for parameter in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _query_parameters_of(each)]
