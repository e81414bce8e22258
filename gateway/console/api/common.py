"""What several routers share: the collaborators, strict bodies, and waiting that ends."""

# No "from __future__ import annotations": FastAPI reads the annotations of endpoints at run time.
import json
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypeVar, dataclass_transform, get_args

import trio
from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator, with_config

from gateway.console.parts import ConsoleParts
from gateway.console.problems import refusals
from gateway.records import Record
from gateway.routing.tenancy import Tenancy
from protocol.tenant import Tenant

MAX_WAIT_SECONDS = 3600
DEFAULT_LIMIT = 1000
MAX_LIMIT = 100_000


def number_of(text: str) -> int:
    """The number in a path that names something; 0, which names nothing, if it is none."""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


Answer = TypeVar("Answer")


@dataclass_transform(frozen_default=True)
def answer(described: type[Answer]) -> type[Answer]:
    """A dataclass that calls answer, unjudged: pydantic only documents it, once it is asked to.

    To make validators of them all took a fifteenth of the gateway's start.
    """
    return with_config(ConfigDict(defer_build=True))(dataclass(frozen=True, slots=True)(described))


class Body(BaseModel):
    """A request body: a field that is not known is an error, not a typo that goes unnoticed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _is_as_documented(cls, value: object, info: ValidationInfo) -> object:
        """JSON's true is no number, 0 and "no" are not false: pydantic would take them for it."""
        kind = cls.model_fields[str(info.field_name)].annotation
        kinds = {kind, *get_args(kind)} & {bool, int, float, str}
        if isinstance(value, bool | int | float | str) and kinds and str not in kinds:
            if bool in kinds and not isinstance(value, bool):
                raise ValueError(f"true or false, not {json.dumps(value)}")
            if bool not in kinds and isinstance(value, bool | str):
                raise ValueError(f"a number, not {json.dumps(value)}")
        return value


async def _parts_of(request: Request) -> ConsoleParts:
    parts = request.app.state.parts
    assert isinstance(parts, ConsoleParts)
    return parts


Parts = Annotated[ConsoleParts, Depends(_parts_of)]

Since = Annotated[
    float | None,
    Query(allow_inf_nan=False, description="Only what was received at or after: UNIX seconds."),
]


BundleIdQuery = Annotated[
    str | None,
    Query(
        description="Only what is of this app, whatever suffix its topics have.",
        examples=["com.example.app"],
    ),
]


async def _tenant_of(bundle_id: BundleIdQuery = None) -> Tenant | None:
    if bundle_id is None:
        return None
    with refusals():
        return Tenant.parse(bundle_id)


OneTenant = Annotated[Tenant | None, Depends(_tenant_of)]


async def _tenancy_of(parts: Parts, tenant: OneTenant) -> Tenancy | None:
    return None if tenant is None else Tenancy(tenant, parts.directory)


OfTenant = Annotated[Tenancy | None, Depends(_tenancy_of)]


def device_refusals(parts: ConsoleParts) -> AbstractContextManager[None]:
    """Around a call of the device host."""
    return refusals(parts.unknown_errors, parts.failed_errors)


@dataclass(frozen=True, slots=True)
class Search:
    """How many records are asked for, and for how long to wait for them."""

    parts: ConsoleParts
    request: Request
    limit: int
    before: int | None
    wait: float | None
    count: int

    async def find(self, wanted: Callable[[Record], bool]) -> list[Record]:
        """The newest wanted records, oldest first; waits as the query says, without polling."""
        if self.wait is not None:
            is_over = not await self._wait_for(wanted, self.wait)
            if is_over and not self.parts.closing.is_set():
                return []  # the client has left: hundreds of answers that nobody reads take seconds
        return self.parts.journal.find(self._on_this_page(wanted), limit=self.limit)

    def _on_this_page(self, wanted: Callable[[Record], bool]) -> Callable[[Record], bool]:
        if (before := self.before) is None:
            return wanted
        return lambda record: record.number < before and wanted(record)

    async def _wait_for(self, wanted: Callable[[Record], bool], seconds: float) -> bool:
        wait_for = self.parts.journal.wait_for
        wait = partial(wait_for, wanted, count=self.count, seconds=seconds)
        return await unless_over(self.parts, self.request, wait)


async def unless_over(
    parts: ConsoleParts, request: Request, do: Callable[[], Awaitable[None]]
) -> bool:
    """Do something that may take long, unless the client leaves or the gateway ends; whether."""
    is_done = False

    async def client_left() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    async with trio.open_nursery() as nursery:
        nursery.start_soon(_end_with, nursery.cancel_scope, parts.closing.wait)
        nursery.start_soon(_end_with, nursery.cancel_scope, client_left)
        await do()
        is_done = True
        nursery.cancel_scope.cancel()
    return is_done


async def _end_with(scope: trio.CancelScope, happens: Callable[[], Awaitable[None]]) -> None:
    await happens()
    scope.cancel()


async def _search_of(
    parts: Parts,
    request: Request,
    limit: Annotated[
        int, Query(ge=1, le=MAX_LIMIT, description="The newest so many, oldest of them first.")
    ] = DEFAULT_LIMIT,
    before: Annotated[
        int | None,
        Query(ge=1, description="Only records of a lower `number`: the page before a known one."),
    ] = None,
    wait: Annotated[
        float | None,
        Query(
            ge=0,
            le=MAX_WAIT_SECONDS,
            allow_inf_nan=False,
            description="Answer when `count` match, or after so many seconds with what there is.",
        ),
    ] = None,
    count: Annotated[int, Query(ge=1, description="How many matches to wait for.")] = 1,
) -> Search:
    return Search(parts, request, limit, before, wait, count)


Searching = Annotated[Search, Depends(_search_of)]
