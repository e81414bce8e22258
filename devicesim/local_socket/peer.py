"""One app that is attached to the local socket: what it was told, and what is to be said next."""

from __future__ import annotations

import dataclasses
import json
from itertools import islice
from typing import TYPE_CHECKING, Any

import trio

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.live_activities.kit import ActivityKit
    from devicesim.live_activities.views import ActivityView
    from devicesim.local_socket.duties import Duties
    from devicesim.local_socket.frames import SocketFrames
    from devicesim.state.inbox import Inbox
    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId

# Pushes sent to an app and not yet acknowledged by it.
APP_WINDOW = 16


class Peer:
    """An attached app.

    Args:
        frames: where it is.
        app: which one.
        inbox: where its pushes wait.
        activity_kit: where its Live Activities are.
        duties: what it owes for its pushes.
    """

    def __init__(
        self,
        frames: SocketFrames,
        app: App,
        inbox: Inbox,
        activity_kit: ActivityKit,
        duties: Duties,
    ) -> None:
        self.app = app
        self._frames = frames
        self._inbox = inbox
        self._activity_kit = activity_kit
        self._duties = duties
        self._activities: dict[str, ActivityView] = {}
        self._bell = trio.Event()
        self._arrival = 0
        self._unacknowledged: set[UniqueId] = set()
        self._tokens = _tokens_of(app)
        self._outbox: list[dict[str, Any]] = [{"say": "attached", **self._tokens}]
        self._is_leaving = False

    def ring(self) -> None:
        """There may be something to send."""
        self._bell.set()

    def acknowledge(self, message_ids: list[UniqueId]) -> None:
        """The app has them: there is room in its window."""
        self._unacknowledged.difference_update(message_ids)
        self.ring()

    def has_in_hand(self, message_id: UniqueId) -> bool:
        """Whether it was sent this push and has not acknowledged it."""
        return message_id in self._unacknowledged

    def say(self, frame: dict[str, Any]) -> None:
        """Answer, after what has happened until now."""
        self._outbox += [*self._changes(), frame]
        self.ring()

    def dismiss(self, last_word: str, **why: str) -> None:
        """Say this as the last, then leave."""
        self._is_leaving = True
        self._outbox.append({"say": last_word, **why})
        self.ring()

    async def write(self, scope: trio.CancelScope) -> None:
        """The only writer; ends the conversation after the last word or when the app is gone."""
        try:
            while frames := await self._next():
                await self._frames.send(*frames)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        scope.cancel()

    async def _next(self) -> list[dict[str, Any]]:
        while True:
            frames, self._outbox = self._outbox, []
            if self._is_leaving:
                return frames
            frames += self._changes()
            frames += [self._duties.hand_over(self, push) for push in self._pushes()]
            if frames:
                return frames
            self._bell = trio.Event()
            await self._bell.wait()

    def _changes(self) -> list[dict[str, Any]]:
        """What it must be told of its tokens and Live Activities."""
        frames: list[dict[str, Any]] = []
        tokens = _tokens_of(self.app)
        if tokens != self._tokens:
            self._tokens = tokens
            frames.append({"say": "tokens", **tokens})
        told = self._activities
        activities = self._activity_kit.on_screen.views(self.app)
        self._activities = {each.activity_id: each for each in activities}
        # One per frame, and as JSON: its numbers may be longer than msgpack's.
        frames += [
            {"say": "activity", "json": json.dumps(dataclasses.asdict(each), ensure_ascii=False)}
            for name, each in self._activities.items()
            if told.get(name) != each
        ]
        gone = told.keys() - self._activities.keys()
        return frames + [{"say": "activity-gone", "activity_id": name} for name in gone]

    def _pushes(self) -> list[Push]:
        room = APP_WINDOW - len(self._unacknowledged)
        waiting = list(islice(self._inbox.after(self.app.bundle_id, self._arrival), room))
        if waiting:
            self._arrival = waiting[-1][0]
        self._unacknowledged.update(push.message_id for _, push in waiting)
        return [push for _, push in waiting]


def _tokens_of(app: App) -> dict[str, dict[str, bytes]]:
    return {
        "tokens": {each.value: bytes(token) for each, token in app.tokens_by_push_type.items()},
        "push_to_start_tokens": {
            name: bytes(token) for name, token in app.push_to_start_tokens.items()
        },
    }
