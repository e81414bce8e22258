"""What an app in a process of its own owes the system for what it is sent, and by when."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, Any

from devicesim.agenda import Agenda
from devicesim.pushes import push_to_map
from devicesim.runtime.calls import KILLED, NOT_LAUNCHED, must_report, note_unreported
from devicesim.runtime.handlers import name_of
from devicesim.runtime.rules import RuntimeRules
from protocol.notification import PushType

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from devicesim.app import App
    from devicesim.local_socket.peer import Peer
    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId

log = logging.getLogger(__name__)

# An engineer of Apple: callservicesd looks "a few seconds (~7s) after the push is delivered"
# (developer.apple.com/forums/thread/817976).
CALL_SECONDS = 7.0


class Duties:
    """The duties of all attached apps of one device.

    A VoIP push must be answered by a reported call before it is acknowledged, which is what
    returning from the delegate is here, and within ``CALL_SECONDS``. A background push should be
    acknowledged within the app's run time.

    Args:
        now: the wall clock, UNIX seconds.
        rules: the numbers.
    """

    __slots__ = ("_agenda", "_now", "_owed", "_rules", "_save")

    def __init__(
        self,
        now: Callable[[], float],
        rules: RuntimeRules = RuntimeRules(),  # noqa: B008 - frozen
    ) -> None:
        self._now = now
        self._rules = rules
        self._agenda = Agenda()
        self._owed: dict[UniqueId, Peer] = {}  # calls that are still to be reported
        self._save: Callable[[], Awaitable[None]] | None = None

    async def run(self, save: Callable[[], Awaitable[None]]) -> None:
        """Look after them until cancelled; ``save`` writes down what an app has broken."""
        self._save = save
        await self._agenda.run()

    def refuses(self, app: App, push: Push) -> bool:
        """Whether the system hands over no VoIP pushes to this app any more."""
        if push.push_type is not PushType.VOIP or not app.is_voip_stopped:
            return False
        log.warning("push %s for %s: %s", push.apns_id, app.bundle_id, NOT_LAUNCHED)
        return True

    def hand_over(self, peer: Peer, push: Push) -> dict[str, Any]:
        """The frame in which an app is sent a push, and what it owes from now on."""
        must = False
        if push.push_type is PushType.VOIP:
            must = must_report(peer.app, push, self._now(), self._rules)
        if must:
            self._owed[push.message_id] = peer
            self._agenda.after(CALL_SECONDS, partial(self._look_for_call, peer, push.message_id))
        elif push.push_type is PushType.BACKGROUND:
            over = partial(self._look_for_end, peer, push.message_id)
            self._agenda.after(self._rules.background_run_seconds, over)
        handler = name_of(push.push_type)
        told = push_to_map(push)
        return {"say": "push", "push": told, "handler": handler, "must_report": must}

    def reported(self, message_id: UniqueId) -> None:
        """The app has reported a call for this push."""
        self._owed.pop(message_id, None)

    def returned(self, peer: Peer, message_ids: list[UniqueId]) -> None:
        """The app has handled these pushes; PushKit looks whether it has reported its calls."""
        silent = [each for each in message_ids if self._owed.pop(each, None) is not None]
        if silent:
            self._kill(peer)

    def left(self, peer: Peer) -> None:
        """The app is gone; what it has not taken comes again."""
        self._owed = {each: owner for each, owner in self._owed.items() if owner is not peer}

    async def _look_for_call(self, peer: Peer, message_id: UniqueId) -> None:
        if self._owed.pop(message_id, None) is peer:
            self._kill(peer)

    async def _look_for_end(self, peer: Peer, message_id: UniqueId) -> None:
        if peer.has_in_hand(message_id):
            log.info("%s: its run time for a background push is over", peer.app.bundle_id)
            peer.say({"say": "time-over", "message_id": message_id})

    def _kill(self, peer: Peer) -> None:
        log.warning("%s: %s", peer.app.bundle_id, KILLED)
        note_unreported(peer.app, self._now(), self._rules)
        peer.dismiss("terminated", why=KILLED)
        if self._save is not None:
            self._agenda.after(0, self._save)
