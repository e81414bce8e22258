"""The operations of the application, as its own OpenAPI document tells them."""

# No "from __future__ import annotations": FastAPI reads the annotation of the dependency.

import re
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException


def operations_at(app: FastAPI, path: str) -> dict[str, dict[str, Any]]:
    """Every operation at a path, by method in lower case; empty when there is none."""
    found: dict[str, dict[str, Any]] = {}
    for template, operations in app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path):
            found.update(operations)
    return found


async def refuse_unknown_parameters(request: Request) -> None:
    """A filter that is misspelt would silently match everything.

    Raises:
        HTTPException: 422, naming it and what is known.
    """
    if not request.query_params:
        return
    operation = operations_at(request.app, request.url.path)[request.method.lower()]
    parameters = operation.get("parameters", [])
    known = [each["name"] for each in parameters if each["in"] == "query"]
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        detail = f"query.{unknown[0][:80]}: unknown parameter; known: {', '.join(known) or 'none'}"
        raise HTTPException(422, detail)
