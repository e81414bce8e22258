"""A look at a virtual device of a running gateway, by its control API."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import httpx
import trio

from apnsim.apsd_log import compact_line
from apnsim.errors import CommandError
from apnsim.watch.glimpse import Glimpse
from apnsim.watch.links import link_state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from apnsim.watch.tail import Tail

RETRY_SECONDS = 1.0
# Pushes of which is remembered what the log has of them.
MAX_TOLD = 1000
# The console says something every 15 seconds.
SILENT_SECONDS = 60.0


class OtherDevice:
    """A ``Source``, and the teller of what happens to it.

    Args:
        http: of the console's URL.
        device_id: whose.
    """

    def __init__(self, http: httpx.AsyncClient, device_id: str) -> None:
        self._http = http
        self._path = f"/api/v1/devices/{quote(device_id, safe='')}"
        self._id = device_id
        self._told: dict[int, int] = {}

    async def look(self) -> Glimpse:
        """How it is now.

        Raises:
            CommandError: the gateway is gone, or has no such device.
        """
        device, screen = await self._get(""), await self._get("/screen")
        policy = device.get("assertion_policy")
        facts = [("network", device["network"]), ("power", device["power"])]
        return Glimpse(
            name=device["name"],
            device_id=device["id"],
            at=screen["now"],
            facts=facts if policy is None else [*facts, ("policy", policy)],
            links=[link_state(each) for each in device["links"]],
            apps=[(app["bundle_id"], app["state"]) for app in device["apps"]],
            screen=screen,
        )

    async def tell(self, tail: Tail) -> None:
        """Write what happens into the log, for as long as the gateway is there."""
        while True:
            try:
                async for name, data in self._events():
                    self._note(tail, name, data)
            except httpx.HTTPError as error:
                tail.add(f"no events from the gateway: {error!r}", logging.WARNING)
            await trio.sleep(RETRY_SECONDS)

    async def _get(self, what: str) -> dict[str, Any]:
        try:
            answer = await self._http.get(self._path + what)
            told: dict[str, Any] = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise CommandError(f"no answer from {self._http.base_url}: {error!r}") from None
        if answer.is_error:
            raise CommandError(f"{answer.status_code}: {told.get('detail') or told.get('title')}")
        return told

    async def _events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        timeout = httpx.Timeout(SILENT_SECONDS)
        async with self._http.stream("GET", "/api/v1/events", timeout=timeout) as answer:
            answer.raise_for_status()
            name = ""
            async for line in answer.aiter_lines():
                field, _, value = line.partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, json.loads(value)

    def _note(self, tail: Tail, name: str, data: dict[str, Any]) -> None:
        if data.get("device") != self._id:
            return
        if name == "link":
            state = "up" if data["connected"] else "down"
            tail.add(compact_line(_time(data["at"]), f"courier link {state}: {data['detail']}"))
        elif name == "push":
            for event in self._news_of(data):
                said = f"push {data['apns_id']} for {data['topic']}: {event['state']}"
                said += f": {event['detail']}" if event["detail"] else ""
                tail.add(compact_line(_time(event["at"]), said))

    def _news_of(self, push: dict[str, Any]) -> list[dict[str, Any]]:
        """A push is told as it is when it is told, so several events may say the same."""
        timeline: list[dict[str, Any]] = push["timeline"]
        known = self._told.pop(push["number"], 0)
        self._told[push["number"]] = len(timeline)
        if len(self._told) > MAX_TOLD:
            del self._told[next(iter(self._told))]
        return timeline[known:]


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()
