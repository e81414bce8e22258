"""What fault rules do to the pushes of one session."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

import worldtime
from gateway.faults.book import RuleBook
from gateway.faults.courier import DelayDelivery, Disconnect, DropAck, Duplicate, Storm
from gateway.faults.match import Occasion
from protocol.broadcast import bundle_of
from protocol.payload import parse_payload

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.courier.link import Link
    from gateway.courier.terms import Caller, Services
    from gateway.faults.book import Hit
    from gateway.routing.sessions import SessionTable
    from protocol.courier.messages import Push
    from protocol.identifiers import UniqueId

_QUEUED = 1000
"""Deliveries that may be on their way to be delayed at once; more go at once."""


class Later:
    """Does things after a while, in one nursery; :meth:`run` must run."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[tuple[float, "Callable[[], None]"]](
            _QUEUED
        )

    def do(self, seconds: float, act: Callable[[], None]) -> None:
        """Do this in so many seconds; at once when too much waits already."""
        try:
            self._send.send_nowait((worldtime.current_time() + seconds, act))
        except trio.WouldBlock:
            act()

    async def run(self) -> None:
        """Until cancelled; what is due then is not done any more."""
        async with trio.open_nursery() as nursery:
            async for due, act in self._receive:
                nursery.start_soon(_do_at, due, act)


async def _do_at(due: float, act: Callable[[], None]) -> None:
    await worldtime.sleep_until(due)
    act()


@dataclass(frozen=True, slots=True)
class CourierFaults:
    """The fault rules, as the courier front asks them, and who does what they delay."""

    book: RuleBook = field(default_factory=RuleBook)
    later: Later = field(default_factory=Later)


class DeliveryFaults:
    """Sends the pushes and broadcasts of one session as the rules say.

    Args:
        caller: whose session it is.
        link: where it is heard.
        services: of the gateway.
    """

    __slots__ = ("_caller", "_link", "_services", "_unheard")

    def __init__(self, caller: Caller, link: Link, services: Services) -> None:
        self._caller = caller
        self._link = link
        self._services = services
        self._unheard: frozenset[UniqueId] = frozenset()

    def send(self, push: Push) -> None:
        """Send it; when there are rules, maybe not, or later, or twice."""
        if self._services.faults.book.deliveries:
            self._interfere(push)
        else:
            self._link.send(push)

    def _interfere(self, push: Push) -> None:
        copies, seconds, is_sent, why = 1, 0.0, True, ""
        book = self._services.faults.book
        for hit in book.meet(book.deliveries, self._occasion(push)):
            self._services.journal.struck(push.message_id, str(hit))
            match hit.act:
                case DropAck():
                    self._unheard |= {push.message_id}
                case Duplicate(copies=copies):
                    pass
                case DelayDelivery():
                    seconds += hit.act.seconds
                case Disconnect(sent=is_sent):
                    why = str(hit)
                case _:
                    pass
        if seconds:
            self._services.faults.later.do(seconds, lambda: self._say(push, copies, is_sent, why))
        else:
            self._say(push, copies, is_sent, why)

    def _say(self, push: Push, copies: int, is_sent: bool, why: str) -> None:
        for _ in range(copies if is_sent else 0):
            self._link.send(push)
        if not why or self._link.reason:
            return
        session = self._services.sessions.session_of(self._caller.device)
        if session is not None:
            session.leave(why)

    def _environment_of(self, push: Push) -> str | None:
        """That of its token, or of the link, whose channels are of no other."""
        if push.channel is not None:
            return self._caller.environment.value
        registration = push.token and self._services.directory.registration_of(push.token)
        return registration.environment.value if registration else None

    def drops(self, message_id: UniqueId) -> bool:
        """Whether acknowledgements of this push are not heard on this link."""
        return message_id in self._unheard

    def _occasion(self, push: Push) -> Occasion:
        return Occasion(
            {
                "token": None if push.token is None else push.token.hex(),
                "topic": push.topic if push.channel is None else bundle_of(push.topic),
                "channel": None if push.channel is None else push.channel.channel_id,
                "push_type": push.push_type.value,
                "priority": int(push.priority),
                "environment": lambda: self._environment_of(push),
                "device": self._caller.device,
                "payload": lambda: parse_payload(push.payload),
            }
        )


def strike_devices(sessions: SessionTable, hit: Hit) -> None:
    """A storm: the links of all its devices end at once."""
    for session in sessions:
        if isinstance(hit.act, Storm) and hit.act.strikes(session.device):
            session.leave(str(hit))
