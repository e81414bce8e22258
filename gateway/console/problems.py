"""Every error of the control API as an RFC 9457 problem document."""

# No "from __future__ import annotations": FastAPI reads the annotations of models at run time.
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from gateway.console.operations import methods_at
from gateway.console.rendering import Json
from gateway.store.store import StoreUnavailableError

MEDIA_TYPE = "application/problem+json"


class InvalidField(BaseModel):
    """A part of the request that cannot be used."""

    where: str = Field(examples=["body.bundle_id"])
    message: str


class Problem(BaseModel):
    """What went wrong (RFC 9457)."""

    type: str = Field(default="about:blank")
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["there is no device 'x'"])
    errors: list[InvalidField] = Field(default_factory=list)


class ProblemAnswer(Json):
    """A problem document as an answer."""

    media_type: str | None = MEDIA_TYPE


def _problem_schema() -> dict[str, Any]:
    """Without references: they would lead to where this is not in an OpenAPI document."""
    schema = Problem.model_json_schema()
    [field] = schema.pop("$defs").values()
    schema["properties"]["errors"]["items"] = field
    return schema


# For the OpenAPI document, at every operation.
RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "It failed; the problem document says why.",
        "content": {MEDIA_TYPE: {"schema": _problem_schema()}},
    },
    431: {"description": "The request line and its headers are longer than 16 KiB; no body."},
}


def problem(
    status: int,
    detail: str,
    *,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemAnswer:
    """An answer that says what happened and what was expected."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        content["errors"] = errors
    return ProblemAnswer(content, status, headers)


@contextmanager
def refusals(
    unknown: tuple[type[Exception], ...] = (), failed: tuple[type[Exception], ...] = ()
) -> Iterator[None]:
    """Turn a collaborator's refusal into the answer for it.

    Only around the one call that may refuse: anywhere else a ``ValueError`` is our bug.

    Args:
        unknown: the errors that mean "there is no such thing".
        failed: the errors that mean "not this time".

    Raises:
        HTTPException: 404 and 503 for those, 422 for any other ``ValueError``.
    """
    try:
        yield
    except unknown as error:
        raise HTTPException(404, _said(error)) from error
    except failed as error:
        raise HTTPException(503, _said(error)) from error
    except ValueError as error:
        raise HTTPException(422, _said(error)) from error


def _said(error: Exception) -> str:
    # str(KeyError("x")) is "'x'": its argument is the message.
    return str(error.args[0] if error.args else type(error).__name__)


def answer_errors(app: FastAPI) -> None:
    """Make every error of the application a problem document."""
    app.add_exception_handler(HTTPException, _on_http_exception)
    app.add_exception_handler(RequestValidationError, _on_invalid_request)
    app.add_exception_handler(StoreUnavailableError, _on_store_unavailable)
    app.add_exception_handler(Exception, _on_bug)


async def _on_http_exception(request: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, HTTPException)
    detail, headers = str(error.detail), error.headers
    path = request.url.path
    if error.status_code == HTTPStatus.NOT_FOUND and detail == HTTPStatus.NOT_FOUND.phrase:
        detail = f"there is no {path}; /api/v1/openapi.json lists what there is"
    elif error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(methods_at(request.app.state.routes, path))
        detail, headers = (
            f"{request.method} is not for {path}; allowed: {allowed}",
            {"allow": allowed},
        )
    return problem(error.status_code, detail, headers=headers)


async def _on_invalid_request(_request: Request, error: Exception) -> ProblemAnswer:
    assert isinstance(error, RequestValidationError)
    errors = [
        {"where": ".".join(map(str, each["loc"])), "message": each["msg"]}
        for each in error.errors()
    ]
    return problem(422, "; ".join(f"{e['where']}: {e['message']}" for e in errors), errors=errors)


async def _on_store_unavailable(_request: Request, error: Exception) -> ProblemAnswer:
    return problem(503, str(error))


async def _on_bug(_request: Request, _error: Exception) -> ProblemAnswer:
    return problem(500, "the gateway has a bug here; its log has the traceback")
