"""One push: whose is it, does the app have it, may the gateway forget it?"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Protocol

from protocol.courier.messages import AckStatus, PushAck

if TYPE_CHECKING:
    from devicesim.app import App
    from devicesim.state.device_state import DeviceState
    from protocol.courier.messages import Push

log = logging.getLogger(__name__)

# Pushes that are neither acknowledged nor in the full inbox, per link. A gateway's window is
# smaller; one that sends more than this unacknowledged loses the link.
MAX_HELD = 4096


class TooManyHeldError(Exception):
    """The gateway goes on sending although nothing is acknowledged."""


class AppDelivery(Protocol):
    """The last step: where the apps of a device are."""

    def deliver(self, app: App, push: Push) -> bool:
        """Hand a push over at once; False to let it wait in the inbox. Must not block."""
        ...

    def wake(self, app: App) -> None:
        """Something durable waits for this app in the inbox, or its tokens changed."""
        ...


class Dispatch:
    """The pushes of one link: what was held is acknowledged where it came from.

    Args:
        state: its memory.
        delivery: where its apps are.
    """

    __slots__ = ("_delivery", "_held", "_held_count", "_state", "_woken")

    def __init__(self, state: DeviceState, delivery: AppDelivery) -> None:
        self._state = state
        self._delivery = delivery
        self._held: dict[str, deque[Push]] = {}
        self._held_count = 0
        self._woken: dict[str, App] = {}

    def take(self, push: Push) -> PushAck | None:
        """Take a push; the answer may be sent after the next commit. None: not yet.

        Raises:
            TooManyHeldError: more than ``MAX_HELD`` are waiting for room.
        """
        app, is_known = self._look_up(push)
        if is_known:
            log.debug("push %s came again: acknowledged again, not delivered", push.apns_id)
            return PushAck(push.message_id)
        if app is None:
            whose = push.token if push.channel is None else push.channel
            log.info("push %s for unknown %r (%s)", push.apns_id, whose, push.topic)
            return PushAck(push.message_id, AckStatus.UNKNOWN_TOKEN)
        if app.bundle_id in self._held or not self._state.inbox.has_room(app.bundle_id):
            self._hold(app, push)
            return None
        return self._hand_over(app, push)

    def _look_up(self, push: Push) -> tuple[App | None, bool]:
        """Whose push it is, and whether it came before.

        A broadcast is known by its place in its channel: to an app that listens anew, it is new.
        """
        apps = self._state.apps
        if push.channel is None:
            app = None if push.token is None else apps.of_token(push.token)
            return app, self._state.has_acknowledged(push.message_id)
        channel_id, place = push.channel
        app = apps.of_channel(push.topic, channel_id)
        return app, app is not None and place <= app.channels[channel_id]

    def release(self) -> list[PushAck]:
        """An app took something or is gone: let in what was held for want of room."""
        return [answer for bundle_id in tuple(self._held) for answer in self._release(bundle_id)]

    def _release(self, bundle_id: str) -> list[PushAck]:
        held, app = self._held[bundle_id], self._state.apps.get(bundle_id)
        answers = []
        while held:
            push = held[0]
            if app is None:
                answer = PushAck(push.message_id, AckStatus.UNKNOWN_TOKEN)
            elif self._look_up(push)[1]:  # it came over another link meanwhile
                answer = PushAck(push.message_id)
            elif self._state.inbox.has_room(bundle_id):
                answer = self._hand_over(app, push)
            else:
                break
            held.popleft()
            self._held_count -= 1
            answers.append(answer)
        if not held:
            del self._held[bundle_id]
        return answers

    def committed(self) -> None:
        """What was taken is durable: tell the apps that wait."""
        if self._woken:
            woken, self._woken = self._woken, {}
            for app in woken.values():
                self._delivery.wake(app)

    def link_ended(self) -> None:
        """What is held comes again on the next link."""
        self._held.clear()
        self._held_count = 0

    def _hand_over(self, app: App, push: Push) -> PushAck:
        if self._delivery.deliver(app, push):
            self._state.acknowledge(push.message_id)
        else:
            self._state.keep(app.bundle_id, push)
            self._woken[app.bundle_id] = app
        if push.channel is not None and push.channel.channel_id in app.channels:
            self._state.reached(app, push.channel)
        return PushAck(push.message_id)

    def _hold(self, app: App, push: Push) -> None:
        if self._held_count >= MAX_HELD:
            raise TooManyHeldError(f"{MAX_HELD} pushes wait for {app.bundle_id}")
        if app.bundle_id not in self._held:
            log.warning(
                "%s takes no pushes: its inbox is full, no more acknowledged", app.bundle_id
            )
        self._held.setdefault(app.bundle_id, deque()).append(push)
        self._held_count += 1
