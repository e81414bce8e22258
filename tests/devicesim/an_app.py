"""One app on one hosted device, and what pushes do to it."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import trio

from devicesim.runtime.rules import RuntimeRules
from protocol.identifiers import DeviceToken
from protocol.notification import PushType
from tests.devicesim.scripted_gateway import push_to
from tests.devicesim.town import Town, deliver

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from trio.testing import MockClock

    from devicesim.host.views import AppView, ReceivedView
    from protocol.courier.messages import Push

NEWS = "com.example.news"
WAKE_UP = {"content-available": 1}


class AnApp:
    """An app that receives every type of push, on a device that is online."""

    def __init__(self, town: Town, device: str) -> None:
        self.town = town
        self.device = device

    async def hears(
        self, push_type: PushType, aps: dict[str, Any] | None = None, *, late: float = 0.0
    ) -> Push:
        """Push to it; returns once the device has acknowledged."""
        token = DeviceToken.parse(self.view.tokens[push_type])
        topic = push_type.topic_of(NEWS)
        payload = json.dumps({"aps": {} if aps is None else aps}).encode()
        push = push_to(token, topic, payload, push_type=push_type, sent_at=self.town.time - late)
        await deliver(self.town, "iPhone 1", push)
        return push

    async def becomes(self, state: str) -> None:
        await self.town.host.patch_app(self.device, NEWS, state=state)

    @property
    def view(self) -> AppView:
        app, *_others = self.town.host.get_device(self.device).apps
        return app

    @property
    def received(self) -> list[ReceivedView]:
        return list(self.town.host.notifications(self.device))

    @property
    def last(self) -> ReceivedView:
        return self.received[-1]

    @property
    def lived(self) -> list[str]:
        """What its code has lived through, without the details."""
        return [event.what for event in self.town.host.app_events(self.device, NEWS)]


@asynccontextmanager
async def an_app(
    clock: MockClock,
    directory: Path | None = None,
    **rules: Any,  # noqa: ANN401
) -> AsyncIterator[AnApp]:
    """A device with this app; ``rules`` are those of :class:`RuntimeRules`."""
    assert trio.current_time() == clock.current_time(), "nobody waits for real"
    async with Town(directory).running() as town:
        town.host.limit_apps(RuntimeRules(**rules))
        device = await town.host.create_device()
        await town.host.install_app(device.id, NEWS, list(PushType))
        yield AnApp(town, device.id)
