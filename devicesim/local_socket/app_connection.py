"""The app's end of the local socket: attach to a device daemon, receive pushes."""

from __future__ import annotations

import json
from collections import deque
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Self

import trio

from devicesim.local_socket.frames import FrameError, SocketFrames
from devicesim.pushes import push_from_map
from protocol.identifiers import DeviceToken
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from protocol.courier.messages import Push

DETACH_SECONDS = 1.0


class AppConnectionError(Exception):
    """The daemon is not there, refuses the app, or went away; says which and what to do."""


class AppConnection:
    """An attached app; made by :meth:`open`, used by one task.

    ``tokens`` and ``push_to_start_tokens`` (by attributes type) are what it has been told until
    now; so are ``activities``, its Live Activities on the screen by id, each with the fields of
    :class:`~devicesim.live_activities.views.ActivityView`. ``on_activity`` is called with each that
    is new or has changed.

    Iterate over it for its pushes, oldest first. A push counts as taken when the next one is
    asked for, or when ``open`` is left without an exception; until then it would come again.
    ``handler`` is Apple's name of what a real app's system would call with it. ``must_report``:
    a call has to be reported for it, see :meth:`report_call`; an app that does not is terminated.
    ``on_time_over`` is called when its run time for a background push is over.

    ``on_tokens`` is called when the tokens have changed while the app was attached (a restore, a
    gateway that lost its memory): the app has to tell its provider.
    """

    def __init__(self, frames: SocketFrames) -> None:
        self._frames = frames
        self._unread: deque[tuple[Push, str, bool]] = deque()
        self.handler = ""
        self.must_report = False
        self.on_time_over: Callable[[], None] = lambda: None
        self._in_hand: Push | None = None
        self._is_over = False
        self._push_types: tuple[PushType, ...] = ()
        self._answered: dict[str, str | None] = {}  # channel id → why not
        self.tokens: dict[PushType, DeviceToken] = {}
        self.push_to_start_tokens: dict[str, DeviceToken] = {}
        self.on_tokens: Callable[[], None] = lambda: None
        self.activities: dict[str, dict[str, Any]] = {}
        self.on_activity: Callable[[dict[str, Any]], None] = lambda _: None
        self._answers: deque[str] = deque()

    @classmethod
    @asynccontextmanager
    async def open(
        cls, socket_path: Path, bundle_id: str, push_types: Iterable[str] = ("alert",)
    ) -> AsyncIterator[Self]:
        """Attach; detach on the way out.

        ``tokens`` is then known unless the device is offline; see :meth:`wait_for_tokens`.

        Raises:
            AppConnectionError: nobody listens there, or the app is refused.
        """
        try:
            stream = await trio.open_unix_socket(socket_path)
        except OSError as error:
            raise AppConnectionError(
                f"{socket_path}: no device daemon answers ({error.strerror or error});"
                " start one with: apnsim device"
            ) from None
        async with stream:
            app = cls(SocketFrames(stream))
            await app._attach(bundle_id, push_types)
            yield app
            await app._detach()

    async def wait_for_tokens(self) -> dict[PushType, DeviceToken]:
        """Wait until there is a token for every push type, as after coming online.

        Raises:
            AppConnectionError: the daemon went away.
        """
        while any(each not in self.tokens for each in self._push_types):
            await self._hear()
        return self.tokens

    async def subscribe(self, channel_id: str) -> None:
        """Listen to a broadcast channel of the app, for good: also when it attaches again.

        Raises:
            AppConnectionError: there is no such channel, or the daemon went away.
        """
        await self._change_channel("subscribe", channel_id)

    async def unsubscribe(self, channel_id: str) -> None:
        """Listen to it no more; no effect if the app does not.

        Raises:
            AppConnectionError: the daemon went away.
        """
        await self._change_channel("unsubscribe", channel_id)

    async def _change_channel(self, verb: str, channel_id: str) -> None:
        await self._say({"say": verb, "channel_id": channel_id})
        while channel_id not in self._answered:
            await self._hear()
        why = self._answered.pop(channel_id)
        if why is not None:
            raise AppConnectionError(f"the device refused the channel: {why}")

    async def push_to_start_token(self, attributes_type: str) -> DeviceToken:
        """Ask for the token that starts Live Activities of a type, and wait for it.

        Raises:
            AppConnectionError: the daemon refuses the type, or went away.
        """
        await self._change({"say": "register-type", "attributes_type": attributes_type})
        while attributes_type not in self.push_to_start_tokens:
            await self._hear()
        return self.push_to_start_tokens[attributes_type]

    async def start_activity(
        self, attributes_type: str, attributes: dict[str, Any], content_state: dict[str, Any]
    ) -> str:
        """Start a Live Activity; the daemon tells its token as soon as there is one.

        Returns:
            Its id, by which ``activities`` has it.

        Raises:
            AppConnectionError: the daemon refuses it, or went away.
        """
        wish = {"attributes": attributes, "content_state": content_state}
        return await self._change(
            {"say": "start-activity", "attributes_type": attributes_type, **wish}
        )

    async def end_activity(self, activity_id: str) -> None:
        """End a Live Activity and take it off the screen.

        Raises:
            AppConnectionError: there is none of this id, or the daemon went away.
        """
        await self._change({"say": "end-activity", "activity_id": activity_id})

    async def _change(self, wish: dict[str, Any]) -> str:
        """Wait for the answer; the id of the activity that it is about."""
        await self._say(wish)
        while not self._answers:
            await self._hear()
        return self._answers.popleft()

    async def report_call(self) -> None:
        """Report a call for the VoIP push in hand: ``CXProvider.reportNewIncomingCall``.

        Raises:
            AppConnectionError: the daemon went away.
        """
        if self._in_hand is not None:
            await self._say({"say": "report-call", "message_id": self._in_hand.message_id})

    async def uninstall(self) -> None:
        """Remove the app from the device; its tokens are unregistered. Nothing follows.

        Raises:
            AppConnectionError: the daemon went away.
        """
        await self._say({"say": "uninstall"})
        while not self._is_over:
            await self._hear()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Push:
        """The next push.

        Raises:
            AppConnectionError: the daemon went away.
        """
        await self._acknowledge()
        while not self._unread:
            if self._is_over:
                raise StopAsyncIteration
            await self._hear()
        push, self.handler, self.must_report = self._unread.popleft()
        self._in_hand = push
        return push

    async def _attach(self, bundle_id: str, push_types: Iterable[str]) -> None:
        names = [str(each) for each in push_types]
        await self._say({"say": "attach", "bundle_id": bundle_id, "push_types": names})
        await self._hear()  # attached or refused, before anything else
        self._push_types = tuple(PushType(each) for each in names)

    async def _detach(self) -> None:
        if self._is_over:
            return
        await self._acknowledge()
        await self._say({"say": "detach"})
        with trio.move_on_after(DETACH_SECONDS):
            while not self._is_over:
                await self._hear()

    async def _acknowledge(self) -> None:
        taken, self._in_hand = self._in_hand, None
        if taken is not None and not self._is_over:
            await self._say({"say": "ack", "message_ids": [taken.message_id]})

    async def _say(self, frame: dict[str, Any]) -> None:
        try:
            await self._frames.send(frame)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            while not self._is_over:  # why it closed may still be in the socket
                await self._hear()

    async def _hear(self) -> None:
        try:
            frame = await self._frames.receive()
            if frame is not None:
                self._take(frame)
                return
        except (FrameError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise AppConnectionError(f"the device daemon sent nonsense: {error}") from None
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            pass
        self._is_over = True
        raise AppConnectionError("the device daemon is gone; what arrives waits until it is back")

    def _take(self, frame: dict[str, Any]) -> None:
        said = frame["say"]
        if said == "push":
            # An older daemon says neither of the latter.
            handler, must = frame.get("handler", ""), bool(frame.get("must_report"))
            self._unread.append((push_from_map(frame["push"]), handler, must))
        elif said in ("attached", "tokens"):
            self._take_tokens(frame)
        elif said == "channel":
            self._answered[frame["channel_id"]] = frame["why"]
        elif said == "time-over":
            self.on_time_over()
        elif said in ("refused", "terminated"):
            self._is_over = said == "terminated"
            raise AppConnectionError(f"the device {said} the app: {frame['why']}")
        elif said in ("detached", "uninstalled"):
            self._is_over = True
        else:
            self._take_activity(said, frame)

    def _take_tokens(self, frame: dict[str, Any]) -> None:
        before = self.tokens, self.push_to_start_tokens
        self.tokens = {PushType(n): DeviceToken(each) for n, each in frame["tokens"].items()}
        to_start = frame["push_to_start_tokens"]
        self.push_to_start_tokens = {n: DeviceToken(each) for n, each in to_start.items()}
        if before != (self.tokens, self.push_to_start_tokens):
            self.on_tokens()

    def _take_activity(self, said: str, frame: dict[str, Any]) -> None:
        if said == "activity":
            activity = json.loads(frame["json"])
            self.activities[activity["activity_id"]] = activity
            self.on_activity(activity)
        elif said == "activity-gone":
            del self.activities[frame["activity_id"]]
        elif said == "activities-changed":
            self._answers.append(frame["activity_id"])
        elif said == "activities-refused":
            raise AppConnectionError(f"the device refused: {frame['why']}")
