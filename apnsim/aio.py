"""Expectations that are awaited, for tests on asyncio and Trio.

A blocking ``wait_for_notifications()`` in an async test would stop the event loop on which the code
under test is still sending.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import httpx

from apnsim.client.errors import json_of, unreachable
from apnsim.client.expectations import (
    SETTLE_SECONDS,
    WAIT_SECONDS,
    coming,
    listing,
    nearest,
    none_coming,
    settling,
)

if TYPE_CHECKING:
    from typing import Unpack

    from apnsim.client.expectations import Ask, Plan, Settled
    from apnsim.client.near_misses import NearMiss
    from apnsim.client.views import Filters, Notification

Result = TypeVar("Result")


class Awaiting:
    """As :class:`apnsim.client.expectations.Expectations`, whose words are explained there.

    Every call has a connection of its own, so nothing is tied to one event loop and nothing is to
    be closed.

    Args:
        how: the arguments of ``httpx.AsyncClient``: address, headers, timeout.
    """

    def __init__(self, how: dict[str, Any]) -> None:
        self._how = how

    async def notifications(
        self, *, wait: float | None = None, count: int | None = None, **filters: Unpack[Filters]
    ) -> list[Notification]:
        """Pushes, oldest first."""
        return await self.follow(listing(filters, wait=wait, count=count))

    async def wait_for_notifications(
        self, count: int = 1, *, seconds: float = WAIT_SECONDS, **filters: Unpack[Filters]
    ) -> list[Notification]:
        """Pushes, oldest first, once there are ``count`` of them."""
        __tracebackhide__ = True
        return await self.follow(coming(count, seconds, filters))

    async def expect_none(
        self,
        *,
        seconds: float = 0,
        settle_seconds: float = SETTLE_SECONDS,
        **filters: Unpack[Filters],
    ) -> None:
        """Return once it is known that no such push is there or on its way."""
        __tracebackhide__ = True
        await self.follow(none_coming(seconds, settle_seconds, filters))

    async def near_misses(self, **filters: Unpack[Filters]) -> list[NearMiss]:
        """What almost matches, nearest first, and why it does not."""
        return await self.follow(nearest(filters))

    async def settled(self, *, wait: float = 0, **filters: Unpack[Filters]) -> Settled:
        """Whether nothing that could match is on its way, whatever its state is."""
        return await self.follow(settling(filters, wait))

    async def follow(self, plan: Plan[Result]) -> Result:
        """Ask what a plan wants to know, until it has a result."""
        __tracebackhide__ = True
        async with httpx.AsyncClient(**self._how) as http:
            try:
                ask = next(plan)
                while True:
                    ask = plan.send(await self._answer(http, ask))
            except StopIteration as end:
                result: Result = end.value
                return result

    async def _answer(self, http: httpx.AsyncClient, ask: Ask) -> Any:  # noqa: ANN401 — JSON
        timeout = self._how["timeout"] + (ask.wait or 0)
        try:
            answer = await http.get(f"/api/v1/{ask.path}", params=ask.query, timeout=timeout)
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise unreachable(http.base_url, error) from error
        return json_of(answer)
