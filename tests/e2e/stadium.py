"""A provider who tells a score to phones that may listen."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from tests.e2e.world import TOPIC, until
from tests.io.broadcast_desk import broadcast_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from devicesim.host.views import ReceivedView
    from tests.io.broadcast_desk import BroadcastDesk


class Stadium:
    """A provider who tells a score to phones that may listen."""

    def __init__(self, provider: BroadcastDesk) -> None:
        self.provider = provider
        self.here = provider.desk.here

    async def phone(self, name: str, *channels: str, online: bool = True) -> str:
        phone = await self.here.phone(name, online=online)
        await self.here.devices.install_app(phone, TOPIC, ["alert"])
        for channel in channels:
            await self.here.devices.subscribe(phone, TOPIC, channel)
        return phone

    async def tells(self, channel: str, score: str, **headers: Any) -> None:  # noqa: ANN401
        body = json.dumps({"aps": {"event": "update", "content-state": {"score": score}}})
        said = {"apns_expiration": None} | headers
        answer = await self.provider.publish(channel, body.encode(), **said)
        assert answer.status == 200, answer

    def heard(self, phone: str) -> list[str]:
        """The scores that a phone heard; "+" = from storage."""
        return list(map(_score, self.here.devices.notifications(phone)))

    async def hears(self, phone: str, *scores: str) -> None:
        await until(lambda: len(self.heard(phone)) >= len(scores))
        assert self.heard(phone) == list(scores)

    async def later(self, seconds: float) -> None:
        """Let time pass, and what expires expire."""
        await self.here.passes(seconds)
        self.provider.desk.forget_tokens()


def _score(view: ReceivedView) -> str:
    return ("+" if view.from_storage else "") + str(view.payload["aps"]["content-state"]["score"])


@asynccontextmanager
async def stadium(data_dir: Path, **changes: Any) -> AsyncIterator[Stadium]:  # noqa: ANN401
    async with broadcast_desk(data_dir, **changes) as provider:
        yield Stadium(provider)
