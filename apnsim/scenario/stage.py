"""The stage: the world, who knows which token, what has happened and what has been judged."""

from __future__ import annotations

import itertools
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from apnsim.scenario.cast import device_id
from apnsim.scenario.record import Arrival, Sent
from devicesim.pushes import is_from_storage
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from apnsim.scenario.cast import Cast
    from apnsim.scenario.log import Log
    from apnsim.scenario.record import Record
    from apnsim.scenario.world import World
    from devicesim.host.views import AppView, ReceivedView
    from devicesim.screen.views import NotificationView, ScreenView
    from protocol.courier.messages import Push

# Which process of a phone takes a push of this type to its app; the rest is SpringBoard's.
HANDLERS = {
    PushType.VOIP: "callservicesd",
    PushType.BACKGROUND: "dasd",
    PushType.LIVE_ACTIVITY: "liveactivitiesd",
    PushType.LOCATION: "locationd",
    PushType.FILE_PROVIDER: "fileproviderd",
    PushType.PUSH_TO_TALK: "callservicesd",
    PushType.WIDGETS: "chronod",
    PushType.CONTROLS: "chronod",
}


@dataclass(frozen=True, slots=True)
class Target:
    """A token that a backend has: of which device and app, and the token, hexadecimal."""

    device: str
    app: str
    token: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a backend's table: who is signed in where, and on which phone."""

    user: str
    organisation: str
    target: Target


@dataclass(slots=True)
class Verdict:
    """An expectation and what became of it.

    Of unmet ones only: ``happened`` instead, and ``near``, the lives of the pushes that are meant,
    each line by line.
    """

    step: int
    line: int
    at: float
    claim: str
    happened: str = ""
    near: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def is_met(self) -> bool:
        """Whether it came as expected."""
        return not self.happened


class Stage:
    """Where the steps of a scenario play.

    Args:
        cast: who appears.
        world: gateway, phones, provider; running.
        log: told what happens.
        record: of the pushes.
    """

    def __init__(self, cast: Cast, world: World, log: Log, record: Record) -> None:
        self.cast, self.world, self.log, self.record = cast, world, log, record
        self.verdicts: list[Verdict] = []
        self.tokens: dict[tuple[str, str, str], str] = {}  # (device, app, push type) → token
        self.rows: list[Row] = []
        self.screens: dict[str, ScreenView] = {}
        self.began = trio.current_time()
        self._numbers = itertools.count(1)
        world.devices.watch(self._arrived)

    @property
    def epoch(self) -> float:
        """The wall time of the start, UNIX seconds."""
        return self.world.clock.now() - self.elapsed

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return trio.current_time() - self.began

    def learn_tokens(self, device: str, app: AppView) -> None:
        """The app has been opened: it sends its tokens to its backend, as apps do at each launch.

        Apple: "Never cache device tokens in your app's local storage. Instead, get them from the
        system when you need them."
        """
        for push_type, token in app.tokens.items():
            self.tokens[device, app.bundle_id, push_type] = token

    def token(self, device: str, app: str, push_type: str) -> str:
        """The token that the app's backend has for pushes of this type.

        Raises:
            LookupError: it has none.
        """
        token = self.tokens.get((device, app, push_type))
        if token is None:
            raise LookupError(
                f"the backend of {app} has no token for {push_type} pushes to {device}: give the"
                f" app the type {push_type}, or launch it after it got its token"
            )
        return token

    def clean(self, target: Target) -> None:
        """The token is dead: its rows go, whoever's they are."""
        kept = [row for row in self.rows if row.target != target]
        if len(kept) < len(self.rows):
            gone = len(self.rows) - len(kept)
            self.log.say("provider", f"deletes the rows of the dead token: {gone}")
            self.rows[:] = kept

    def received(self, sent: Sent) -> ReceivedView | None:
        """The push as its phone got it, if it did."""
        received = self.world.devices.notifications(device_id(sent.device))
        ids = (each for each in received if each.apns_id.lower() == sent.apns_id)
        return next(ids, None)

    async def look(self) -> None:
        """Look at every phone: ``screens`` is what a person sees now, by its name."""
        for name in self.cast.devices:
            self.screens[name] = await self.world.devices.screens.look(device_id(name))

    async def shown(self, device: str, push: str) -> NotificationView:
        """The notification of the push of this name.

        Raises:
            LookupError: it is not on the screen.
        """
        await self.look()
        screen = self.screens[device]
        ids = {sent.apns_id for sent in self.record.named([push])}
        for group in (*screen.lock_screen, *screen.notification_center):
            for shown in group.notifications:
                if shown.apns_id.lower() in ids:
                    return shown
        raise LookupError(f'"{push}" is not on the screen of {device}')

    def lock_screen(self, device: str) -> list[str]:
        """The alerts on its lock screen, from top to bottom, as their main texts."""
        return [
            shown.title or shown.body
            for group in self.screens[device].lock_screen
            for shown in group.notifications
        ]

    def app_view(self, device: str, bundle_id: str) -> AppView:
        """The app as it is now.

        Raises:
            LookupError: it is not installed.
        """
        for app in self.world.devices.get_device(device_id(device)).apps:
            if app.bundle_id == bundle_id:
                return app
        raise LookupError(f"{bundle_id} is not installed on {device}")

    def new_push(self, group: str, name: str, target: Target) -> Sent:
        """A push that is about to leave; it has an id of its own."""
        apns_id = str(uuid.UUID(int=next(self._numbers), version=4))
        sent = Sent(group, name, target.app, target.device, apns_id, self.elapsed)
        self.record.add(sent)
        return sent

    async def push(
        self, sent: Sent, target: Target, headers: Mapping[str, str], payload: bytes
    ) -> None:
        """Push to one token, as the app's backend does; the answer is on the record."""
        environment = self.world.devices.get_device(device_id(target.device)).environment
        sent.answer = await self.world.provider.push(
            environment, target.token, {"apns-id": sent.apns_id, **headers}, payload
        )
        if sent.answer.reason:
            self.log.say("provider", f'hears {sent.answer} for "{sent.name}"')

    def _arrived(self, device: str, push: Push, presentation: str, detail: str) -> None:
        sent = self.record.of_id(str(push.apns_id))
        if sent is not None:
            sent.arrivals.append(
                Arrival(self.elapsed, device, presentation, detail, is_from_storage(push))
            )
        process = HANDLERS.get(push.push_type, "SpringBoard")
        words = f"{presentation}: {detail}" if detail else str(presentation)
        line = self.record.with_names(f"{push.topic}: {push.apns_id} {words}")
        self.log.say(process, line, device)
